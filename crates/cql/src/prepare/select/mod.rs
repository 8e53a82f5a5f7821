//! SELECT: projection, expressions, grouping and sorting.

pub(super) mod aggregate;
pub(super) mod call;
pub(super) mod cell_times;
pub(super) mod column_expression;
pub(super) mod composite;
pub(super) mod filter;
pub(super) mod group;
pub(super) mod masked;
pub(super) mod named_columns;
pub(super) mod operation;
pub(super) mod parts;
pub(super) mod resolve;
pub(super) mod sorting;
pub(super) mod statement;
