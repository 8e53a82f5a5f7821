//! Resolution of INSERT.

use crate::error::Error;
use crate::plan::{Changes, Choices, ConditionPlan, ModifyPlan, Reach, assemble, mark_inserted};
use crate::prepare::restrict::restriction::gap_message;
use crate::prepare::scope::{Scope, column};
use crate::prepare::term::marker::Markers;
use crate::prepare::write::using::{target, using};
use crate::prepare::write::{compact, json};
use crate::statement::{Insert, InsertValues, Name};
use henge_base::count_steps;
use henge_model::{Column, ColumnId, ColumnKind};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn plan(insert: &Insert, scope: &Scope<'_>, markers: &mut Markers) -> Result<ModifyPlan, Error> {
    let (table, mut terms) = target(&insert.table, scope, markers)?;
    if table.is_counter() {
        let message = "INSERT statements are not allowed on counter tables, use UPDATE instead";
        return Err(Error::invalid(message).at(insert.table.name.position));
    }
    let (columns, values) = match &insert.values {
        InsertValues::Columns { columns, terms } => (columns, terms),
        InsertValues::Json { document, default_unset } => {
            let (ttl, timestamp) = using(&insert.using, &mut terms)?;
            let plan = assemble(table, Vec::new(), Vec::new(), Reach::Rows, Changes::default(), ttl, timestamp);
            let plan = json::insert(document, *default_unset, plan, &mut terms)?;
            return match insert.if_not_exists {
                Some(position) => plan.under(ConditionPlan::NotExists, "updates", position),
                None => Ok(plan),
            };
        }
    };
    if columns.len() != values.len() {
        return Err(Error::invalid("Unmatched column names/values").at(insert.table.name.position));
    }
    let mut keys: BTreeMap<ColumnId, Choices> = BTreeMap::new();
    let mut changes = Changes::default();
    check_names(columns)?;
    let mut of_key = Vec::new();
    for (name, value) in columns.iter().zip(values) {
        let column = column(table, name)?;
        match column.kind {
            ColumnKind::PartitionKey | ColumnKind::Clustering => of_key.push((column, value)),
            _ => changes.set(column, terms.source(value, &column.data_type, &column.name)?, name.position)?,
        }
    }
    // Errors of other values are reported before those of keys.
    for (column, value) in of_key {
        keys.insert(column.id, Choices::one(terms.source(value, &column.data_type, &column.name)?));
    }
    let take = |wanted: &[Column], missing: &str| -> Result<Vec<Choices>, Error> {
        let absent: Vec<&str> = wanted.iter().filter(|c| !keys.contains_key(&c.id)).map(|c| c.name.as_str()).collect();
        if !absent.is_empty() {
            return Err(Error::invalid(format!("{missing}: {}", absent.join(", "))).at(insert.table.name.position));
        }
        Ok(wanted.iter().filter_map(|c| keys.get(&c.id).cloned()).collect())
    };
    let partition = take(&table.partition_key, "Some partition key parts are missing")?;
    // Without any clustering value the INSERT may write static columns only.
    let clustered = table.clustering.iter().filter(|c| keys.contains_key(&c.id)).count();
    let only_static = clustered == 0 && changes.are_static_only();
    let wanted = if only_static { &[] } else { compact::wanted_clustering(table, clustered) };
    let is_given = |c: &&Column| keys.contains_key(&c.id);
    let gap = table.clustering.iter().filter(is_given).zip(&table.clustering).find(|(given, own)| given.id != own.id);
    if let Some((given, own)) = gap.filter(|_| table.has_short_rows()) {
        let message = gap_message(&(given.name.clone(), own.name.clone()));
        return Err(Error::invalid(message).at(insert.table.name.position));
    }
    let clustering = take(wanted, "Some clustering keys are missing")?;
    let (ttl, timestamp) = using(&insert.using, &mut terms)?;
    let reach = if only_static { Reach::Statics } else { Reach::Rows };
    let plan = assemble(table, partition, clustering, reach, changes, ttl, timestamp);
    let plan = mark_inserted(plan);
    compact::check_value(&plan, insert.table.name.position)?;
    match insert.if_not_exists {
        Some(position) => plan.under(ConditionPlan::NotExists, "updates", position),
        None => Ok(plan),
    }
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
