//! The WHERE clause, split into partitions or a token range, a prefix of clustering columns, at most one slice, and a
//! filter.

use super::{Choices, ProbePlan, Source};
use crate::error::Position;
use crate::statement::Operator;
use henge_model::{Column, ColumnKind, Table};

/// A resolved WHERE clause.
#[derive(Clone, Debug)]
pub(crate) struct Where {
    pub(crate) partition: Partition,
    /// The range that the tokens of named partitions must lie in.
    pub(crate) tokens: Option<Box<TokenBounds>>,
    /// `=` and `IN` of the leading clustering columns.
    pub(crate) clustering: Vec<Choices>,
    pub(crate) slice: Slice,
    /// Relations that only the fetched rows can answer.
    pub(crate) filter: Vec<Restriction>,
    /// The index that yields candidate rows for the filter.
    pub(crate) probe: Option<ProbePlan>,
    /// True if the statement is one of an index, whether or not a lookup helps it.
    pub(crate) uses_index: bool,
    /// The position of the error of a filter without permission, if nothing else is wrong.
    pub(crate) filters: Option<Position>,
}

/// The partitions that are read or written.
#[derive(Clone, Debug)]
pub(crate) enum Partition {
    /// Partition keys: one group of choices for each component.
    Keys(Vec<Choices>),
    /// A range of tokens; without bounds, all.
    Tokens(Box<TokenBounds>),
}

/// The bounds of a token range.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokenBounds {
    pub(crate) lower: Option<TokenBound>,
    pub(crate) upper: Option<TokenBound>,
}

/// One bound of a token range.
#[derive(Clone, Debug)]
pub(crate) struct TokenBound {
    pub(crate) source: Source,
    pub(crate) inclusive: bool,
}

/// Bounds on the clustering columns that follow the prefix.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slice {
    pub(crate) lower: Option<SliceBound>,
    pub(crate) upper: Option<SliceBound>,
    /// True if the sliced columns are stored in descending order.
    pub(crate) descending: bool,
    /// The whole of bounds that extend to columns of another order. `lower` and `upper` have their leading columns only.
    pub(crate) mixed: Vec<MixedBound>,
}

/// A bound on columns of which some are stored in ascending and some in descending order.
#[derive(Clone, Debug)]
pub(crate) struct MixedBound {
    pub(crate) bound: SliceBound,
    pub(crate) is_lower: bool,
}

/// One bound: values for the leading ones of the sliced columns.
#[derive(Clone, Debug)]
pub(crate) struct SliceBound {
    pub(crate) values: Vec<Source>,
    pub(crate) inclusive: bool,
}

impl Slice {
    pub(crate) fn is_empty(&self) -> bool {
        self.lower.is_none() && self.upper.is_none()
    }
}

impl Where {
    /// True if every key column has a value or an IN.
    pub(crate) fn has_full_key(&self, table: &Table) -> bool {
        let width: usize = self.clustering.iter().map(Choices::width).sum();
        matches!(self.partition, Partition::Keys(_)) && width == table.clustering.len() && self.slice.is_empty()
    }
}

/// One relation on one column, or on several at once.
#[derive(Clone, Debug)]
pub(crate) struct Restriction {
    pub(crate) columns: Vec<Column>,
    /// The key, where an entry of a map is restricted.
    pub(crate) key: Option<Source>,
    pub(crate) operator: Operator,
    pub(crate) choices: Choices,
    pub(crate) position: Position,
}

impl Restriction {
    /// True for `=` and `IN`.
    pub(crate) fn is_choice(&self) -> bool {
        matches!(self.operator, Operator::Equal | Operator::In)
    }

    /// True for columns of the primary key.
    pub(crate) fn is_of_key(&self) -> bool {
        self.columns.iter().any(|c| matches!(c.kind, ColumnKind::PartitionKey | ColumnKind::Clustering))
    }

    /// True for `IN` on a column of the partition key.
    pub(crate) fn is_partition_in(&self) -> bool {
        let of_key = self.columns.iter().any(|column| column.kind == ColumnKind::PartitionKey);
        of_key && self.is_choice() && self.choices.single().is_none()
    }

    /// True for `<`, `<=`, `>` and `>=`.
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
