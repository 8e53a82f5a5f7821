//! `ALTER TABLE`: the table as it will be. A column that is dropped and added again keeps its id, so that cells written after the drop, or
//! after the time that the drop names, reappear. An id is never given to another name.

use crate::indexes::of_column;
use crate::types::check_current;
use crate::{Change, ClusterState, CommandRefusal};
use henge_model::{AddedColumn, SerialScope, TableChange};
use henge_model::{Column, ColumnId, ColumnKind, ColumnMask, CompactStorage, DataType, DroppedColumn, Order, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) fn alter_table(
    state: &ClusterState,
    keyspace: &str,
    name: &str,
    if_exists: bool,
    change: &TableChange,
    now_us: i64,
) -> Result<Vec<Change>, CommandRefusal> {
    let Some(old) = state.table(keyspace, name) else {
        return Err(match if_exists {
            true => CommandRefusal::Nothing,
            false => CommandRefusal::NoTable { keyspace: keyspace.to_owned(), table: name.to_owned() },
        });
    };
    let mut table = Table::clone(old);
    // Rows stay where they lie, whatever options say from now on.
    table.history.lies_apart = Some(old.lies_apart());
    let unaltered = table.clone();
    if let (TableChange::Add { columns, .. }, Some(within)) = (change, state.schema.keyspaces.get(keyspace)) {
        columns.iter().try_for_each(|added| check_current(&added.draft.data_type, within))?;
    }
    match change {
        TableChange::Add { columns, if_not_exists } => add(&mut table, columns, *if_not_exists)?,
        TableChange::Drop { columns, if_exists, dropped_us } => {
            drop_columns(&mut table, columns, *if_exists, dropped_us.unwrap_or(now_us))?;
        }
        TableChange::Rename { names, if_exists } => rename(&mut table, names, *if_exists)?,
        TableChange::Mask { column, data_type, mask, if_exists } => {
            set_mask(&mut table, column, data_type.as_ref(), mask.as_ref(), *if_exists)?;
        }
        TableChange::Options { was, now, .. } => {
            if **was != table.options {
                return Err(invalid("the table was altered at the same time; try again".to_owned()));
            }
            table.options.clone_from(now);
        }
        TableChange::DropCompactStorage => drop_compact_storage(&mut table)?,
        TableChange::FixSerialScope(scope) => fix_serial_scope(&mut table, *scope)?,
    }
    if table == unaltered {
        return Err(CommandRefusal::Nothing);
    }
    Ok(vec![Change::Table(Arc::new(table))])
}

fn invalid(message: String) -> CommandRefusal {
    CommandRefusal::Invalid(message)
}

/// Makes hidden columns visible. Rows stay as they are: they are stored as those of other tables.
fn drop_compact_storage(table: &mut Table) -> Result<(), CommandRefusal> {
    match table.options.compact_storage.take() {
        Some(_) => Ok(()),
        None => Err(invalid("Cannot DROP COMPACT STORAGE on table without COMPACT STORAGE".to_owned())),
    }
}

/// The first conditional write decides which voters all others have.
fn fix_serial_scope(table: &mut Table, scope: SerialScope) -> Result<(), CommandRefusal> {
    match table.options.serial_consistency {
        None => {
            table.options.serial_consistency = Some(scope);
            Ok(())
        }
        Some(fixed) if fixed == scope => Ok(()),
        Some(fixed) => Err(invalid(other_scope_text(&table.keyspace, &table.name, fixed))),
    }
}

/// The sentence for a conditional statement at a level that is not that of its table.
pub fn other_scope_text(keyspace: &str, table: &str, fixed: SerialScope) -> String {
    let (fixed, other) = match fixed {
        SerialScope::Global => (fixed.level(), SerialScope::Local.level()),
        SerialScope::Local => (fixed.level(), SerialScope::Global.level()),
    };
    format!(
        "conditional writes of table {keyspace}.{table} are decided at {fixed}, and {other} does not see for certain what {fixed} has \
         decided: use serial consistency {fixed}, or, while no conditional write is under way, \
         ALTER TABLE {keyspace}.{table} WITH serial_consistency = '{other}'"
    )
}

fn add(table: &mut Table, columns: &[AddedColumn], if_not_exists: bool) -> Result<(), CommandRefusal> {
    let mut next = table.next_column_id().0;
    let mut added: BTreeMap<&str, Column> = BTreeMap::new();
    for AddedColumn { draft, is_static } in columns {
        let name = &draft.name;
        if table.column(name).is_some() || added.contains_key(name.as_str()) {
            if if_not_exists {
                continue;
            }
            return Err(invalid(format!("Column with name '{name}' already exists")));
        }
        if table.options.compact_storage.is_some() {
            return Err(invalid("Cannot add new column to a COMPACT STORAGE table".to_owned()));
        }
        if *is_static && table.clustering.is_empty() {
            let message =
                "Static columns are only useful (and thus allowed) if the table has at least one clustering column";
            return Err(invalid(message.to_owned()));
        }
        let kind = if *is_static { ColumnKind::Static } else { ColumnKind::Regular };
        if let Some(dropped) = table.history.dropped.get(name) {
            check_again(name, dropped, &draft.data_type, kind)?;
        }
        if draft.data_type == DataType::Counter && table.history.dropped.contains_key(name) {
            // Shards of before would count again.
            return Err(invalid(format!("Cannot re-add previously dropped counter column {name}")));
        }
        let was = table.history.dropped.get(name).and_then(|dropped| dropped.id);
        let id = was.unwrap_or(ColumnId(next));
        next = next.max(id.0 + 1);
        table.masks.extend(draft.mask.clone().map(|mask| (id, mask)));
        let data_type = draft.data_type.clone();
        let column = Column { id, name: name.clone(), data_type, kind, order: Order::Ascending };
        added.insert(name, column);
    }
    if !added.is_empty() {
        table.history.next_column = next;
    }
    let (statics, regulars) = added.into_values().partition::<Vec<_>, _>(|column| column.kind == ColumnKind::Static);
    for (columns, added) in [(&mut table.statics, statics), (&mut table.regulars, regulars)] {
        columns.extend(added);
        columns.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(())
}

/// Cells of before may be there again, so they must be of use to the new column.
fn check_again(
    name: &str,
    dropped: &DroppedColumn,
    data_type: &DataType,
    kind: ColumnKind,
) -> Result<(), CommandRefusal> {
    let DroppedColumn { data_type: was, kind: was_kind, .. } = dropped;
    if !data_type.reads_values_of(was) {
        return Err(invalid(format!(
            "Cannot re-add previously dropped column '{name}' of type {data_type}, incompatible with previous type {}",
            was.without_user_types()
        )));
    }
    if kind != *was_kind {
        let word = |kind: ColumnKind| if kind == ColumnKind::Static { "STATIC" } else { "REGULAR" };
        return Err(invalid(format!(
            "Cannot re-add previously dropped column '{name}' of kind {}, incompatible with previous kind {}",
            word(kind),
            word(*was_kind)
        )));
    }
    Ok(())
}

fn drop_columns(table: &mut Table, names: &[String], if_exists: bool, dropped_us: i64) -> Result<(), CommandRefusal> {
    let next = table.next_column_id().0;
    let mut dropped = BTreeSet::new();
    for name in names {
        let Some(column) = table.column(name).filter(|column| !dropped.contains(&column.id)).cloned() else {
            if if_exists {
                continue;
            }
            return Err(invalid(format!("Column {name} was not found in table '{}.{}'", table.keyspace, table.name)));
        };
        if matches!(column.kind, ColumnKind::PartitionKey | ColumnKind::Clustering) {
            return Err(invalid(format!("Cannot drop PRIMARY KEY column {name}")));
        }
        if table.options.compact_storage == Some(CompactStorage::Dense) {
            return Err(invalid("Cannot drop columns from a COMPACT STORAGE table with clustering columns".to_owned()));
        }
        let indexes = of_column(table, name);
        if !indexes.is_empty() {
            let indexes = indexes.join(", ");
            return Err(invalid(format!(
                "Cannot drop column {name} because it has dependent secondary indexes ({indexes})"
            )));
        }
        if matches!(column.data_type, DataType::Udt(_)) {
            return Err(invalid(format!("Cannot drop non-frozen column {name} of user type {}", column.data_type)));
        }
        dropped.insert(column.id);
        table.history.next_column = next;
        let column = DroppedColumn { id: Some(column.id), data_type: column.data_type, kind: column.kind, dropped_us };
        table.history.dropped.insert(name.clone(), column);
    }
    table.masks.retain(|id, _| !dropped.contains(id));
    table.statics.retain(|column| !dropped.contains(&column.id));
    table.regulars.retain(|column| !dropped.contains(&column.id));
    Ok(())
}

/// A mask is of a type: a column that has become another one meanwhile is left alone.
fn set_mask(
    table: &mut Table,
    name: &str,
    data_type: Option<&DataType>,
    mask: Option<&ColumnMask>,
    if_exists: bool,
) -> Result<(), CommandRefusal> {
    let Some(column) = table.column(name) else {
        let missing = format!("Column with name '{name}' doesn't exist on table '{}'", table.name);
        return if if_exists { Err(CommandRefusal::Nothing) } else { Err(invalid(missing)) };
    };
    if data_type != Some(&column.data_type) {
        return Err(invalid("the table was altered at the same time; try again".to_owned()));
    }
    let id = column.id;
    match mask {
        Some(mask) => table.masks.insert(id, mask.clone()),
        None => table.masks.remove(&id),
    };
    Ok(())
}

fn rename(table: &mut Table, names: &[(String, String)], if_exists: bool) -> Result<(), CommandRefusal> {
    for (from, to) in names {
        let Some(column) = table.column(from) else {
            if if_exists {
                continue;
            }
            let (keyspace, name) = (&table.keyspace, &table.name);
            return Err(invalid(format!("Undefined column name {from} in table {keyspace}.{name}")));
        };
        if !matches!(column.kind, ColumnKind::PartitionKey | ColumnKind::Clustering) {
            return Err(invalid(format!("Cannot rename non PRIMARY KEY column {from}")));
        }
        let indexes = of_column(table, from);
        if !indexes.is_empty() {
            let indexes = indexes.join(", ");
            return Err(invalid(format!(
                "Can't rename column {from} because it has dependent secondary indexes ({indexes})"
            )));
        }
        if table.columns().any(|column| column.name == *to) {
            let (keyspace, name) = (&table.keyspace, &table.name);
            return Err(invalid(format!(
                "Cannot rename column {from} to {to} in table '{keyspace}.{name}'; another column with that name already exists"
            )));
        }
        let id: ColumnId = column.id;
        let keys = table.partition_key.iter_mut().chain(&mut table.clustering);
        keys.filter(|c| c.id == id).for_each(|c| c.name.clone_from(to));
    }
    Ok(())
}
