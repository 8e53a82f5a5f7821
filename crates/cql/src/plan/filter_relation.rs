//! A relation that rows are filtered by.

use super::{Choices, Source};
use crate::statement::Operator;
use henge_model::{Analysis, Column};

/// A relation of a prepared SELECT that filters.
#[derive(Clone, Debug)]
pub(crate) struct FilterRelation {
    /// Where the column stands in the projection.
    pub(crate) place: usize,
    pub(crate) column: Column,
    /// Further columns, of a relation between tuples.
    pub(crate) rest: Vec<(usize, Column)>,
    /// The key of a map's entry, where that is what is compared.
    pub(crate) key: Option<Source>,
    pub(crate) operator: Operator,
    pub(crate) choices: Choices,
    /// How texts are compared.
    pub(crate) analysis: Analysis,
}
