//! Columns of answers and of bind markers, as clients are told about them.

use henge_model::{DataType, Table};
use std::sync::Arc;

/// The description of a result column or of a bind marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Keyspace of the table.
    pub keyspace: Arc<str>,
    /// The table.
    pub table: Arc<str>,
    /// The column, alias or expression; for a marker the column that it is compared with or assigned to, or the
    /// marker's own name.
    pub name: String,
    /// The type of the values.
    pub data_type: DataType,
}

/// The description of a bind marker.
pub type BindColumn = ColumnSpec;

/// The description of a column of the result.
pub type ResultColumn = ColumnSpec;

/// Builds the [`ColumnSpec`]s of one table.
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    keyspace: Arc<str>,
    table: Arc<str>,
}

impl Labels {
    pub(crate) fn of(table: &Table) -> Labels {
        Labels { keyspace: table.keyspace.as_str().into(), table: table.name.as_str().into() }
    }

    pub(crate) fn new(keyspace: &str, table: &str) -> Labels {
        Labels { keyspace: keyspace.into(), table: table.into() }
    }

    pub(crate) fn column(&self, name: impl Into<String>, data_type: DataType) -> ColumnSpec {
        ColumnSpec { keyspace: self.keyspace.clone(), table: self.table.clone(), name: name.into(), data_type }
    }
}
