//! Backups: what the node that makes one asks of every member, and what each answers.

use serde::{Deserialize, Serialize};

/// An order to a member to back itself up. Given again, it asks how far that is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BackupOrder {
    /// The place: a folder that every member has, or a bucket.
    pub to: String,
    /// The name of the backup.
    pub name: String,
    /// A number that another attempt at the same backup does not have.
    pub run: u64,
    /// Bytes that it may read of its files in a second; 0 for no limit.
    pub bytes_per_second: u64,
    /// True to stop.
    pub is_aborted: bool,
}

/// The part of a member in a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberBackup {
    /// Bytes of its files; 0 until that is known.
    pub total_bytes: u64,
    /// Bytes of files that are done.
    pub done_bytes: u64,
    /// Bytes that were not in the place before.
    pub written_bytes: u64,
    /// The checksum of its manifest, once everything is there.
    pub manifest: Option<String>,
    /// The reason why it failed, once it has.
    pub error: Option<String>,
}

/// A table to restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoredName {
    /// Its keyspace.
    pub keyspace: String,
    /// Its name.
    pub table: String,
    /// Another name, under which it is restored beside its live self.
    pub new_name: Option<String>,
}

/// A table that was restored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoredTable {
    /// Its keyspace.
    pub keyspace: String,
    /// Its name now.
    pub table: String,
    /// Rows that were written.
    pub rows: u64,
    /// Bytes of these, encoded.
    pub bytes: u64,
}
