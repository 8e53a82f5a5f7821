//! WHERE, sorted out: partitions or a run of tokens, a prefix of clustering columns, at most one slice, and a filter for the rest.

use super::{Choices, ProbePlan, Source};
use crate::error::Position;
use crate::statement::Operator;
use henge_model::{Column, ColumnKind, Table};

/// WHERE, sorted out.
#[derive(Clone, Debug)]
pub(crate) struct Where {
    pub(crate) partition: Partition,
    /// `=` and `IN` of the leading clustering columns.
    pub(crate) clustering: Vec<Choices>,
    pub(crate) slice: Slice,
    /// What only the rows themselves can tell.
    pub(crate) filter: Vec<Restriction>,
    /// The index that names rows which may pass the filter.
    pub(crate) probe: Option<ProbePlan>,
}

/// Which partitions.
#[derive(Clone, Debug)]
pub(crate) enum Partition {
    /// One choice for each component.
    Keys(Vec<Choices>),
    /// Those of a run of tokens; without bounds, all.
    Tokens(Box<TokenBounds>),
}

/// The ends of a run of tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokenBounds {
    pub(crate) lower: Option<TokenBound>,
    pub(crate) upper: Option<TokenBound>,
}

/// An end of a run of tokens.
#[derive(Clone, Debug)]
pub(crate) struct TokenBound {
    pub(crate) source: Source,
    pub(crate) inclusive: bool,
}

/// Bounds on the clustering columns behind the prefix.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slice {
    pub(crate) lower: Option<Bound>,
    pub(crate) upper: Option<Bound>,
    /// Whether the sliced columns are stored from high to low.
    pub(crate) descending: bool,
}

/// One bound: values of the sliced columns, as many as it names.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) values: Vec<Source>,
    pub(crate) inclusive: bool,
}

impl Slice {
    pub(crate) fn is_empty(&self) -> bool {
        self.lower.is_none() && self.upper.is_none()
    }
}

impl Where {
    /// Whether it names one row by a value for every key column, or several such rows by IN.
    pub(crate) fn has_full_key(&self, table: &Table) -> bool {
        let width: usize = self.clustering.iter().map(Choices::width).sum();
        matches!(self.partition, Partition::Keys(_)) && width == table.clustering.len() && self.slice.is_empty()
    }
}

/// One relation on one column, or on several at once.
#[derive(Clone, Debug)]
pub(crate) struct Restriction {
    pub(crate) columns: Vec<Column>,
    /// The key of a map's entry, if that is restricted.
    pub(crate) key: Option<Source>,
    pub(crate) operator: Operator,
    pub(crate) choices: Choices,
    pub(crate) position: Position,
}

impl Restriction {
    /// `=` or `IN`.
    pub(crate) fn is_choice(&self) -> bool {
        matches!(self.operator, Operator::Equal | Operator::In)
    }

    /// `IN` of a column of the partition key.
    pub(crate) fn is_partition_in(&self) -> bool {
        let of_key = self.columns.iter().any(|column| column.kind == ColumnKind::PartitionKey);
        of_key && self.is_choice() && self.choices.single().is_none()
    }

    /// A comparison by order.
    pub(crate) fn is_slice(&self) -> bool {
        is_slice(self.operator)
    }

    pub(crate) fn is_lower(&self) -> bool {
        matches!(self.operator, Operator::Greater | Operator::GreaterOrEqual)
    }

    pub(crate) fn is_inclusive(&self) -> bool {
        matches!(self.operator, Operator::LessOrEqual | Operator::GreaterOrEqual)
    }
}

pub(crate) fn is_slice(operator: Operator) -> bool {
    use Operator::{Greater, GreaterOrEqual, Less, LessOrEqual};
    matches!(operator, Less | LessOrEqual | Greater | GreaterOrEqual)
}
