//! The access path of a SELECT: a key range or partitions by name, with an index or without, with a filter or without.
//! It decides which statements need ALLOW FILTERING, and which clauses an index excludes, as in Cassandra.

use crate::plan::Restriction;
use crate::prepare::restrict::probe;
use crate::prepare::restrict::relation::Restrictions;
use crate::statement::Operator;
use henge_model::{ColumnKind, Table};

/// The access path of a SELECT.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    /// True if an index can answer one of the restrictions.
    pub(crate) has_index: bool,
    /// True if an index is used.
    pub(crate) uses_index: bool,
    /// True if the partition key is restricted, but does not name partitions.
    pub(crate) filters_partitions: bool,
    /// True if rows have to be filtered by what no index answers.
    pub(crate) needs_filtering: bool,
}

impl Access {
    pub(crate) fn of(found: &Restrictions, table: &Table) -> Access {
        let of_kind = |kind| -> Vec<&Restriction> {
            found.columns.iter().filter(|r| r.columns.iter().any(|c| c.kind == kind)).collect()
        };
        let (on_partition, on_clustering) = (of_kind(ColumnKind::PartitionKey), of_kind(ColumnKind::Clustering));
        let others: Vec<&Restriction> = found.columns.iter().filter(|r| !r.is_of_key()).collect();
        let is_indexed = |r: &&Restriction| probe::supporting(table, r).is_some();
        let has_index = found.columns.iter().any(|r| is_indexed(&r));

        let filters_partitions = !on_partition.is_empty() && !names_partitions(&on_partition, table);
        let is_range = filters_partitions || on_partition.is_empty();
        let is_plain_range = filters_partitions || on_partition.is_empty() && found.tokens.is_empty();
        let mut uses_index = has_index && is_plain_range;

        let mut filter: Vec<&Restriction> = Vec::new();
        if filters_partitions {
            filter.extend(on_partition);
        }
        let has_gap = filters_clustering(&on_clustering, table);
        uses_index |= has_index && (has_gap || is_range && on_clustering.iter().any(is_indexed));
        if uses_index || has_gap {
            filter.extend(&on_clustering);
        }
        uses_index |= has_index && !others.is_empty();
        filter.extend(others);

        let is_unanswered = !probe::suffice(table, &filter) || filter.is_empty() && !on_clustering.is_empty();
        let needs_filtering = (is_range || uses_index) && is_unanswered;
        Access { has_index, uses_index, filters_partitions, needs_filtering }
    }
}

/// True if every column of the partition key has `=` or `IN`, and no other relation.
fn names_partitions(on_partition: &[&Restriction], table: &Table) -> bool {
    let is_named = |c| on_partition.iter().any(|r| r.is_choice() && r.columns.contains(c));
    table.partition_key.iter().all(is_named) && on_partition.iter().all(|r| r.is_choice())
}

/// True if restrictions of clustering columns are no range of keys: one contains a value, or follows a column without
/// `=` or `IN`.
fn filters_clustering(on_clustering: &[&Restriction], table: &Table) -> bool {
    let place = |r: &Restriction| table.clustering.iter().position(|c| r.columns.first() == Some(c));
    let mut sorted = on_clustering.to_vec();
    sorted.sort_by_key(|r| place(r));
    let mut next = 0;
    for restriction in sorted {
        let is_part = matches!(restriction.operator, Operator::Contains | Operator::ContainsKey);
        if is_part || place(restriction) != Some(next) {
            return true;
        }
        if !restriction.is_slice() {
            next += restriction.columns.len();
        }
    }
    false
}
