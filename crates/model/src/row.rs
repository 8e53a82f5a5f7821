//! A row as its parts: a marker, a deletion, and cells sorted by column.

use base::Bytes;
use base::Micros;
use henge_base as base;
use serde::{Deserialize, Serialize};

/// A column's stable number within its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ColumnId(pub u32);

/// One version of a row, or several merged. All parts are optional; a row of nothing says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// What INSERT leaves besides cells: the row exists even if every cell is null (CASSANDRA-4361's row marker).
    pub marker: Option<Marker>,
    /// Everything in the row at or below its timestamp is deleted.
    pub deletion: Option<Deletion>,
    /// Sorted by (column, complex deletion first, path), no two alike.
    pub cells: Vec<Cell>,
}

/// That a row was inserted, when, and until when that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The INSERT's timestamp.
    pub timestamp: Micros,
    /// TTL in seconds and expiry in seconds since the epoch, of an INSERT with TTL.
    pub expiry: Option<(u32, i64)>,
}

/// A deletion: covers what was written at or below `timestamp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deletion {
    /// The DELETE's timestamp.
    pub timestamp: Micros,
    /// When it was made, in seconds since the epoch: the tombstone's age counts from here, never from `timestamp`.
    pub local_seconds: i64,
}

/// One cell of one column; a non-frozen collection has one cell per element, told apart by `path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its column.
    pub column: ColumnId,
    /// Empty for a simple column; the element's key (map key, set element, list time-uuid) of a collection.
    pub path: Bytes,
    /// When it was written.
    pub timestamp: Micros,
    /// What was written.
    pub kind: CellKind,
}

/// What a cell says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// A value for ever.
    Live {
        /// Native encoding of the value.
        value: Bytes,
    },
    /// A value until `expires`.
    Expiring {
        /// Native encoding of the value.
        value: Bytes,
        /// The TTL it was written with, in seconds.
        ttl: u32,
        /// Seconds since the epoch from which on it is deleted.
        expires: i64,
    },
    /// The cell is deleted.
    Tombstone {
        /// When that was done, seconds since the epoch.
        local_seconds: i64,
    },
    /// Every element of the column at or below the timestamp is deleted. Its path is empty and it sorts first in its column.
    ComplexDeletion {
        /// When that was done, seconds since the epoch.
        local_seconds: i64,
    },
}
