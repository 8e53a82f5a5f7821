//! `CREATE INDEX` and `DROP INDEX`: the table as it will be. Index ids are never used again within a table.

use crate::limits::INDEXES_MAX;
use crate::{Change, ClusterState, CommandRefusal};
use henge_model::{Index, IndexDraft, IndexId, IndexKind, Keyspace, Table};
use std::sync::Arc;

pub(crate) fn create_index(
    state: &ClusterState,
    keyspace: &str,
    table: &str,
    draft: &IndexDraft,
    if_not_exists: bool,
) -> Result<Vec<Change>, CommandRefusal> {
    let within = state.schema.keyspaces.get(keyspace).ok_or_else(|| CommandRefusal::NoKeyspace(keyspace.to_owned()))?;
    let missing = || CommandRefusal::NoTable { keyspace: keyspace.to_owned(), table: table.to_owned() };
    let old = within.tables.get(table).ok_or_else(missing)?;
    let Some(column) = old.column(&draft.column) else {
        return Err(invalid(format!("Undefined column name {} in table {keyspace}.{table}", draft.column)));
    };
    let exists = |name: &str| within.tables.values().any(|table| table.indexes.iter().any(|index| index.name == name));
    if let Some(name) = draft.name.as_ref().filter(|name| exists(name)) {
        return Err(refusal(if_not_exists, format!("Index '{name}' already exists")));
    }
    let name = draft.name.clone().unwrap_or_else(|| free_name(within, old, &draft.column));
    let of_column = || old.indexes.iter().filter(|index| index.column == column.id);
    if let Some(same) = of_column().find(|index| index.part == draft.part && index.kind == draft.kind) {
        let message = format!("Index {name} is a duplicate of existing index {}", same.name);
        return Err(refusal(if_not_exists, message));
    }
    let is_attached = matches!(draft.kind, IndexKind::StorageAttached { .. });
    if is_attached && of_column().any(|index| index.is_storage_attached() && index.part == draft.part) {
        let name = &draft.column;
        return Err(invalid(format!("Cannot create more than one storage-attached index on the same column: {name}")));
    }
    if old.indexes.len() >= INDEXES_MAX {
        return Err(CommandRefusal::Limit(format!("a table has at most {INDEXES_MAX} indexes")));
    }
    let mut table = Table::clone(old);
    let id = IndexId(table.history.next_index);
    table.history.next_index += 1;
    table.indexes.push(Index { id, name, column: column.id, part: draft.part, kind: draft.kind.clone() });
    table.indexes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(vec![Change::Table(Arc::new(table))])
}

pub(crate) fn drop_index(
    state: &ClusterState,
    keyspace: &str,
    name: &str,
    if_exists: bool,
) -> Result<Vec<Change>, CommandRefusal> {
    let tables = state.schema.keyspaces.get(keyspace).into_iter().flat_map(|keyspace| keyspace.tables.values());
    let of_name = |table: &&Arc<Table>| table.indexes.iter().any(|index| index.name == name);
    let Some(old) = tables.into_iter().find(of_name) else {
        return Err(refusal(if_exists, format!("Index '{keyspace}.{name}' doesn't exist'")));
    };
    let mut table = Table::clone(old);
    table.indexes.retain(|index| index.name != name);
    Ok(vec![Change::Table(Arc::new(table))])
}

/// The indexes of a column, by name.
pub(crate) fn of_column(table: &Table, column: &str) -> Vec<String> {
    let id = table.column(column).map(|column| column.id);
    table.indexes.iter().filter(|index| Some(index.column) == id).map(|index| index.name.clone()).collect()
}

fn refusal(tolerated: bool, message: String) -> CommandRefusal {
    if tolerated { CommandRefusal::Nothing } else { invalid(message) }
}

fn invalid(message: String) -> CommandRefusal {
    CommandRefusal::Invalid(message)
}

/// `table_column_idx`, with a number behind it if there is one of that name.
fn free_name(within: &Keyspace, table: &Table, column: &str) -> String {
    let column: String = column.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let base = format!("{}_{column}_idx", table.name);
    let taken = |name: &String| within.tables.values().any(|table| table.indexes.iter().any(|i| i.name == *name));
    let numbered = (1..).map(|number| format!("{base}_{number}"));
    std::iter::once(base.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}
