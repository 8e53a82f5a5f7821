//! Resolution of INSERT.

use crate::error::{Error, Position};
use crate::plan::{Changes, Choices, ConditionPlan, ModifyPlan, Reach, assemble, mark_inserted};
use crate::prepare::restrict::restriction::gap_message;
use crate::prepare::scope::{Scope, column};
use crate::prepare::term::marker::Markers;
use crate::prepare::term::terms::Terms;
use crate::prepare::write::using::{target, using};
use crate::prepare::write::{compact, json};
use crate::statement::{Insert, InsertValues, Name, Term};
use henge_base::count_steps;
use henge_model::{Column, ColumnId, ColumnKind, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The values of the key columns that an INSERT names.
struct KeyValues {
    by_column: BTreeMap<ColumnId, Choices>,
    /// The position of the statement's table, for errors.
    position: Position,
}

impl KeyValues {
    fn has(&self, column: &Column) -> bool {
        self.by_column.contains_key(&column.id)
    }

    /// The values of these columns; an error that begins with `missing` if some are not named.
    fn take(&self, columns: &[Column], missing: &str) -> Result<Vec<Choices>, Error> {
        let absent: Vec<&str> = columns.iter().filter(|c| !self.has(c)).map(|c| c.name.as_str()).collect();
        if !absent.is_empty() {
            return Err(Error::invalid(format!("{missing}: {}", absent.join(", "))).at(self.position));
        }
        Ok(columns.iter().filter_map(|column| self.by_column.get(&column.id).cloned()).collect())
    }

    /// Refuses clustering values behind a column without one, where rows may lack the last ones.
    fn check_gap(&self, table: &Table) -> Result<(), Error> {
        let given = table.clustering.iter().filter(|column| self.has(column));
        match given.zip(&table.clustering).find(|(given, own)| given.id != own.id) {
            Some((given, own)) if table.has_short_rows() => {
                let message = gap_message(&(given.name.clone(), own.name.clone()));
                Err(Error::invalid(message).at(self.position))
            }
            _ => Ok(()),
        }
    }
}

pub(crate) fn plan(insert: &Insert, scope: &Scope<'_>, markers: &mut Markers) -> Result<ModifyPlan, Error> {
    let (table, mut terms) = target(&insert.table, scope, markers)?;
    let position = insert.table.name.position;
    if table.is_counter() {
        let message = "INSERT statements are not allowed on counter tables, use UPDATE instead";
        return Err(Error::invalid(message).at(position));
    }
    let plan = match &insert.values {
        InsertValues::Columns { columns, terms: values } => plan_columns(insert, columns, values, table, &mut terms)?,
        InsertValues::Json { document, default_unset } => {
            let (ttl, timestamp) = using(&insert.using, &mut terms)?;
            let plan = assemble(table, Vec::new(), Vec::new(), Reach::Rows, Changes::default(), ttl, timestamp);
            json::insert(document, *default_unset, plan, &mut terms)?
        }
    };
    match insert.if_not_exists {
        Some(position) => plan.under(ConditionPlan::NotExists, position),
        None => Ok(plan),
    }
}

/// Resolves `(columns) VALUES (terms)`.
fn plan_columns(
    insert: &Insert,
    columns: &[Name],
    values: &[Term],
    table: &Arc<Table>,
    terms: &mut Terms<'_>,
) -> Result<ModifyPlan, Error> {
    let position = insert.table.name.position;
    if columns.len() != values.len() {
        return Err(Error::invalid("Unmatched column names/values").at(position));
    }
    check_names(columns)?;
    let (keys, changes) = changes(columns, values, position, table, terms)?;
    let partition = keys.take(&table.partition_key, "Some partition key parts are missing")?;
    // Without any clustering value the INSERT may write static columns only.
    let clustered = table.clustering.iter().filter(|column| keys.has(column)).count();
    let only_static = clustered == 0 && changes.are_static_only();
    let wanted = if only_static { &[] } else { compact::wanted_clustering(table, clustered) };
    keys.check_gap(table)?;
    let clustering = keys.take(wanted, "Some clustering keys are missing")?;
    let (ttl, timestamp) = using(&insert.using, terms)?;
    let reach = if only_static { Reach::Statics } else { Reach::Rows };
    let plan = mark_inserted(assemble(table, partition, clustering, reach, changes, ttl, timestamp));
    compact::check_value(&plan, position)?;
    Ok(plan)
}

/// The values of key columns and the changes of the others.
fn changes(
    columns: &[Name],
    values: &[Term],
    position: Position,
    table: &Table,
    terms: &mut Terms<'_>,
) -> Result<(KeyValues, Changes), Error> {
    let mut changes = Changes::default();
    let mut of_key = Vec::new();
    for (name, value) in columns.iter().zip(values) {
        let column = column(table, name)?;
        match column.kind {
            ColumnKind::PartitionKey | ColumnKind::Clustering => of_key.push((column, value)),
            _ => changes.set(column, terms.source(value, &column.data_type, &column.name)?, name.position)?,
        }
    }
    // Errors of other values are reported before those of keys.
    let mut by_column = BTreeMap::new();
    for (column, value) in of_key {
        by_column.insert(column.id, Choices::one(terms.source(value, &column.data_type, &column.name)?));
    }
    Ok((KeyValues { by_column, position }, changes))
}

/// Refuses a column that is named twice.
fn check_names(columns: &[Name]) -> Result<(), Error> {
    let mut met = BTreeSet::new();
    for name in columns {
        count_steps(1);
        if !met.insert(name.text.as_str()) {
            let message = format!("The column names contains duplicates: {}", name.text);
            return Err(Error::invalid(message).at(name.position));
        }
    }
    Ok(())
}
