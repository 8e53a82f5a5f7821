//! Columns of answers and of bind markers, as clients are told about them.

use henge_model::{DataType, Table};
use std::sync::Arc;

/// A column of an answer, or what a bind marker is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Keyspace of the table.
    pub keyspace: Arc<str>,
    /// The table.
    pub table: Arc<str>,
    /// Column, alias or expression; of a marker the column it is for, or its own name.
    pub name: String,
    /// The type of its values.
    pub data_type: DataType,
}

/// What a bind marker takes.
pub type BindColumn = ColumnSpec;

/// A column of an answer.
pub type ResultColumn = ColumnSpec;

/// Makes the [`ColumnSpec`]s of one table.
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
