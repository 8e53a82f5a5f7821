//! ALTER KEYSPACE and ALTER TABLE.

use crate::error::Error;
use crate::plan::ReplicationDraft;
use crate::plan::SchemaChange;
use crate::prepare::schema::mask;
use crate::prepare::schema::property::{Properties, names};
use crate::prepare::schema::table::{check_counter_options, resolve_name};
use crate::prepare::schema::table_options;
use crate::prepare::scope::{Scope, refuse_writes};
use crate::prepare::term::data_type::Types;
use crate::statement::{
    AlterKeyspace, AlterTable, AlterTableChange, ColumnDefinition, Constant, Property, Term, TermKind,
};
use crate::system_keyspaces::is_kept_everywhere;
use henge_base::count_steps;
use henge_model::{
    AddedColumn, ColumnDraft, ColumnKind, DataType, DroppedColumn, Order, Schema, Table, TableChange, TableOptions,
};
use std::collections::BTreeSet;

pub(crate) fn keyspace(alter: &AlterKeyspace) -> Result<SchemaChange, Error> {
    let name = alter.name.text.clone();
    if !is_kept_everywhere(&name) {
        refuse_writes(&Schema::default(), &name).map_err(|e| e.at(alter.name.position))?;
    }
    let mut properties = Properties::new(&alter.properties)?;
    let replication = properties.map("replication")?.map(ReplicationDraft::read).transpose();
    let durable_writes = properties.take_parsed("durable_writes", "a boolean")?;
    properties.finish()?;
    let replication = replication.map_err(|e| e.at(alter.name.position))?;
    Ok(SchemaChange::AlterKeyspace { name, replication, durable_writes, if_exists: alter.if_exists })
}

pub(crate) fn table(alter: &AlterTable, scope: &Scope<'_>) -> Result<SchemaChange, Error> {
    let (keyspace, table) = resolve_name(&alter.table, scope)?;
    let change = match &alter.change {
        AlterTableChange::Add { if_not_exists, columns } => {
            let types = Types { schema: scope.schema, keyspace: &keyspace };
            let columns: Vec<AddedColumn> =
                columns.iter().map(|added| column(added, types)).collect::<Result<_, _>>()?;
            check_kind(scope.schema.table(&keyspace, &table).map(|t| &**t), &columns)?;
            TableChange::Add { columns, if_not_exists: *if_not_exists }
        }
        AlterTableChange::Drop { if_exists, columns, timestamp } => {
            let columns = columns.iter().map(|name| name.text.clone()).collect();
            let dropped_us = timestamp.as_ref().map(microseconds).transpose()?;
            TableChange::Drop { columns, if_exists: *if_exists, dropped_us }
        }
        AlterTableChange::Rename { if_exists, names } => {
            let names = names.iter().map(|(from, to)| (from.text.clone(), to.text.clone())).collect();
            TableChange::Rename { names, if_exists: *if_exists }
        }
        AlterTableChange::With(properties) => {
            let was = scope.schema.table(&keyspace, &table).map(|t| t.options.clone()).unwrap_or_default();
            let now = change_options(&was, properties)?;
            if scope.schema.table(&keyspace, &table).is_some_and(|table| table.is_counter()) {
                check_counter_options(&now)?;
            }
            TableChange::Options { was: Box::new(was), now: Box::new(now), properties: names(properties) }
        }
        AlterTableChange::Mask { if_exists, column, masked } => {
            let types = Types { schema: scope.schema, keyspace: &keyspace };
            let table = scope.schema.table(&keyspace, &table).map(|table| &**table);
            mask::prepare_mask_change(table, column, masked.as_ref(), *if_exists, types)?
        }
        AlterTableChange::Retype(_) => return Err(Error::invalid("Altering column types is no longer supported")),
        AlterTableChange::DropCompactStorage => TableChange::DropCompactStorage,
    };
    Ok(SchemaChange::AlterTable { keyspace, table, if_exists: alter.if_exists, change })
}

/// The number of microseconds after `USING TIMESTAMP`.
fn microseconds(term: &Term) -> Result<i64, Error> {
    let number = match &term.kind {
        TermKind::Constant(Constant::Integer(text)) => text.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| Error::syntax(term.position, "expected an integer of 64 bits"))
}

/// Refuses to mix counters with other columns.
fn check_kind(table: Option<&Table>, columns: &[AddedColumn]) -> Result<(), Error> {
    // The metadata log refuses any column added to a compact table.
    let Some(table) = table.filter(|t| t.options.compact_storage.is_none()) else { return Ok(()) };
    let names: BTreeSet<&str> = columns.iter().map(|added| added.draft.name.as_str()).collect();
    let is_there = |added: &AddedColumn| {
        count_steps(1);
        table.column(&added.draft.name).is_some()
    };
    let are_named_twice = names.len() < columns.len() || columns.iter().any(is_there);
    // The metadata log refuses those first, as in Cassandra.
    if are_named_twice || columns.iter().any(|added| is_other_again(table, added)) {
        return Ok(());
    }
    let of_counters = table.is_counter();
    for AddedColumn { draft, .. } in columns {
        let is_counter = draft.data_type == DataType::Counter;
        if of_counters && !is_counter {
            let message = format!("Cannot have a non counter column (\"{}\") in a counter table", draft.name);
            return Err(Error::config(format!("{}.{}: {message}", table.keyspace, table.name)));
        }
        if !of_counters && is_counter && !(table.statics.is_empty() && table.regulars.is_empty()) {
            let message = format!("Cannot have a counter column (\"{}\") in a non counter table", draft.name);
            return Err(Error::config(format!("{}.{}: {message}", table.keyspace, table.name)));
        }
    }
    Ok(())
}

/// True for a column that was dropped and had another type or kind.
fn is_other_again(table: &Table, AddedColumn { draft, is_static }: &AddedColumn) -> bool {
    let kind = if *is_static { ColumnKind::Static } else { ColumnKind::Regular };
    let is_other = |was: &DroppedColumn| was.kind != kind || !draft.data_type.reads_values_of(&was.data_type);
    table.history.dropped.get(&draft.name).is_some_and(is_other)
}

fn column(definition: &ColumnDefinition, types: Types<'_>) -> Result<AddedColumn, Error> {
    let ColumnDefinition { name, data_type, is_static, masked, .. } = definition;
    let data_type = types.of_column(data_type).map_err(|e| e.at(name.position))?;
    let mask = masked.as_ref().map(|masked| mask::column_mask(masked, &name.text, &data_type, types)).transpose()?;
    let draft = ColumnDraft { name: name.text.clone(), data_type, order: Order::Ascending, mask };
    Ok(AddedColumn { draft, is_static: *is_static })
}

fn change_options(was: &TableOptions, properties: &[Property]) -> Result<TableOptions, Error> {
    let (now, id) = table_options::read_onto(was.clone(), properties)?;
    match id {
        Some(_) => Err(Error::config("Cannot alter table id.")),
        None => Ok(now),
    }
}
