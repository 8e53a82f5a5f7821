//! The order of rows of several partitions.

use super::{Choices, Partition, SelectPlan, Where, projected};
use henge_base::Bytes;
use henge_model::{Column, Order, Projected, Table};
use std::cmp::Ordering;

/// What rows are sorted by: nothing, where they come in order already. Their values stand behind those of the answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sorting {
    columns: Vec<Column>,
    /// Against the stored order, in which null comes first.
    reversed: bool,
}

impl Sorting {
    /// One partition has its rows in order.
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

    /// What has to be fetched to sort by.
    pub(crate) fn projected(&self, table: &Table) -> Vec<Projected> {
        self.columns.iter().map(|column| projected(column, table)).collect()
    }

    /// Compares the values that rows are sorted by.
    fn compare(&self, a: &[Option<Bytes>], b: &[Option<Bytes>]) -> Ordering {
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

impl SelectPlan {
    /// Whether rows have to be sorted once all are there, by [`SelectPlan::compare`].
    pub fn is_sorted(&self) -> bool {
        !self.sorting.columns.is_empty()
    }

    /// How many of a row's values are the answer's; the others are what rows are sorted by.
    pub fn shown(&self) -> usize {
        self.selectors.len() - self.sorting.columns.len()
    }

    /// The order of two rows of all selectors.
    pub fn compare(&self, a: &[Option<Bytes>], b: &[Option<Bytes>]) -> Ordering {
        let (a, b) = (a.get(self.shown()..), b.get(self.shown()..));
        self.sorting.compare(a.unwrap_or_default(), b.unwrap_or_default())
    }
}
