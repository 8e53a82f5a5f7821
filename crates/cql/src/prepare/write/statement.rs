//! Resolution of INSERT, UPDATE and DELETE.

use crate::error::{Error, Position};
use crate::plan::{Changes, ConditionPlan, ModifyPlan, Partition, Plan, PlannedStatement, Reach, Source, assemble};
use crate::prepare::scope::{Scope, column};
use crate::prepare::term::marker::Markers;
use crate::prepare::term::terms::Terms;
use crate::prepare::write::collection::{self};
use crate::prepare::write::condition::custom_timestamp;
use crate::prepare::write::using::{target, using};
use crate::prepare::write::write_target::{write_restrictions, write_target};
use crate::prepare::write::{insert, virtual_table};
use crate::statement::{
    ArithmeticOperator, Assignment, AssignmentKind, Condition, Delete, Deletion, ModifyStatement, Name, Update,
};
use henge_model::{Column, ColumnKind, DataType, Table};

pub(crate) fn prepare(statement: &ModifyStatement, scope: &Scope<'_>) -> Result<PlannedStatement, Error> {
    let mut markers = Markers::default();
    let mut plan = plan(statement, scope, &mut markers)?;
    check_counter_using(statement, &plan)?;
    plan.check_choices(statement.table().name.position)?;
    plan.markers = markers.count();
    let pk_indexes = markers.partition_indexes(&plan.table);
    Ok(PlannedStatement { bind: markers.finish()?, pk_indexes, result: None, plan: Plan::Modify(Box::new(plan)) })
}

/// Resolves one statement. Its markers are added to `markers`.
pub(crate) fn plan(statement: &ModifyStatement, scope: &Scope<'_>, markers: &mut Markers) -> Result<ModifyPlan, Error> {
    let plan = match statement {
        ModifyStatement::Insert(insert) => insert::plan(insert, scope, markers),
        ModifyStatement::Update(update) => update_plan(update, scope, markers),
        ModifyStatement::Delete(delete) => delete_plan(delete, scope, markers),
    }?;
    virtual_table::check(&plan)?;
    Ok(plan)
}

fn update_plan(update: &Update, scope: &Scope<'_>, markers: &mut Markers) -> Result<ModifyPlan, Error> {
    let (table, mut terms) = target(&update.table, scope, markers)?;
    let (ttl, timestamp) = using(&update.using, &mut terms)?;
    check_timestamp(update.condition.as_ref(), timestamp.as_ref(), update.table.name.position)?;
    let condition = condition(update.condition.as_ref(), &mut terms)?;
    let mut changes = Changes::default();
    for assignment in &update.assignments {
        assign(assignment, table, condition.is_some(), &mut terms, &mut changes)?;
    }
    let position = update.table.name.position;
    let of_statics = changes.are_static_only() && is_of_partition(condition.as_ref());
    let restrictions = write_restrictions(&update.relations, table, "UPDATE", of_statics, &mut terms)?;
    let (partition, clustering, reach) = write_target(restrictions, table, of_statics, "UPDATE", position)?;
    check_counters(table, update.condition.as_ref(), position)?;
    let plan = assemble(table, partition, clustering, reach, changes, ttl, timestamp);
    plan.under_any(condition, position)
}

fn delete_plan(delete: &Delete, scope: &Scope<'_>, markers: &mut Markers) -> Result<ModifyPlan, Error> {
    let (table, mut terms) = target(&delete.table, scope, markers)?;
    let position = delete.table.name.position;
    let (_, timestamp) = using(&delete.using, &mut terms)?;
    check_timestamp(delete.condition.as_ref(), timestamp.as_ref(), position)?;
    let condition = condition(delete.condition.as_ref(), &mut terms)?;
    let mut changes = Changes::default();
    for deletion in &delete.deletions {
        let (Deletion::Column(name) | Deletion::Element(name, _) | Deletion::Field(name, _)) = deletion;
        let column = column(table, name)?;
        refuse_key(column, name, "Invalid identifier {} for deletion (should not be a PRIMARY KEY part)")?;
        match deletion {
            Deletion::Column(_) => changes.delete(column, name.position)?,
            Deletion::Element(_, key) => {
                changes.add(column, collection::element_deleted(key, column, name, &mut terms)?);
            }
            Deletion::Field(_, field) => changes.add(column, collection::field_deleted(column, field)?),
        }
    }
    let of_statics = changes.are_static_only() && is_of_partition(condition.as_ref());
    let restrictions = write_restrictions(&delete.relations, table, "DELETE", of_statics, &mut terms)?;
    check_counters(table, delete.condition.as_ref(), position)?;
    if condition.is_some() && timestamp.is_some() {
        return Err(custom_timestamp().at(position));
    }
    let is_of_rows = !changes.are_static_only();
    if !restrictions.has_full_key(table) {
        check_range(&delete.deletions, is_of_rows, condition.as_ref()).map_err(|e| e.at(position))?;
    }
    // What a SELECT filters behind a bound of mixed order is a range of its own here.
    let of_rows = delete.deletions.is_empty() && restrictions.filter.len() == restrictions.slice.mixed.len();
    if of_rows
        && !restrictions.has_full_key(table)
        && let Partition::Keys(partition) = restrictions.partition
    {
        let (clustering, reach) = (restrictions.clustering, Reach::Ranges(restrictions.slice));
        let plan = assemble(table, partition, clustering, reach, changes, None, timestamp);
        let plan = ModifyPlan { deletes_row: true, is_delete: true, is_single: false, ..plan };
        return plan.under_any(condition, position);
    }
    let (partition, clustering, reach) = write_target(restrictions, table, of_statics, "DELETE", position)?;
    let deletes_row = changes.is_empty();
    let plan = assemble(table, partition, clustering, reach, changes, None, timestamp);
    ModifyPlan { deletes_row, is_delete: true, ..plan }.under_any(condition, position)
}

/// Refuses deletions of regular columns and conditions on them in a DELETE that does not restrict the full primary key.
fn check_range(deletions: &[Deletion], is_of_rows: bool, condition: Option<&ConditionPlan>) -> Result<(), Error> {
    let required = "DELETE statements must restrict all PRIMARY KEY columns with equality relations in order to";
    match condition {
        Some(_) if is_of_rows => Err(Error::invalid(format!("{required} delete non static columns"))),
        Some(ConditionPlan::Tests(tests)) if tests.iter().any(|test| test.column.kind == ColumnKind::Regular) => {
            Err(Error::invalid(format!("{required} use IF condition on non static columns")))
        }
        None if is_of_rows && !deletions.is_empty() => {
            Err(Error::invalid("Range deletions are not supported for specific columns"))
        }
        _ => Ok(()),
    }
}

/// Refuses the timestamp of a write with comparisons behind IF: it has the timestamp of its ballot. That of one with IF
/// EXISTS is refused when all else is resolved.
fn check_timestamp(condition: Option<&Condition>, timestamp: Option<&Source>, position: Position) -> Result<(), Error> {
    match (condition, timestamp) {
        (Some(Condition::Relations(_)), Some(_)) => Err(custom_timestamp().at(position)),
        _ => Ok(()),
    }
}

/// Refuses conditions of writes of counters.
fn check_counters(table: &Table, condition: Option<&Condition>, position: Position) -> Result<(), Error> {
    let refused = match condition {
        Some(Condition::Relations(_)) if table.is_counter() => "Conditions on counters are not supported",
        Some(_) if table.is_counter() => "Conditional updates are not supported on counter tables",
        _ => return Ok(()),
    };
    Err(Error::invalid(refused).at(position))
}

/// Refuses the timestamp and TTL of a write of counters. A batch is checked first.
pub(crate) fn check_counter_using(statement: &ModifyStatement, plan: &ModifyPlan) -> Result<(), Error> {
    let using = match statement {
        _ if !plan.table.is_counter() => return Ok(()),
        ModifyStatement::Update(_) | ModifyStatement::Delete(_) => statement.using(),
        ModifyStatement::Insert(_) => return Ok(()),
    };
    let (what, term) = match (&using.timestamp, &using.ttl) {
        (Some(timestamp), _) => ("timestamp", timestamp),
        (None, Some(ttl)) => ("TTL", ttl),
        (None, None) => return Ok(()),
    };
    Err(Error::invalid(format!("Cannot provide custom {what} for counter updates")).at(term.position))
}

fn condition(condition: Option<&Condition>, terms: &mut Terms<'_>) -> Result<Option<ConditionPlan>, Error> {
    condition.map(|condition| crate::prepare::write::condition::prepare(condition, terms)).transpose()
}

/// True if there is no condition, or it needs no regular column: EXISTS, NOT EXISTS, or static columns only.
fn is_of_partition(condition: Option<&ConditionPlan>) -> bool {
    condition.is_none_or(|c| matches!(c, ConditionPlan::Exists | ConditionPlan::NotExists) || c.is_of_statics())
}

fn refuse_key(column: &Column, name: &Name, message: &str) -> Result<(), Error> {
    if matches!(column.kind, ColumnKind::PartitionKey | ColumnKind::Clustering) {
        return Err(Error::invalid(message.replace("{}", &column.name)).at(name.position));
    }
    Ok(())
}

/// Adds an assignment of `SET`. A collection may have several changes of its parts, any other column one assignment.
fn assign(
    assignment: &Assignment,
    table: &Table,
    is_conditional: bool,
    terms: &mut Terms<'_>,
    changes: &mut Changes,
) -> Result<(), Error> {
    let name = &assignment.column;
    let column = column(table, name)?;
    refuse_key(column, name, "PRIMARY KEY part {} found in SET part")?;
    let repeated = || Error::syntax(name.position, format!("Multiple incompatible setting of column {}", name.text));
    if let (DataType::Counter, AssignmentKind::Change(operator, term)) = (&column.data_type, &assignment.kind) {
        changes.add(column, collection::prepare_counter_change(*operator, term, column, name, terms)?);
        return Ok(());
    }
    if column.data_type.is_complex() {
        let made = collection::prepare_assignment(assignment, column, terms)?;
        if !changes.admits(column, &made) {
            return Err(repeated());
        }
        changes.add(column, made);
        return Ok(());
    }
    if changes.has(column) {
        return Err(repeated());
    }
    if let AssignmentKind::Value(term) = &assignment.kind {
        let source = terms.source(term, &column.data_type, &column.name)?;
        return changes.set(column, source, name.position);
    }
    if let (AssignmentKind::Change(ArithmeticOperator::Add, term), true) = (&assignment.kind, is_conditional) {
        changes.add(column, collection::prepare_increase(assignment, term, column, terms)?);
        return Ok(());
    }
    Err(collection::no_change(assignment, column))
}
