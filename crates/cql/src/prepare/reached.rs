//! Which rows a write is of: what its WHERE comes to.

use super::compact;
use super::modify::Reach;
use super::relation::{Restrictions, restrictions};
use super::restriction::{Partition, Where, sort};
use super::term::Terms;
use crate::bind::Choices;
use crate::error::{Error, Position};
use crate::statement::Relation;
use henge_model::{Column, ColumnKind, Table};

/// Partitions and rows of a write to columns: rows by their full key, or the static row where nothing else is written.
pub(super) fn reached(
    restrictions: Where,
    table: &Table,
    of_statics: bool,
    statement: &str,
    position: Position,
) -> Result<(Vec<Choices>, Vec<Choices>, Reach), Error> {
    if !of_statics {
        let (partition, clustering) = require_full_key(restrictions, table, position)?;
        return Ok((partition, clustering, Reach::Rows));
    }
    let on_clustering = !restrictions.clustering.is_empty() || !restrictions.slice.is_empty();
    match restrictions.partition {
        Partition::Keys(partition) if !on_clustering && restrictions.filter.is_empty() => {
            Ok((partition, Vec::new(), Reach::Statics))
        }
        Partition::Keys(_) => {
            let message = format!(
                "Invalid restrictions on clustering columns since the {statement} statement modifies only static columns"
            );
            Err(Error::invalid(message).at(position))
        }
        Partition::Tokens(_) => require_full_key(restrictions, table, position).map(|(p, c)| (p, c, Reach::Statics)),
    }
}

/// WHERE of a write, which may only restrict key columns.
pub(super) fn restricted(relations: &[Relation], table: &Table, terms: &mut Terms<'_>) -> Result<Where, Error> {
    let found: Restrictions = restrictions(relations, terms)?;
    if let Some(token) = found.tokens.first() {
        let message = "The token function cannot be used in WHERE clauses for UPDATE and DELETE statements";
        return Err(Error::invalid(message).at(token.position));
    }
    for restriction in &found.columns {
        for column in &restriction.columns {
            if !matches!(column.kind, ColumnKind::PartitionKey | ColumnKind::Clustering) {
                let message = format!("Non PRIMARY KEY columns found in where clause: {}", column.name);
                return Err(Error::invalid(message).at(restriction.position));
            }
        }
    }
    // What would be a filter of a SELECT is found missing from the key below.
    sort(found, table, true)
}

/// Choices for every key column.
fn require_full_key(
    restrictions: Where,
    table: &Table,
    position: Position,
) -> Result<(Vec<Choices>, Vec<Choices>), Error> {
    let full = restrictions.has_full_key(table);
    let filter = restrictions.filter;
    let Partition::Keys(partition) = restrictions.partition else {
        let restricted = |c: &&Column| filter.iter().any(|r| r.is_choice() && r.columns.contains(c));
        let missing: Vec<&str> =
            table.partition_key.iter().filter(|c| !restricted(c)).map(|c| c.name.as_str()).collect();
        let message = format!("Some partition key parts are missing: {}", missing.join(", "));
        return Err(Error::invalid(message).at(position));
    };
    if let Some(first) = filter.first().filter(|r| r.is_choice() && !full) {
        let name = &first.columns[0].name;
        let message =
            format!("PRIMARY KEY column \"{name}\" cannot be restricted as a preceding column is not restricted");
        return Err(Error::invalid(message).at(first.position));
    }
    if !restrictions.slice.is_empty() || !filter.is_empty() {
        let message = "Slice restrictions are not supported on the clustering columns in this statement";
        return Err(Error::invalid(message).at(position));
    }
    let given: usize = restrictions.clustering.iter().map(Choices::width).sum();
    let wanted = compact::wanted_clustering(table, given);
    if given < wanted.len() {
        let missing: Vec<&str> = wanted.iter().skip(given).map(|c| c.name.as_str()).collect();
        return Err(Error::invalid(format!("Some clustering keys are missing: {}", missing.join(", "))).at(position));
    }
    Ok((partition, restrictions.clustering))
}
