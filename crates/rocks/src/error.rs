//! From RocksDB's statuses to what storage knows.

use henge_storage::{EngineError, SyncMode};
use rocksdb::{Error, ErrorKind};
use std::path::PathBuf;

/// The engine's directory cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the storage engine cannot open {path}: {reason}")]
pub struct OpenError {
    /// The directory.
    pub path: PathBuf,
    /// RocksDB's words.
    pub reason: String,
}

/// What a failed read means.
pub(crate) fn read(error: &Error) -> EngineError {
    match error.kind() {
        ErrorKind::Corruption => EngineError::Corrupt(error.to_string()),
        _ => EngineError::Io(error.to_string()),
    }
}

/// What a failed write means. Only a refusal before the log leaves things known.
pub(crate) fn write(error: &Error, sync: SyncMode) -> EngineError {
    match error.kind() {
        ErrorKind::Incomplete if sync == SyncMode::Unsynced => EngineError::Stalled,
        _ if is_full(error) => EngineError::Full,
        ErrorKind::Corruption => EngineError::Corrupt(error.to_string()),
        _ => EngineError::Sync(error.to_string()),
    }
}

fn is_full(error: &Error) -> bool {
    error.kind() == ErrorKind::IOError && error.to_string().contains("No space left")
}

/// Whether a read would have had to go to the disk.
pub(crate) fn would_block(error: &Error) -> bool {
    error.kind() == ErrorKind::Incomplete
}
