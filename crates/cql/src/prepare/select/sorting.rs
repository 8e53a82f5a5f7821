//! ORDER BY. Rows of one partition are read in stored or reverse order; those of several partitions are sorted.

use crate::error::Error;
use crate::plan::{Partition, Where};
use crate::prepare::restrict::relation::Restrictions;
use crate::prepare::scope::column;
use crate::statement::{Operator, OrderBy};
use henge_model::{Column, ColumnKind, Order, Table};

/// The columns with `=`, which ORDER BY may leave out.
pub(crate) fn equal_columns(found: &Restrictions) -> Vec<Column> {
    let equal = found.columns.iter().filter(|r| r.operator == Operator::Equal);
    equal.flat_map(|r| r.columns.iter().cloned()).collect()
}

/// Refuses names that are no columns.
pub(crate) fn check_names(order_by: &[OrderBy], table: &Table) -> Result<(), Error> {
    order_by.iter().try_for_each(|item| column(table, &item.column).map(|_| ()))
}

/// True if rows are read against their stored order, and the columns that ORDER BY names.
pub(crate) fn order<'t>(
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
    if restrictions.uses_index {
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
            return Err(Error::not_supported("ORDER BY ... ANN OF is", item.column.position));
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

/// Each column once: in the place of its first mention, with the direction of its last.
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
