//! ORDER BY: rows of one partition come in order or against it; those of several have to be put in order.

use super::relation::Restrictions;
use super::restriction::{Partition, Where};
use super::scope::column;
use super::select::SelectPlan;
use super::selector::projected;
use crate::bind::Choices;
use crate::error::Error;
use crate::statement::{Operator, OrderBy};
use henge_base::Bytes;
use henge_model::{Column, ColumnKind, Order, Projected, Table};
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
    pub(super) fn of(ordering: Vec<&Column>, restrictions: &Where, reversed: bool) -> Sorting {
        let of_several = |groups: &[Choices]| groups.iter().any(|choices| choices.single().is_none());
        match &restrictions.partition {
            Partition::Keys(groups) if of_several(groups) => {
                Sorting { columns: ordering.into_iter().cloned().collect(), reversed }
            }
            _ => Sorting::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// What has to be fetched to sort by.
    pub(super) fn projected(&self, table: &Table) -> Vec<Projected> {
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

/// Clustering columns with one value, which ORDER BY may leave out.
pub(super) fn equal_columns(found: &Restrictions) -> Vec<Column> {
    let equal = found.columns.iter().filter(|r| r.operator == Operator::Equal);
    equal.flat_map(|r| r.columns.iter().cloned()).collect()
}

/// Whether rows come against their stored order, and the columns that ORDER BY names.
pub(super) fn order<'t>(
    order_by: &[OrderBy],
    table: &'t Table,
    restrictions: &Where,
    fixed: &[Column],
) -> Result<(bool, Vec<&'t Column>), Error> {
    let Some(first) = order_by.first() else {
        return Ok((false, Vec::new()));
    };
    let position = first.column.position;
    let refuse = |message: &str| Err(Error::invalid(message).at(position));
    if restrictions.probe.is_some() {
        return refuse("ORDER BY with 2ndary indexes is not supported, except for ANN queries.");
    }
    if !matches!(restrictions.partition, Partition::Keys(_)) {
        return refuse("ORDER BY is only supported when the partition key is restricted by an EQ or an IN.");
    }
    let mut named = Vec::with_capacity(order_by.len());
    let mut clustering = table.clustering.iter();
    let mut reversed = None;
    for item in once_each(order_by) {
        if item.nearest_to.is_some() {
            return Err(Error::unsupported("ORDER BY ... ANN OF is", item.column.position));
        }
        let wanted = column(table, &item.column)?;
        if wanted.kind != ColumnKind::Clustering {
            let message = "Order by is currently only supported on the clustered columns of the PRIMARY KEY, got ";
            return refuse(&format!("{message}{}", wanted.name));
        }
        let next = clustering.by_ref().find(|c| c.id == wanted.id || !fixed.contains(c));
        if next.is_none_or(|c| c.id != wanted.id) {
            return refuse(
                "Order by currently only supports the ordering of columns following their declared order in the PRIMARY KEY",
            );
        }
        let against = item.descending != (wanted.order == Order::Descending);
        if *reversed.get_or_insert(against) != against {
            return refuse("Unsupported order by relation");
        }
        named.push(wanted);
    }
    Ok((reversed.unwrap_or(false), named))
}

/// Each column once, where it is named first, in the direction that it is given last.
fn once_each(order_by: &[OrderBy]) -> Vec<&OrderBy> {
    let mut once: Vec<&OrderBy> = Vec::with_capacity(order_by.len());
    for item in order_by {
        match once.iter_mut().find(|earlier| earlier.column.text == item.column.text) {
            Some(earlier) => *earlier = item,
            None => once.push(item),
        }
    }
    once
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
