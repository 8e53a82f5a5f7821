//! The sort order of rows of several partitions.

use super::{Choices, Partition, Where, projection_of};
use henge_base::Bytes;
use henge_model::{Column, Order, ProjectedColumn, Table};
use std::cmp::Ordering;

/// The columns to sort by; empty if rows arrive in order. Their values follow those of the result in each row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sorting {
    pub(crate) columns: Vec<Column>,
    /// True if the order is opposite to the stored one, in which null comes first.
    reversed: bool,
}

impl Sorting {
    /// The order for `ordering`; empty for a single partition, whose rows arrive in order.
    pub(crate) fn of(ordering: Vec<&Column>, restrictions: &Where, reversed: bool) -> Sorting {
        let of_several = |groups: &[Choices]| groups.iter().any(|choices| choices.single().is_none());
        match &restrictions.partition {
            Partition::Keys(groups) if of_several(groups) => {
                Sorting { columns: ordering.into_iter().cloned().collect(), reversed }
            }
            _ => Sorting::default(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The values to fetch for sorting.
    pub(crate) fn projections(&self, table: &Table) -> Vec<ProjectedColumn> {
        self.columns.iter().map(|column| projection_of(column, table)).collect()
    }

    /// Compares two rows by their sort values alone.
    pub(crate) fn compare(&self, a: &[Option<Bytes>], b: &[Option<Bytes>]) -> Ordering {
        for (column, (a, b)) in self.columns.iter().zip(a.iter().zip(b)) {
            let stored = match (a, b) {
                (Some(a), Some(b)) if column.order == Order::Descending => column.data_type.compare(b, a),
                (Some(a), Some(b)) => column.data_type.compare(a, b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            };
            if stored.is_ne() {
                return if self.reversed { stored.reverse() } else { stored };
            }
        }
        Ordering::Equal
    }
}
