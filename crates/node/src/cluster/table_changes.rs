//! The tables that differ between two states of the schema: a change of one table concerns no other.

use henge_model::{Schema, StorageId, Table};
use henge_storage::{Family, StoredTable};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The difference between two schemas, by storage id.
#[derive(Debug, Default)]
pub(crate) struct TableChanges {
    /// Storage ids that no table has any more.
    pub(crate) gone: Vec<StorageId>,
    /// Tables that are new or changed.
    pub(crate) set: Vec<Arc<Table>>,
}

impl TableChanges {
    /// The difference. What both schemas share is told by its address, and not looked into.
    pub(crate) fn between(before: &Schema, after: &Schema) -> TableChanges {
        let mut changes = TableChanges::default();
        let none = BTreeMap::new();
        for (name, keyspace) in &after.keyspaces {
            let old = before.keyspaces.get(name);
            if !old.is_some_and(|old| Arc::ptr_eq(old, keyspace)) {
                changes.add(old.map_or(&none, |old| &old.tables), &keyspace.tables);
            }
        }
        for (_, old) in before.keyspaces.iter().filter(|(name, _)| !after.keyspaces.contains_key(*name)) {
            changes.add(&old.tables, &none);
        }
        changes
    }

    fn add(&mut self, before: &BTreeMap<String, Arc<Table>>, after: &BTreeMap<String, Arc<Table>>) {
        for (name, table) in after {
            let old = before.get(name);
            if !old.is_some_and(|old| Arc::ptr_eq(old, table)) {
                self.gone.extend(old.map(|old| old.storage_id).filter(|id| *id != table.storage_id));
                self.set.push(Arc::clone(table));
            }
        }
        let dropped = before.iter().filter(|(name, _)| !after.contains_key(*name));
        self.gone.extend(dropped.map(|(_, table)| table.storage_id));
    }

    /// The facts that storage needs of the tables that are new or changed.
    pub(crate) fn stored_tables(&self) -> impl Iterator<Item = (StorageId, StoredTable)> {
        self.set.iter().map(|table| (table.storage_id, stored_table(table)))
    }
}

/// A table as storage knows it. Tables whose rows expire as a rule lie apart, so that whole files of them can go
/// (architecture: "Storage layout").
fn stored_table(table: &Arc<Table>) -> StoredTable {
    let family = if table.lies_apart() { Family::Timed } else { Family::Rows };
    StoredTable { family, indexed: (!table.indexes.is_empty()).then(|| Arc::clone(table)) }
}
