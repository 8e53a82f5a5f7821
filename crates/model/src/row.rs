//! A row in its parts: a marker, a deletion, and cells sorted by column.

use base::Bytes;
use base::Micros;
use henge_base as base;
use serde::{Deserialize, Serialize};

/// A column's stable number within its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ColumnId(pub u32);

/// One version of a row, or several merged. All parts are optional; a row without any says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The trace that INSERT leaves besides cells: the row exists even if every cell is null (CASSANDRA-4361's row
    /// marker).
    pub marker: Option<Marker>,
    /// The row's deletion: everything in the row at or below its timestamp is deleted.
    pub deletion: Option<Deletion>,
    /// The cells, sorted by (column, complex deletion first, path), no two with the same place.
    pub cells: Vec<Cell>,
}

/// The trace of an INSERT: the row exists until the marker expires or is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The INSERT's timestamp.
    pub timestamp: Micros,
    /// TTL in seconds and expiry in seconds since the epoch; `None` for an INSERT without TTL.
    pub expiry: Option<(u32, i64)>,
}

/// A deletion of everything written at or below `timestamp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deletion {
    /// The DELETE's timestamp.
    pub timestamp: Micros,
    /// The time at which the deletion was executed, in seconds since the epoch. The tombstone's age counts from here,
    /// never from `timestamp`.
    pub local_seconds: i64,
}

/// One cell of one column; a non-frozen collection has one cell per element, told apart by `path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The cell's column.
    pub column: ColumnId,
    /// Empty for a simple column; the element's key (map key, set element, list time-uuid) of a collection.
    pub path: Bytes,
    /// The write's timestamp, microseconds.
    pub timestamp: Micros,
    /// The value or deletion.
    pub kind: CellKind,
}

/// The content of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// A value that does not expire.
    Live {
        /// Native encoding of the value.
        value: Bytes,
    },
    /// A value that counts as deleted from `expires` on.
    Expiring {
        /// Native encoding of the value.
        value: Bytes,
        /// The TTL it was written with, in seconds.
        ttl: u32,
        /// The expiry, in seconds since the epoch: the first second at which the value is deleted.
        expires: i64,
    },
    /// The cell is deleted.
    Tombstone {
        /// The time at which the deletion was executed, in seconds since the epoch.
        local_seconds: i64,
    },
    /// Every element of the column at or below the timestamp is deleted. The cell's path is empty, and it sorts first
    /// in its column.
    ComplexDeletion {
        /// The time at which the deletion was executed, in seconds since the epoch.
        local_seconds: i64,
    },
}
