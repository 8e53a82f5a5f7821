//! A SELECT.

use super::{AggregatePlan, FilterRelation, Partition, Restriction, Selector, Sorting, Source, Where};
use henge_base::Bytes;
use henge_model::{Column, ColumnKind, Columns, DataType, Projection, Table};
use std::cmp::Ordering;
use std::sync::Arc;

/// A SELECT, resolved except for its bound values.
#[derive(Clone, Debug)]
pub struct SelectPlan {
    pub(crate) table: Arc<Table>,
    pub(crate) projection: Projection,
    pub(crate) columns: Columns,
    pub(crate) selectors: Vec<Selector>,
    pub(crate) aggregates: Vec<AggregatePlan>,
    /// The `GROUP BY` values; empty without it.
    pub(crate) groups: Vec<Grouping>,
    pub(crate) is_identity: bool,
    pub(crate) is_distinct: bool,
    pub(crate) restrictions: Where,
    pub(crate) filter: Vec<FilterRelation>,
    pub(crate) limit: Option<Source>,
    /// `PER PARTITION LIMIT`; 1 for `DISTINCT`.
    pub(crate) per_partition: Option<Source>,
    pub(crate) reversed: bool,
    /// The sort order of rows of several partitions. Its values are the last of the selectors.
    pub(crate) sorting: Sorting,
    /// Names of the masked columns that WHERE restricts.
    pub(crate) restricted_masked: Vec<String>,
    /// True if it reads one row whose key depends only on text and bound values, and returns the fetched values
    /// unchanged.
    pub(crate) single_row: bool,
    /// True if the statement says ALLOW FILTERING, needed or not.
    pub(crate) allows_filtering: bool,
    pub(crate) markers: usize,
}

impl SelectPlan {
    /// The table.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The values to fetch of every row.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// The columns that replicas send: all of them, since any may be the one that keeps a row alive.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// True if the fetched values are the result's columns, so that rows can go straight to their sink.
    pub fn is_identity(&self) -> bool {
        self.is_identity
    }

    /// Marks the result's columns as computed: they differ from the fetched ones.
    pub(crate) fn computes_all(&mut self) {
        (self.is_identity, self.single_row) = (false, false);
    }

    /// True if all rows are aggregated into one, without GROUP BY.
    pub fn is_aggregate(&self) -> bool {
        !self.aggregates.is_empty() && !self.is_grouped()
    }

    /// True if there is a GROUP BY.
    pub fn is_grouped(&self) -> bool {
        !self.groups.is_empty()
    }

    /// True if no clustering column is restricted: a partition with nothing but a static row then yields one row of the
    /// result.
    pub fn reads_whole_partitions(&self) -> bool {
        let Where { clustering, slice, filter, .. } = &self.restrictions;
        let on_clustering = |c: &Column| c.kind == ColumnKind::Clustering;
        clustering.is_empty() && slice.is_empty() && !filter.iter().any(|r| r.columns.iter().any(on_clustering))
    }

    /// True if the bound values may determine the one row that is read; see [`SelectPlan::single_row_key`].
    pub fn may_read_one_row(&self) -> bool {
        self.single_row
    }

    /// True for DISTINCT: each partition yields one row.
    pub fn is_distinct(&self) -> bool {
        self.is_distinct
    }

    /// True if partitions are read by key, false if by token range.
    pub fn reads_by_key(&self) -> bool {
        matches!(self.restrictions.partition, Partition::Keys(_))
    }

    /// True if WHERE restricts the partition key or its token.
    pub(crate) fn restricts_partition(&self) -> bool {
        let of_key = |c: &Column| c.kind == ColumnKind::PartitionKey;
        match &self.restrictions.partition {
            Partition::Keys(_) => true,
            Partition::Tokens(bounds) if bounds.lower.is_some() || bounds.upper.is_some() => true,
            Partition::Tokens(_) => self.restrictions.filter.iter().any(|r| r.columns.iter().any(of_key)),
        }
    }

    /// True if a column of the partition key may have several values, by IN.
    pub(crate) fn has_partition_in(&self) -> bool {
        match &self.restrictions.partition {
            Partition::Keys(groups) => groups.iter().any(|group| group.single().is_none()),
            Partition::Tokens(bounds) if bounds.lower.is_some() || bounds.upper.is_some() => false,
            Partition::Tokens(_) => self.restrictions.filter.iter().any(Restriction::is_partition_in),
        }
    }

    /// True if fetched rows must pass a filter.
    pub fn has_filter(&self) -> bool {
        !self.filter.is_empty()
    }
}

/// One value of `GROUP BY`, equal in all rows of a group.
#[derive(Clone, Debug)]
pub(crate) struct Grouping {
    pub(crate) selector: Selector,
    pub(crate) data_type: DataType,
}

impl SelectPlan {
    /// True if the rows must be sorted once all have been fetched, by [`SelectPlan::compare`].
    pub fn is_sorted(&self) -> bool {
        !self.sorting.columns.is_empty()
    }

    /// The number of leading values of a row that belong to the result; those behind them are sort values.
    pub fn result_width(&self) -> usize {
        self.selectors.len() - self.sorting.columns.len()
    }

    /// Compares two rows that have the values of all selectors.
    pub fn compare(&self, a: &[Option<Bytes>], b: &[Option<Bytes>]) -> Ordering {
        let (a, b) = (a.get(self.result_width()..), b.get(self.result_width()..));
        self.sorting.compare(a.unwrap_or_default(), b.unwrap_or_default())
    }
}
