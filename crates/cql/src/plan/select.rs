//! A SELECT.

use super::{AggregatePlan, FilterRelation, Partition, Restriction, Selector, Sorting, Source, Where};
use henge_model::{Column, ColumnKind, Columns, DataType, Projection, Table};
use std::sync::Arc;

/// How to answer a SELECT, but for its bound values.
#[derive(Clone, Debug)]
pub struct SelectPlan {
    pub(crate) table: Arc<Table>,
    pub(crate) projection: Projection,
    pub(crate) columns: Columns,
    pub(crate) selectors: Vec<Selector>,
    pub(crate) aggregates: Vec<AggregatePlan>,
    /// What rows of one group have in common; empty without `GROUP BY`.
    pub(crate) groups: Vec<Grouping>,
    pub(crate) is_identity: bool,
    pub(crate) is_distinct: bool,
    pub(crate) restrictions: Where,
    pub(crate) filter: Vec<FilterRelation>,
    pub(crate) limit: Option<Source>,
    /// `PER PARTITION LIMIT`; one of `DISTINCT`.
    pub(crate) per_partition: Option<Source>,
    pub(crate) reversed: bool,
    /// What rows of several partitions are sorted by: the last of the selectors.
    pub(crate) sorting: Sorting,
    /// The masked columns that it restricts.
    pub(crate) restricted_masked: Vec<String>,
    /// Whether it reads one row whose key hangs on text and bound values alone, and hands it out as it is.
    pub(crate) single_row: bool,
    /// Whether it says ALLOW FILTERING, needed or not.
    pub(crate) allows_filtering: bool,
    pub(crate) markers: usize,
}

impl SelectPlan {
    /// The table.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// What every row must yield.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// What replicas must send: all columns, since any of them may be the one that keeps a row alive.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Whether the fetched values are the answer's columns, so that rows can go straight to their sink.
    pub fn is_identity(&self) -> bool {
        self.is_identity
    }

    /// Its columns are no longer those that are fetched.
    pub(crate) fn computes_all(&mut self) {
        (self.is_identity, self.single_row) = (false, false);
    }

    /// Whether all rows come to one.
    pub fn is_aggregate(&self) -> bool {
        !self.aggregates.is_empty() && !self.is_grouped()
    }

    /// Whether the rows of each group come to one.
    pub fn is_grouped(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Whether no clustering column is restricted: a partition that has nothing but a static row is then a row of the answer.
    pub fn reads_whole_partitions(&self) -> bool {
        let Where { clustering, slice, filter, .. } = &self.restrictions;
        let on_clustering = |c: &Column| c.kind == ColumnKind::Clustering;
        clustering.is_empty() && slice.is_empty() && !filter.iter().any(|r| r.columns.iter().any(on_clustering))
    }

    /// Whether the values alone tell its one row; see [`SelectPlan::single_row_key`].
    pub fn may_read_one_row(&self) -> bool {
        self.single_row
    }

    /// Whether one row stands for each partition.
    pub fn is_distinct(&self) -> bool {
        self.is_distinct
    }

    /// True if the partitions are named by their keys: no run of tokens is read.
    pub fn reads_by_key(&self) -> bool {
        matches!(self.restrictions.partition, Partition::Keys(_))
    }

    /// Whether anything is said of which partitions.
    pub(crate) fn restricts_partition(&self) -> bool {
        let of_key = |c: &Column| c.kind == ColumnKind::PartitionKey;
        match &self.restrictions.partition {
            Partition::Keys(_) => true,
            Partition::Tokens(bounds) if bounds.lower.is_some() || bounds.upper.is_some() => true,
            Partition::Tokens(_) => self.restrictions.filter.iter().any(|r| r.columns.iter().any(of_key)),
        }
    }

    /// Whether a column of the partition key may have several values, by IN.
    pub(crate) fn has_partition_in(&self) -> bool {
        match &self.restrictions.partition {
            Partition::Keys(groups) => groups.iter().any(|group| group.single().is_none()),
            Partition::Tokens(_) => self.restrictions.filter.iter().any(Restriction::is_partition_in),
        }
    }

    /// Whether rows must pass a filter.
    pub fn has_filter(&self) -> bool {
        !self.filter.is_empty()
    }
}

/// One of the values that rows of a group have in common.
#[derive(Clone, Debug)]
pub(crate) struct Grouping {
    pub(crate) selector: Selector,
    pub(crate) data_type: DataType,
}
