//! What an index is asked.

use super::{Choices, Source};
use crate::statement::Operator;
use henge_model::{Column, Index};

/// An index to ask, and what every row of the answer satisfies of it.
#[derive(Clone, Debug)]
pub(crate) struct ProbePlan {
    pub(crate) index: Index,
    pub(crate) conditions: Vec<ProbeCondition>,
}

/// One relation that an index knows the rows of.
#[derive(Clone, Debug)]
pub(crate) struct ProbeCondition {
    pub(crate) column: Column,
    pub(crate) key: Option<Source>,
    pub(crate) operator: Operator,
    pub(crate) choices: Choices,
}
