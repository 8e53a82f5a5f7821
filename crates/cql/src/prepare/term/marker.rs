//! Bind markers, as they are described to clients.

use crate::error::Error;
use crate::plan::{BindColumn, ColumnSpec};
use crate::statement::Marker;
use henge_model::{Column, Table};

/// The markers found so far, by index. They may be found in any order.
#[derive(Debug, Default)]
pub(crate) struct Markers {
    found: Vec<Option<FoundMarker>>,
}

/// A marker with its description. `target` is its column, which routing uses even if the marker has a name of its own.
#[derive(Clone, Debug)]
struct FoundMarker {
    spec: BindColumn,
    target: String,
}

impl Markers {
    pub(crate) fn add(&mut self, marker: &Marker, spec: BindColumn) {
        let index = usize::from(marker.index);
        if self.found.len() <= index {
            self.found.resize(index + 1, None);
        }
        let target = spec.name;
        let name = marker.name.clone().unwrap_or_else(|| target.clone());
        self.found[index] = Some(FoundMarker { spec: ColumnSpec { name, ..spec }, target });
    }

    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    pub(crate) fn finish(self) -> Result<Vec<BindColumn>, Error> {
        let known: Option<Vec<BindColumn>> = self.found.into_iter().map(|found| found.map(|f| f.spec)).collect();
        known.ok_or_else(|| Error::invalid("a bind marker stands where its type cannot be known"))
    }

    /// The marker of each component of the partition key, the last if there are several. Empty unless each component
    /// has one and every marker belongs to this table. Drivers route by these.
    pub(crate) fn partition_indexes(&self, table: &Table) -> Vec<u16> {
        let of_table = |f: &FoundMarker| *f.spec.keyspace == *table.keyspace && *f.spec.table == *table.name;
        if !self.found.iter().flatten().all(of_table) {
            return Vec::new();
        }
        let last =
            |column: &Column| self.found.iter().rposition(|f| f.as_ref().is_some_and(|f| f.target == column.name));
        let places: Option<Vec<usize>> = table.partition_key.iter().map(last).collect();
        places.unwrap_or_default().into_iter().filter_map(|place| u16::try_from(place).ok()).collect()
    }
}
