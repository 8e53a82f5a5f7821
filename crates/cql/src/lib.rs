//! CQL: text to statement to plan against a schema. Pure: it reads no clock, draws no chance and executes nothing.
//!
//! - `lexer`, `parser`: text to tokens to the `statement` tree; nothing is looked up.
//! - `prepare`: a statement against a schema: bind and result columns, and a plan.
//! - `bind`: a plan with its values: keys to read with a filter, or keys with encoded rows to write; and what computes
//!   an answer's columns from fetched ones.
//! - `guardrails`: what an operator forbids or warns of.
//! - `functions`: the native functions. `json`: JSON to values. `literal`, `tuple_text`, `calendar`, `collection`: values from text and from their parts.
//! - `print`: `Display` of the statement tree. `describe`: CREATE statements and names, as DESCRIBE answers them.
//! - `error`: what can be wrong with a statement, and where. `limits`: how large things may get.

mod bind;
mod calendar;
mod collection;
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
mod prepare;
mod print;
pub mod statement;
mod tuple_text;

pub use bind::{
    BindContext, BoundModify, BoundSelect, BoundValue, Conditional, ConditionalPart, Filter, Output, PartitionRead,
    Present, Reads,
};
pub use describe::{ClusterFacts, create_keyspace_text, create_table_text, describe, identifier};
pub use error::{Error, ErrorKind, Position};
pub use guardrails::{Guard, Guardrails, Warnings};
pub use parser::parse;
pub use prepare::{
    AddedColumn, BatchPlan, BindColumn, ColumnDraft, ColumnSpec, DescribeTarget, ModifyPlan, PermissionPlan, Plan,
    Prepared, ReplicationDraft, ResultColumn, SchemaChange, SelectPlan, TableChange, TableDraft, check_kind,
    is_virtual, prepare,
};
pub use statement::{BatchKind, Statement};
