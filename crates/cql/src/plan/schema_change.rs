//! Changes of the schema, as statements ask for them.

use crate::error::{Error, ErrorKind};
use crate::plan::ReplicationDraft;
use henge_model::{ColumnMask, DataType, IndexDraft, Order, Schema, TableId, TableOptions, TypeChange, UserType};

/// What a statement would change. Whether it can is for the newest schema to say: see [`SchemaChange::check`].
#[derive(Clone, Debug, PartialEq)]
pub enum SchemaChange {
    /// `CREATE KEYSPACE`.
    CreateKeyspace {
        /// Its name.
        name: String,
        /// Where copies go.
        replication: ReplicationDraft,
        /// Kept and described.
        durable_writes: bool,
        /// `IF NOT EXISTS`.
        if_not_exists: bool,
    },
    /// `ALTER KEYSPACE`.
    AlterKeyspace {
        /// Its name.
        name: String,
        /// Where copies are to go, if it says so.
        replication: Option<ReplicationDraft>,
        /// Its `durable_writes`, if it says so.
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
        /// What changes.
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
        /// What changes. Whether the type admits it is for the metadata log to say.
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
        /// The table it is of; `None` if there is no such index.
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

/// What an `ALTER TABLE` changes. Whether the table admits it is for the metadata log to say.
#[derive(Clone, Debug, PartialEq)]
pub enum TableChange {
    /// `ADD`.
    Add {
        /// The columns.
        columns: Vec<AddedColumn>,
        /// `IF NOT EXISTS`.
        if_not_exists: bool,
    },
    /// `DROP`.
    Drop {
        /// Names of columns.
        columns: Vec<String>,
        /// `IF EXISTS`.
        if_exists: bool,
        /// `USING TIMESTAMP`: when they are said to have been dropped, microseconds since 1970.
        dropped_us: Option<i64>,
    },
    /// `RENAME`.
    Rename {
        /// From, to.
        names: Vec<(String, String)>,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `ALTER column MASKED WITH ...` or `DROP MASKED`.
    Mask {
        /// The column's name.
        column: String,
        /// Its type, which the mask gives; none of a column that is not there.
        data_type: Option<DataType>,
        /// Its mask from now on.
        mask: Option<ColumnMask>,
        /// `IF EXISTS`, of the column.
        if_exists: bool,
    },
    /// `WITH`.
    Options {
        /// The options that were changed.
        was: Box<TableOptions>,
        /// What came of them.
        now: Box<TableOptions>,
        /// Names of the properties that the statement gives.
        properties: Vec<String>,
    },
    /// `DROP COMPACT STORAGE`.
    DropCompactStorage,
}

/// A column that is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedColumn {
    /// Its name and type.
    pub draft: ColumnDraft,
    /// `STATIC`.
    pub is_static: bool,
}

/// A table before the metadata log has given it ids.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDraft {
    /// Its keyspace.
    pub keyspace: String,
    /// Its name.
    pub name: String,
    /// The id the statement asks for.
    pub id: Option<TableId>,
    /// Columns of the partition key, in order.
    pub partition_key: Vec<ColumnDraft>,
    /// Clustering columns, in order.
    pub clustering: Vec<ColumnDraft>,
    /// Static columns, by name.
    pub statics: Vec<ColumnDraft>,
    /// Regular columns, by name.
    pub regulars: Vec<ColumnDraft>,
    /// Settings.
    pub options: TableOptions,
    /// Names of the properties that the statement gives.
    pub properties: Vec<String>,
}

/// A column without an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDraft {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Its direction, if it is a clustering column.
    pub order: Order,
    /// Its mask.
    pub mask: Option<ColumnMask>,
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

    /// Whether it is refused where columns are not masked. Columns that are added may have masks for later, as in Cassandra.
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

    /// Whether there is anything to change in `schema`: false where IF [NOT] EXISTS says to leave it.
    pub fn check(&self, schema: &Schema) -> Result<bool, Error> {
        let keyspace = schema.keyspaces.get(self.keyspace());
        let missing = || Error::invalid(format!("Keyspace '{}' doesn't exist", self.keyspace()));
        match self {
            SchemaChange::CreateKeyspace { name, if_not_exists, .. } => {
                absent(keyspace.is_some(), *if_not_exists, name, None)
            }
            SchemaChange::AlterKeyspace { if_exists, .. } | SchemaChange::DropKeyspace { if_exists, .. } => {
                present(keyspace.is_some(), *if_exists, missing)
            }
            SchemaChange::CreateTable { draft, if_not_exists } => {
                let tables = &keyspace.ok_or_else(missing)?.tables;
                absent(tables.contains_key(&draft.name), *if_not_exists, &draft.keyspace, Some(&draft.name))
            }
            SchemaChange::AlterTable { table, if_exists, .. } | SchemaChange::DropTable { table, if_exists, .. } => {
                let there = keyspace.is_some_and(|k| k.tables.contains_key(table));
                present(there, *if_exists, || unknown_table(self.keyspace(), table))
            }
            // The rest is for the metadata log to say.
            SchemaChange::CreateType { .. } => keyspace.map(|_| true).ok_or_else(missing),
            SchemaChange::AlterType { .. } | SchemaChange::DropType { .. } => Ok(true),
            SchemaChange::CreateIndex { .. } => Ok(true),
            SchemaChange::DropIndex { table, .. } => Ok(table.is_some()),
            SchemaChange::Truncate { table, .. } => {
                let no_keyspace = || Error::invalid(format!("keyspace {} does not exist", self.keyspace()));
                let tables = &keyspace.ok_or_else(no_keyspace)?.tables;
                present(tables.contains_key(table), false, || Error::invalid(format!("table {table} does not exist")))
            }
        }
    }
}

fn unknown_table(keyspace: &str, table: &str) -> Error {
    Error::invalid(format!("Table '{keyspace}.{table}' doesn't exist"))
}

fn absent(there: bool, tolerated: bool, keyspace: &str, table: Option<&String>) -> Result<bool, Error> {
    if !there || tolerated {
        return Ok(!there);
    }
    let message = match table {
        Some(table) => format!("Cannot add already existing table \"{table}\" to keyspace \"{keyspace}\""),
        None => format!("Cannot add existing keyspace \"{keyspace}\""),
    };
    let (keyspace, table) = (keyspace.to_owned(), table.cloned().unwrap_or_default());
    Err(Error { kind: ErrorKind::AlreadyExists { keyspace, table }, message, position: None, hint: None })
}

fn present(there: bool, tolerated: bool, error: impl FnOnce() -> Error) -> Result<bool, Error> {
    if there || tolerated { Ok(there) } else { Err(error()) }
}
