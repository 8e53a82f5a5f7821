//! The rows that a write reaches, resolved from its WHERE.

use crate::error::{Error, Position};
use crate::plan::Choices;
use crate::plan::Reach;
use crate::plan::Restriction;
use crate::plan::{Partition, Where};
use crate::prepare::restrict::relation::{Restrictions, restrictions};
use crate::prepare::restrict::restriction::{classify_write, gap, gap_message};
use crate::prepare::restrict::slice_order::Clause;
use crate::prepare::term::terms::Terms;
use crate::prepare::write::compact;
use crate::statement::{Relation, Subject};
use henge_model::{Column, ColumnKind, Table};

/// Partitions and rows of a write to columns: rows by their full key, or the static row if only static columns are
/// written.
pub(crate) fn write_target(
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
        Partition::Keys(_) => Err(only_statics(statement).at(position)),
        Partition::Tokens(_) => require_full_key(restrictions, table, position).map(|(p, c)| (p, c, Reach::Statics)),
    }
}

/// The error for clustering columns in the WHERE of a write to static columns.
fn only_statics(statement: &str) -> Error {
    Error::invalid(format!(
        "Invalid restrictions on clustering columns since the {statement} statement modifies only static columns"
    ))
}

/// Resolves the WHERE of a write, which may restrict key columns only. `statement` is UPDATE or DELETE; `of_statics` is
/// true if it writes static columns alone.
pub(crate) fn write_restrictions(
    relations: &[Relation],
    table: &Table,
    statement: &str,
    of_statics: bool,
    terms: &mut Terms<'_>,
) -> Result<Where, Error> {
    if let Some(index) = relations.iter().find(|r| matches!(r.subject, Subject::Index(_))) {
        let message = "Custom index expressions cannot be used in WHERE clauses for UPDATE or DELETE statements";
        return Err(Error::invalid(message).at(index.position));
    }
    let found: Restrictions = restrictions(relations, Clause::Write(statement), terms)?;
    if let Some(token) = found.tokens.first() {
        let message = format!("The token function cannot be used in WHERE clauses for {statement} statements");
        return Err(Error::invalid(message).at(token.position));
    }
    let on_clustering: Vec<Restriction> = of_kind(&found, ColumnKind::Clustering).cloned().collect();
    check_partition(&found, table, statement)?;
    if let (Some(first), true) = (on_clustering.first(), of_statics) {
        return Err(only_statics(statement).at(first.position));
    }
    if let Some(slice) = on_clustering.iter().find(|r| r.is_slice() && statement == "UPDATE") {
        let message = "Slice restrictions are not supported on the clustering columns in UPDATE statements";
        return Err(Error::invalid(message).at(slice.position));
    }
    let gap = gap(&on_clustering, table).filter(|_| statement == "DELETE" || table.has_short_rows());
    if let Some(gap) = gap {
        return Err(Error::invalid(gap_message(&gap)).at(on_clustering[0].position));
    }
    check_others(&found)?;
    // Filters are allowed here: columns missing from the key are refused below.
    classify_write(found, table)
}

fn of_kind(found: &Restrictions, kind: ColumnKind) -> impl Iterator<Item = &Restriction> {
    found.columns.iter().filter(move |r| r.columns.iter().any(|c| c.kind == kind))
}

/// Refuses a write that does not restrict the whole partition key by `=` or `IN`.
fn check_partition(found: &Restrictions, table: &Table, statement: &str) -> Result<(), Error> {
    let is_restricted = |c: &&Column| found.columns.iter().any(|r| r.columns.contains(c));
    let missing: Vec<&str> =
        table.partition_key.iter().filter(|c| !is_restricted(c)).map(|c| c.name.as_str()).collect();
    if !missing.is_empty() {
        let message = format!("Some partition key parts are missing: {}", missing.join(", "));
        return Err(Error::invalid(message));
    }
    match of_kind(found, ColumnKind::PartitionKey).find(|r| r.is_slice()) {
        Some(slice) => {
            let message = format!(
                "Only EQ and IN relation are supported on the partition key (unless you use the token() function) for \
                 {statement} statements"
            );
            Err(Error::invalid(message).at(slice.position))
        }
        None => Ok(()),
    }
}

/// Refuses restrictions of columns outside the key.
fn check_others(found: &Restrictions) -> Result<(), Error> {
    let of_key = |c: &Column| matches!(c.kind, ColumnKind::PartitionKey | ColumnKind::Clustering);
    let others: Vec<&Restriction> = found.columns.iter().filter(|r| !r.columns.iter().all(of_key)).collect();
    let Some(first) = others.first() else { return Ok(()) };
    let names: Vec<&str> = others.iter().map(|r| r.columns[0].name.as_str()).collect();
    // Cassandra's message has this blank behind the last name.
    let message = format!("Non PRIMARY KEY columns found in where clause: {} ", names.join(", "));
    Err(Error::invalid(message).at(first.position))
}

/// Choices for every key column; an error if one is missing.
fn require_full_key(
    restrictions: Where,
    table: &Table,
    position: Position,
) -> Result<(Vec<Choices>, Vec<Choices>), Error> {
    let Where { partition, clustering, filter, slice, .. } = restrictions;
    let Partition::Keys(partition) = partition else {
        return Err(Error::invalid("the partition key cannot be a filter of a write").at(position));
    };
    let given: usize = clustering.iter().map(Choices::width).sum();
    let is_given = |c: &Column| filter.iter().any(|r| r.columns.contains(c));
    let missing: Vec<&str> = compact::wanted_clustering(table, given)
        .iter()
        .skip(given)
        .filter(|c| !is_given(c))
        .map(|c| c.name.as_str())
        .collect();
    if !missing.is_empty() {
        return Err(Error::invalid(format!("Some clustering keys are missing: {}", missing.join(", "))).at(position));
    }
    if !slice.is_empty() || !filter.is_empty() {
        let message = "Slice restrictions are not supported on the clustering columns in this statement";
        return Err(Error::invalid(message).at(position));
    }
    Ok((partition, clustering))
}
