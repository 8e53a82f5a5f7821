//! Functions over many rows.

use super::Selector;
use henge_model::DataType;

/// The functions over many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregate {
    Count,
    Min,
    Max,
    Sum,
    Average,
}

/// One aggregate of a statement.
#[derive(Clone, Debug)]
pub(crate) struct AggregatePlan {
    pub(crate) aggregate: Aggregate,
    /// What it is of; none of `count(*)`.
    pub(crate) argument: Option<Selector>,
    /// The type of the argument, and but for COUNT that of the answer.
    pub(crate) data_type: DataType,
}
