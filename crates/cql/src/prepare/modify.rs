//! INSERT, UPDATE and DELETE to a plan.

use super::marker::Markers;
use super::relation::{Restrictions, restrictions};
use super::restriction::{Partition, Slice, Where, sort};
use super::scope::{Scope, column};
use super::select::partition_markers;
use super::term::Terms;
use super::{Plan, Prepared};
use crate::bind::{Choices, Source};
use crate::error::{Error, Position};
use crate::statement::{
    Assignment, AssignmentKind, Condition, Delete, Deletion, Insert, InsertValues, Name, Relation, Statement,
    TableName, Update, Using,
};
use henge_model::{Column, ColumnId, ColumnKind, DataType, Table};
use std::sync::Arc;

/// How to write what an INSERT, UPDATE or DELETE says, but for its bound values.
#[derive(Clone, Debug)]
pub struct ModifyPlan {
    pub(crate) table: Arc<Table>,
    /// One choice for each component of the partition key.
    pub(crate) partition: Vec<Choices>,
    /// Choices for all clustering columns.
    pub(crate) clustering: Vec<Choices>,
    /// What is written to rows, by column.
    pub(crate) cells: Vec<CellPlan>,
    /// What is written to the static row, by column.
    pub(crate) statics: Vec<CellPlan>,
    pub(crate) reach: Reach,
    /// INSERT leaves a marker: the row is there even if every cell is null.
    pub(crate) marks_row: bool,
    pub(crate) deletes_row: bool,
    pub(crate) ttl: Option<Source>,
    pub(crate) timestamp: Option<Source>,
    pub(crate) is_single: bool,
    /// Markers of the whole text, of which this statement may be a part.
    pub(crate) markers: usize,
}

/// Which rows of its partitions a statement writes.
#[derive(Clone, Debug)]
pub(crate) enum Reach {
    /// Those with the clustering values.
    Rows,
    /// None but the static one.
    Statics,
    /// It deletes all rows between the bounds, or whole partitions.
    Ranges(Slice),
}

/// One cell to write; null deletes it.
#[derive(Clone, Debug)]
pub(crate) struct CellPlan {
    pub(crate) column: ColumnId,
    pub(crate) source: Source,
}

impl ModifyPlan {
    /// The table.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// Whether it writes exactly one row, or none if all its values are unset. Without IN it does.
    pub fn is_single(&self) -> bool {
        self.is_single
    }
}

pub(crate) fn prepare(statement: &Statement, scope: &Scope<'_>) -> Result<Prepared, Error> {
    let mut markers = Markers::default();
    let mut plan = plan(statement, scope, &mut markers)?;
    plan.markers = markers.count();
    let pk_indexes = partition_markers(&plan.partition);
    Ok(Prepared { bind: markers.finish()?, pk_indexes, result: None, plan: Plan::Modify(Box::new(plan)) })
}

/// The plan of one statement, whose markers join those met before.
pub(crate) fn plan(statement: &Statement, scope: &Scope<'_>, markers: &mut Markers) -> Result<ModifyPlan, Error> {
    match statement {
        Statement::Insert(insert) => insert_plan(insert, scope, markers),
        Statement::Update(update) => update_plan(update, scope, markers),
        Statement::Delete(delete) => delete_plan(delete, scope, markers),
        _ => Err(Error::invalid("only INSERT, UPDATE and DELETE write rows")),
    }
}

fn insert_plan(insert: &Insert, scope: &Scope<'_>, markers: &mut Markers) -> Result<ModifyPlan, Error> {
    let (table, mut terms) = target(&insert.table, scope, markers)?;
    if let Some(position) = insert.if_not_exists {
        return Err(Error::unsupported("IF NOT EXISTS of INSERT is", position));
    }
    let InsertValues::Columns { columns, terms: values } = &insert.values else {
        return Err(Error::unsupported("INSERT JSON is", insert.table.name.position));
    };
    if columns.len() != values.len() {
        return Err(Error::invalid("Unmatched column names/values").at(insert.table.name.position));
    }
    let mut keys: Vec<(ColumnId, Choices)> = Vec::new();
    let mut cells = Vec::new();
    for (i, (name, value)) in columns.iter().zip(values).enumerate() {
        if columns[..i].iter().any(|earlier| earlier.text == name.text) {
            return Err(
                Error::invalid(format!("Multiple definitions found for column {}", name.text)).at(name.position)
            );
        }
        let column = column(table, name)?;
        let source = terms.source(value, &column.data_type, &column.name)?;
        match column.kind {
            ColumnKind::PartitionKey | ColumnKind::Clustering => keys.push((column.id, Choices::one(source))),
            _ => cells.push(cell(column, source, name.position)?),
        }
    }
    let take = |wanted: &[Column], missing: &str| -> Result<Vec<Choices>, Error> {
        let absent: Vec<&str> =
            wanted.iter().filter(|c| !keys.iter().any(|(id, _)| *id == c.id)).map(|c| c.name.as_str()).collect();
        if !absent.is_empty() {
            return Err(Error::invalid(format!("{missing}: {}", absent.join(", "))).at(insert.table.name.position));
        }
        let of = |c: &Column| keys.iter().find(|(id, _)| *id == c.id).map(|(_, choices)| choices.clone());
        Ok(wanted.iter().filter_map(of).collect())
    };
    let partition = take(&table.partition_key, "Some partition key parts are missing")?;
    // Without any clustering value it is about the partition alone.
    let clustered = table.clustering.iter().any(|c| keys.iter().any(|(id, _)| *id == c.id));
    let only_static = !clustered && is_static_only(table, &cells);
    let clustering =
        if only_static { Vec::new() } else { take(&table.clustering, "Some clustering keys are missing")? };
    let (ttl, timestamp) = using(&insert.using, &mut terms)?;
    let reach = if only_static { Reach::Statics } else { Reach::Rows };
    Ok(ModifyPlan { marks_row: !only_static, ..assemble(table, partition, clustering, reach, cells, ttl, timestamp) })
}

fn update_plan(update: &Update, scope: &Scope<'_>, markers: &mut Markers) -> Result<ModifyPlan, Error> {
    let (table, mut terms) = target(&update.table, scope, markers)?;
    refuse_condition(update.condition.as_ref())?;
    let (ttl, timestamp) = using(&update.using, &mut terms)?;
    let mut cells: Vec<CellPlan> = Vec::new();
    for assignment in &update.assignments {
        let made = assigned(assignment, table, &mut terms)?;
        if cells.iter().any(|c| c.column == made.column) {
            let message = format!("Multiple incompatible setting of column {}", assignment.column.text);
            return Err(Error::invalid(message).at(assignment.column.position));
        }
        cells.push(made);
    }
    let restrictions = restricted(&update.relations, table, &mut terms)?;
    let position = update.table.name.position;
    let (partition, clustering, reach) = reached(restrictions, table, &cells, "UPDATE", position)?;
    Ok(assemble(table, partition, clustering, reach, cells, ttl, timestamp))
}

fn delete_plan(delete: &Delete, scope: &Scope<'_>, markers: &mut Markers) -> Result<ModifyPlan, Error> {
    let (table, mut terms) = target(&delete.table, scope, markers)?;
    refuse_condition(delete.condition.as_ref())?;
    let (_, timestamp) = using(&delete.using, &mut terms)?;
    let mut cells = Vec::new();
    for deletion in &delete.deletions {
        let name = match deletion {
            Deletion::Column(name) => name,
            Deletion::Element(name, _) => return Err(Error::unsupported("deleting elements is", name.position)),
            Deletion::Field(name, _) => return Err(Error::unsupported("deleting fields is", name.position)),
        };
        let column = column(table, name)?;
        refuse_key(column, name, "Invalid identifier {} for deletion (should not be a PRIMARY KEY part)")?;
        cells.push(cell(column, Source::Null, name.position)?);
    }
    cells.dedup_by_key(|c| c.column);
    let position = delete.table.name.position;
    let restrictions = restricted(&delete.relations, table, &mut terms)?;
    let of_rows = delete.deletions.is_empty() && restrictions.filter.is_empty();
    if of_rows
        && !restrictions.has_full_key(table)
        && let Partition::Keys(partition) = restrictions.partition
    {
        let (clustering, reach) = (restrictions.clustering, Reach::Ranges(restrictions.slice));
        let plan = assemble(table, partition, clustering, reach, cells, None, timestamp);
        return Ok(ModifyPlan { deletes_row: true, is_single: false, ..plan });
    }
    let (partition, clustering, reach) = reached(restrictions, table, &cells, "DELETE", position)?;
    let deletes_row = cells.is_empty();
    Ok(ModifyPlan { deletes_row, ..assemble(table, partition, clustering, reach, cells, None, timestamp) })
}

fn target<'s: 'm, 'm>(
    name: &TableName,
    scope: &Scope<'s>,
    markers: &'m mut Markers,
) -> Result<(&'s Arc<Table>, Terms<'m>), Error> {
    let table = scope.writable_table(name)?;
    Ok((table, Terms::of(table, markers)))
}

fn assemble(
    table: &Arc<Table>,
    partition: Vec<Choices>,
    clustering: Vec<Choices>,
    reach: Reach,
    mut cells: Vec<CellPlan>,
    ttl: Option<Source>,
    timestamp: Option<Source>,
) -> ModifyPlan {
    cells.sort_by_key(|c| c.column);
    cells.dedup_by_key(|c| c.column);
    let (statics, cells): (Vec<_>, Vec<_>) = cells.into_iter().partition(|c| is_static(table, c));
    let of_one = partition.iter().chain(&clustering).all(|g| g.single().is_some());
    let is_single = of_one && statics.is_empty();
    ModifyPlan {
        table: table.clone(),
        partition,
        clustering,
        cells,
        statics,
        reach,
        marks_row: false,
        deletes_row: false,
        ttl,
        timestamp,
        is_single,
        markers: 0,
    }
}

fn refuse_condition(condition: Option<&Condition>) -> Result<(), Error> {
    match condition {
        None => Ok(()),
        Some(Condition::Exists(position)) => Err(Error::unsupported("IF EXISTS of a write is", *position)),
        Some(Condition::Relations(relations)) => {
            let position = relations.first().map_or(Position::default(), |r| r.position);
            Err(Error::unsupported("IF of a write is", position))
        }
    }
}

fn refuse_key(column: &Column, name: &Name, message: &str) -> Result<(), Error> {
    if matches!(column.kind, ColumnKind::PartitionKey | ColumnKind::Clustering) {
        return Err(Error::invalid(message.replace("{}", &column.name)).at(name.position));
    }
    Ok(())
}

fn assigned(assignment: &Assignment, table: &Table, terms: &mut Terms<'_>) -> Result<CellPlan, Error> {
    let name = &assignment.column;
    let column = column(table, name)?;
    refuse_key(column, name, "PRIMARY KEY part {} found in SET part")?;
    match &assignment.kind {
        AssignmentKind::Value(term) => {
            let source = terms.source(term, &column.data_type, &column.name)?;
            cell(column, source, name.position)
        }
        AssignmentKind::Change(..) | AssignmentKind::Prepend(_) if column.data_type.is_complex() => {
            Err(Error::unsupported("changing a collection in part is", name.position))
        }
        AssignmentKind::Change(operator, _) => {
            let message =
                format!("Invalid operation ({0} = {0} {1} ?) for non counter column {0}", name.text, operator.sign());
            Err(Error::invalid(message).at(name.position))
        }
        AssignmentKind::Prepend(_) => {
            Err(Error::invalid(format!("Invalid operation for non list column {}", name.text)).at(name.position))
        }
        AssignmentKind::Element(..) => Err(Error::unsupported("setting elements of a collection is", name.position)),
        AssignmentKind::Field(..) => Err(Error::unsupported("setting fields of a user type is", name.position)),
    }
}

fn is_static(table: &Table, cell: &CellPlan) -> bool {
    table.statics.iter().any(|column| column.id == cell.column)
}

fn is_static_only(table: &Table, cells: &[CellPlan]) -> bool {
    !cells.is_empty() && cells.iter().all(|cell| is_static(table, cell))
}

/// A cell of a column that holds one value.
fn cell(column: &Column, source: Source, position: Position) -> Result<CellPlan, Error> {
    if column.data_type.is_complex() {
        return Err(Error::unsupported("writing collections that are not frozen is", position));
    }
    if column.data_type == DataType::Counter {
        return Err(Error::unsupported("writing counters is", position));
    }
    Ok(CellPlan { column: column.id, source })
}

/// TTL and timestamp.
pub(crate) fn using(using: &Using, terms: &mut Terms<'_>) -> Result<(Option<Source>, Option<Source>), Error> {
    let ttl = using.ttl.as_ref().map(|t| terms.source(t, &DataType::Int, "[ttl]")).transpose()?;
    let timestamp = using.timestamp.as_ref().map(|t| terms.source(t, &DataType::Bigint, "[timestamp]")).transpose()?;
    Ok((ttl, timestamp))
}

/// Partitions and rows of a write to columns: rows by their full key, or the static row where nothing else is written.
fn reached(
    restrictions: Where,
    table: &Table,
    cells: &[CellPlan],
    statement: &str,
    position: Position,
) -> Result<(Vec<Choices>, Vec<Choices>, Reach), Error> {
    if !is_static_only(table, cells) {
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
fn restricted(relations: &[Relation], table: &Table, terms: &mut Terms<'_>) -> Result<Where, Error> {
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
    if !full {
        let given: usize = restrictions.clustering.iter().map(Choices::width).sum();
        let missing: Vec<&str> = table.clustering.iter().skip(given).map(|c| c.name.as_str()).collect();
        return Err(Error::invalid(format!("Some clustering keys are missing: {}", missing.join(", "))).at(position));
    }
    Ok((partition, restrictions.clustering))
}
