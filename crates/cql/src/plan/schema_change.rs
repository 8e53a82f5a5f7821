//! Changes of the schema, as statements ask for them.

use crate::error::{Error, ErrorKind};
use crate::plan::ReplicationDraft;
use henge_model::{IndexDraft, Schema, TableChange, TableDraft, TypeChange, UserType};

/// A requested change of the schema. [`SchemaChange::check`] tells if the newest schema admits it.
#[derive(Clone, Debug, PartialEq)]
pub enum SchemaChange {
    /// `CREATE KEYSPACE`.
    CreateKeyspace {
        /// Its name.
        name: String,
        /// Its replication.
        replication: ReplicationDraft,
        /// Stored and described, without other effect.
        durable_writes: bool,
        /// `IF NOT EXISTS`.
        if_not_exists: bool,
    },
    /// `ALTER KEYSPACE`.
    AlterKeyspace {
        /// Its name.
        name: String,
        /// Its new replication; `None` leaves it.
        replication: Option<ReplicationDraft>,
        /// Its new `durable_writes`; `None` leaves it.
        durable_writes: Option<bool>,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `DROP KEYSPACE`.
    DropKeyspace {
        /// Its name.
        name: String,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `CREATE TABLE`.
    CreateTable {
        /// The table.
        draft: Box<TableDraft>,
        /// `IF NOT EXISTS`.
        if_not_exists: bool,
    },
    /// `ALTER TABLE`.
    AlterTable {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        table: String,
        /// `IF EXISTS`.
        if_exists: bool,
        /// The change.
        change: TableChange,
    },
    /// `DROP TABLE`.
    DropTable {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        table: String,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `CREATE TYPE`.
    CreateType {
        /// The type.
        user_type: UserType,
        /// `IF NOT EXISTS`.
        if_not_exists: bool,
    },
    /// `ALTER TYPE`.
    AlterType {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        name: String,
        /// `IF EXISTS`.
        if_exists: bool,
        /// The change. The metadata log decides if the type admits it.
        change: TypeChange,
    },
    /// `DROP TYPE`.
    DropType {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        name: String,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `CREATE INDEX`.
    CreateIndex {
        /// Its keyspace.
        keyspace: String,
        /// Its table.
        table: String,
        /// The index.
        draft: IndexDraft,
        /// `IF NOT EXISTS`.
        if_not_exists: bool,
    },
    /// `DROP INDEX`.
    DropIndex {
        /// Its keyspace.
        keyspace: String,
        /// The indexed table; `None` if there is no such index.
        table: Option<String>,
        /// Its name.
        name: String,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `TRUNCATE`.
    Truncate {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        table: String,
    },
}

impl SchemaChange {
    /// The keyspace it concerns.
    pub fn keyspace(&self) -> &str {
        match self {
            SchemaChange::CreateKeyspace { name, .. }
            | SchemaChange::AlterKeyspace { name, .. }
            | SchemaChange::DropKeyspace { name, .. } => name,
            SchemaChange::CreateTable { draft, .. } => &draft.keyspace,
            SchemaChange::CreateType { user_type, .. } => &user_type.keyspace,
            SchemaChange::AlterTable { keyspace, .. }
            | SchemaChange::DropTable { keyspace, .. }
            | SchemaChange::AlterType { keyspace, .. }
            | SchemaChange::DropType { keyspace, .. }
            | SchemaChange::CreateIndex { keyspace, .. }
            | SchemaChange::DropIndex { keyspace, .. }
            | SchemaChange::Truncate { keyspace, .. } => keyspace,
        }
    }

    /// True if it needs dynamic data masking to be enabled. False for ADD, whose columns may carry masks for later, as
    /// in Cassandra.
    pub fn needs_masking(&self) -> bool {
        match self {
            SchemaChange::CreateTable { draft, .. } => {
                let TableDraft { partition_key, clustering, statics, regulars, .. } = &**draft;
                let mut columns = partition_key.iter().chain(clustering).chain(statics).chain(regulars);
                columns.any(|column| column.mask.is_some())
            }
            SchemaChange::AlterTable { change: TableChange::Mask { mask, .. }, .. } => mask.is_some(),
            _ => false,
        }
    }

    /// True if the schema would change; false where IF [NOT] EXISTS makes the statement a no-op.
    pub fn check(&self, schema: &Schema) -> Result<bool, Error> {
        let keyspace = schema.keyspaces.get(self.keyspace());
        let missing = || Error::invalid(format!("Keyspace '{}' doesn't exist", self.keyspace()));
        match self {
            SchemaChange::CreateKeyspace { name, if_not_exists, .. } => {
                check_absent(keyspace.is_some(), *if_not_exists, name, None)
            }
            SchemaChange::AlterKeyspace { if_exists, .. } | SchemaChange::DropKeyspace { if_exists, .. } => {
                check_present(keyspace.is_some(), *if_exists, missing)
            }
            SchemaChange::CreateTable { draft, if_not_exists } => {
                let tables = &keyspace.ok_or_else(missing)?.tables;
                check_absent(tables.contains_key(&draft.name), *if_not_exists, &draft.keyspace, Some(&draft.name))
            }
            SchemaChange::AlterTable { table, if_exists, .. } | SchemaChange::DropTable { table, if_exists, .. } => {
                let there = keyspace.is_some_and(|k| k.tables.contains_key(table));
                check_present(there, *if_exists, || unknown_table(self.keyspace(), table))
            }
            // The metadata log checks the rest.
            SchemaChange::CreateType { .. } => keyspace.map(|_| true).ok_or_else(missing),
            SchemaChange::AlterType { .. } | SchemaChange::DropType { .. } => Ok(true),
            SchemaChange::CreateIndex { .. } => Ok(true),
            SchemaChange::DropIndex { table, .. } => Ok(table.is_some()),
            SchemaChange::Truncate { table, .. } => {
                let no_keyspace = || Error::invalid(format!("keyspace {} does not exist", self.keyspace()));
                let tables = &keyspace.ok_or_else(no_keyspace)?.tables;
                check_present(tables.contains_key(table), false, || {
                    Error::invalid(format!("table {table} does not exist"))
                })
            }
        }
    }
}

fn unknown_table(keyspace: &str, table: &str) -> Error {
    Error::invalid(format!("Table '{keyspace}.{table}' doesn't exist"))
}

/// Refuses to create what exists already, unless `tolerated` by IF NOT EXISTS. Returns true if it is to be created.
fn check_absent(exists: bool, tolerated: bool, keyspace: &str, table: Option<&String>) -> Result<bool, Error> {
    if !exists || tolerated {
        return Ok(!exists);
    }
    let message = match table {
        Some(table) => format!("Cannot add already existing table \"{table}\" to keyspace \"{keyspace}\""),
        None => format!("Cannot add existing keyspace \"{keyspace}\""),
    };
    let (keyspace, table) = (keyspace.to_owned(), table.cloned().unwrap_or_default());
    Err(Error { kind: ErrorKind::AlreadyExists { keyspace, table }, message, position: None, hint: None })
}

/// Refuses a change of what does not exist, unless `tolerated` by IF EXISTS. Returns true if it exists.
fn check_present(exists: bool, tolerated: bool, error: impl FnOnce() -> Error) -> Result<bool, Error> {
    if exists || tolerated { Ok(exists) } else { Err(error()) }
}
