//! CQL: parsing, resolution against a schema, and binding of values. The crate reads no clock, draws no random numbers
//! and executes nothing.
//!
//! Modules import downwards only, in this order:
//!
//! - `prepare`: resolution of a statement: its plan, bind markers and result columns. `describe`: the output of DESCRIBE.
//! - `explain`: plans in words.
//! - `bind`: a plan with its bound values: keys to read and a filter, or keys and encoded rows to write; also the
//!   computation of result columns from fetched ones.
//! - `plan`: statements resolved against a schema, as data.
//! - `functions`: the native functions. `context`: the values, clock and random seed of one execution.
//! - `guardrails`: restrictions and warnings that an operator adds.
//! - `json`: values from JSON. `literal`, `tuple_text`, `text_form`, `calendar`, `collection`: values from text and from
//!   their parts.
//! - `redacted`: a statement's text without its values.
//! - `lexer`, `parser`: from text to tokens to the `statement` tree and back, without any lookup. `keyword`: reserved words.
//! - `system_keyspaces`, `table_property`: reserved names. `error`: errors with their position in the text.
//!   `limits`: bounds.

mod bind;
mod calendar;
mod collection;
mod context;
mod describe;
mod error;
mod explain;
#[cfg(test)]
mod fixture;
mod functions;
pub mod guardrails;
#[cfg(test)]
mod hostile;
mod json;
mod keyword;
mod lexer;
mod limits;
#[cfg(test)]
mod linear_tests;
mod literal;
#[cfg(test)]
mod manual;
mod parser;
mod plan;
mod prepare;
mod redacted;
#[cfg(test)]
mod rooms;
pub mod statement;
mod system_keyspaces;
mod table_property;
mod text_form;
mod tuple_text;

pub use bind::{
    BoundModify, BoundSelect, Conditional, ConditionalPart, Filter, Output, PartitionRead, Reads, RowValues,
};
pub use context::{BindContext, BoundValue};
pub use describe::{ClusterFacts, create_keyspace_text, create_table_text, describe, identifier};
pub use error::{Error, ErrorKind, Position};
pub use explain::{ExplainLine, Explanation};
pub use guardrails::{Guard, Guardrails, Warnings};
pub use parser::parse;
pub use plan::{
    BatchPlan, BindColumn, ColumnSpec, DescribeTarget, ExplainPlan, ModifyPlan, PermissionPlan, Plan, PlannedStatement,
    ReplicationDraft, ResultColumn, SchemaChange, SelectPlan, check_kind,
};
pub use prepare::prepare;
pub use redacted::redact;
pub use statement::{BatchKind, Statement};
pub use system_keyspaces::{is_kept_everywhere, is_virtual};
