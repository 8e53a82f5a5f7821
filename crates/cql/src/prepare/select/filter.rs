//! The filter of a SELECT, in the order in which faults of its values are told.

use crate::plan::{FilterRelation, Partition, Restriction, Where, projection_of};
use crate::prepare::restrict::probe;
use crate::prepare::select::column_expression::FetchedValues;
use henge_model::{ColumnId, ColumnKind, Table};

/// The relations that fetched rows are filtered by. Columns of the partition key come first, then clustering columns and
/// all others, and last those clustering columns that would be a range of keys.
pub(crate) fn filter_relations(
    restrictions: &Where,
    table: &Table,
    fetched: &mut FetchedValues,
) -> Vec<FilterRelation> {
    let of_range = range_columns(restrictions, table);
    let mut one = |r: &Restriction| {
        let mut places = r.columns.iter().map(|column| (fetched.once(projection_of(column, table)), column.clone()));
        let (place, column) = places.next()?;
        let rest = places.collect();
        let (key, choices, analysis) = (r.key.clone(), r.choices.clone(), probe::analysis(table, r));
        let is_of_range = of_range.contains(&column.id) && (r.is_choice() || r.is_slice());
        Some(FilterRelation { place, column, rest, key, operator: r.operator, choices, analysis, is_of_range })
    };
    let mut relations: Vec<FilterRelation> = restrictions.filter.iter().filter_map(&mut one).collect();
    relations.sort_by_key(|relation| match relation.column.kind {
        _ if relation.is_of_range => 3,
        ColumnKind::PartitionKey => 0,
        ColumnKind::Clustering => 1,
        ColumnKind::Static | ColumnKind::Regular => 2,
    });
    relations
}

/// The clustering columns that are a range of keys together: the leading ones with `=` or `IN`, and the one after them.
/// None if partitions are named: the keys have those already.
fn range_columns(restrictions: &Where, table: &Table) -> Vec<ColumnId> {
    if matches!(restrictions.partition, Partition::Keys(_)) {
        return restrictions.slice.mixed.iter().flat_map(|_| &table.clustering).map(|column| column.id).collect();
    }
    let has_choice = |id: ColumnId| {
        restrictions.filter.iter().any(|r| r.is_choice() && r.columns.iter().any(|column| column.id == id))
    };
    let leading = table.clustering.iter().take_while(|column| has_choice(column.id)).count();
    table.clustering.iter().take(leading + 1).map(|column| column.id).collect()
}
