//! Tables and their changes as statements ask for them, before the metadata log has given them ids.

use crate::{ColumnMask, DataType, Order, SerialScope, TableId, TableOptions};
use serde::{Deserialize, Serialize};

/// A table before the metadata log has given it ids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableDraft {
    /// Its keyspace.
    pub keyspace: String,
    /// Its name.
    pub name: String,
    /// The id that the statement asks for (`WITH ID`).
    pub id: Option<TableId>,
    /// Columns of the partition key, in order.
    pub partition_key: Vec<ColumnDraft>,
    /// Clustering columns, in order.
    pub clustering: Vec<ColumnDraft>,
    /// Static columns, by name.
    pub statics: Vec<ColumnDraft>,
    /// Regular columns, by name.
    pub regulars: Vec<ColumnDraft>,
    /// Table options.
    pub options: TableOptions,
    /// Names of the properties that the statement gives. Guardrails are held against them; they are not sent with a proposal.
    #[serde(skip)]
    pub properties: Vec<String>,
}

/// A column before the metadata log has given it an id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnDraft {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Its sort order, if it is a clustering column.
    pub order: Order,
    /// Its mask.
    #[serde(default)]
    pub mask: Option<ColumnMask>,
}

/// The change of an `ALTER TABLE`. The metadata log decides if the table admits it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
        /// `USING TIMESTAMP`: the time of the drop in microseconds since 1970; the time of the proposal if `None`.
        #[serde(default)]
        dropped_us: Option<i64>,
    },
    /// `RENAME`.
    Rename {
        /// Pairs of old and new name.
        names: Vec<(String, String)>,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `ALTER column MASKED WITH ...` or `DROP MASKED`.
    Mask {
        /// The column's name.
        column: String,
        /// The column's type as the mask implies it; `None` for a column that does not exist.
        data_type: Option<DataType>,
        /// Its new mask; `None` removes it.
        mask: Option<ColumnMask>,
        /// `IF EXISTS`, of the column.
        if_exists: bool,
    },
    /// `WITH`.
    Options {
        /// The options before the change. The log refuses the change of a table that was altered meanwhile.
        was: Box<TableOptions>,
        /// The options after the change.
        now: Box<TableOptions>,
        /// Names of the properties that the statement gives. Not sent with a proposal.
        #[serde(skip)]
        properties: Vec<String>,
    },
    /// `DROP COMPACT STORAGE`.
    DropCompactStorage,
    /// The scope of the first conditional write. Refused if the table has another one.
    FixSerialScope(SerialScope),
}

/// A column that is added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedColumn {
    /// Its name and type.
    pub draft: ColumnDraft,
    /// `STATIC`.
    pub is_static: bool,
}
