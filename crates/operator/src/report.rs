//! Reports, which a node answers at once.

use serde::{Deserialize, Serialize};

/// A copy of a node's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// When it was taken, in seconds since 1970.
    pub created_seconds: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Bytes that removing it would free: those of files that it shares with nobody.
    pub own_bytes: u64,
    /// Its folder on the node's machine.
    pub path: String,
}

/// Tables to report on: all without a keyspace, those of a keyspace without a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSelection {
    /// The keyspace.
    pub keyspace: Option<String>,
    /// The table.
    pub table: Option<String>,
}

/// A table on one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableStats {
    /// Its keyspace.
    pub keyspace: String,
    /// Its name.
    pub table: String,
    /// Bytes in files.
    pub disk_bytes: u64,
    /// Partitions, estimated from samples.
    pub partitions: u64,
}
