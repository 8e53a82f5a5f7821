//! Aggregate functions of a SELECT.

use super::Selector;
use henge_model::DataType;

/// The aggregate functions.
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
    /// The aggregated expression; `None` for `count(*)`.
    pub(crate) argument: Option<Selector>,
    /// The argument's type. It is also the type of the result, except for COUNT.
    pub(crate) data_type: DataType,
}
