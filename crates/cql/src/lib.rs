//! CQL: text to statement to plan against a schema. Pure: it reads no clock, draws no chance and executes nothing.
//!
//! Modules import downwards only, in this order:
//!
//! - `prepare`: a statement against a schema: bind and result columns, and a plan. `describe`: CREATE statements and names, as DESCRIBE answers them.
//! - `bind`: a plan with its values: keys to read with a filter, or keys with encoded rows to write; and what computes
//!   an answer's columns from fetched ones.
//! - `plan`: statements resolved against a schema, as data.
//! - `functions`: the native functions. `context`: the values, the clock and the chance of one execution.
//! - `guardrails`: what an operator forbids or warns of.
//! - `json`: JSON to values. `literal`, `tuple_text`, `text_form`, `calendar`, `collection`: values from text and from their parts.
//! - `lexer`, `parser`: text to tokens to the `statement` tree; nothing is looked up. `print`: `Display` of that tree.
//! - `system_keyspaces`, `table_property`: names with a meaning. `error`: faults of a statement with their position. `limits`: bounds.

mod bind;
mod calendar;
mod collection;
mod context;
mod describe;
mod error;
#[cfg(test)]
mod fixture;
mod functions;
pub mod guardrails;
#[cfg(test)]
mod hostile;
mod json;
mod lexer;
mod limits;
mod literal;
#[cfg(test)]
mod manual;
mod parser;
mod plan;
mod prepare;
mod print;
pub mod statement;
mod system_keyspaces;
mod table_property;
mod text_form;
mod tuple_text;

pub use bind::{BoundModify, BoundSelect, Conditional, ConditionalPart, Filter, Output, PartitionRead, Present, Reads};
pub use context::{BindContext, BoundValue};
pub use describe::{ClusterFacts, create_keyspace_text, create_table_text, describe, identifier};
pub use error::{Error, ErrorKind, Position};
pub use guardrails::{Guard, Guardrails, Warnings};
pub use parser::parse;
pub use plan::{
    AddedColumn, BatchPlan, BindColumn, ColumnDraft, ColumnSpec, DescribeTarget, ModifyPlan, PermissionPlan, Plan,
    Prepared, ReplicationDraft, ResultColumn, SchemaChange, SelectPlan, TableChange, TableDraft, check_kind,
};
pub use prepare::prepare;
pub use statement::{BatchKind, Statement};
pub use system_keyspaces::is_virtual;
