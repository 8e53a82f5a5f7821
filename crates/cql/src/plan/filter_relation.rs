//! A relation that fetched rows are filtered by.

use super::{Choices, Source};
use crate::statement::Operator;
use henge_model::{Analysis, Column};

/// One relation of a SELECT that fetched rows are filtered by.
#[derive(Clone, Debug)]
pub(crate) struct FilterRelation {
    /// The column's position in the projection.
    pub(crate) place: usize,
    pub(crate) column: Column,
    /// The further columns of a relation between tuples, with their positions in the projection.
    pub(crate) rest: Vec<(usize, Column)>,
    /// The key, where an entry of a map is compared.
    pub(crate) key: Option<Source>,
    pub(crate) operator: Operator,
    pub(crate) choices: Choices,
    /// The folding that the index applies to texts before they are compared.
    pub(crate) analysis: Analysis,
    /// True of clustering columns that are a range of keys together: their values have the faults of keys.
    pub(crate) is_of_range: bool,
}
