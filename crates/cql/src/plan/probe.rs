//! Index lookups.

use super::{Choices, Source};
use crate::statement::Operator;
use henge_model::{Column, Index};

/// An index lookup: the index, and conditions that every row of the result meets.
#[derive(Clone, Debug)]
pub(crate) struct ProbePlan {
    pub(crate) index: Index,
    pub(crate) conditions: Vec<ProbeCondition>,
}

/// One relation that the index answers.
#[derive(Clone, Debug)]
pub(crate) struct ProbeCondition {
    pub(crate) column: Column,
    pub(crate) key: Option<Source>,
    pub(crate) operator: Operator,
    pub(crate) choices: Choices,
}
