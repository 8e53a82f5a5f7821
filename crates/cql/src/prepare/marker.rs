//! Bind markers and result columns: what clients are told about them.

use crate::error::Error;
use crate::statement::Marker;
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

/// The markers met so far. They are met in any order, but end up in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct Markers {
    found: Vec<Option<BindColumn>>,
}

impl Markers {
    pub(crate) fn add(&mut self, marker: &Marker, spec: BindColumn) {
        let index = usize::from(marker.index);
        if self.found.len() <= index {
            self.found.resize(index + 1, None);
        }
        let name = marker.name.clone().unwrap_or(spec.name);
        self.found[index] = Some(ColumnSpec { name, ..spec });
    }

    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    pub(crate) fn finish(self) -> Result<Vec<BindColumn>, Error> {
        let known: Option<Vec<BindColumn>> = self.found.into_iter().collect();
        known.ok_or_else(|| Error::invalid("a bind marker stands where its type cannot be known"))
    }
}
