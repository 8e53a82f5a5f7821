//! Translation of RocksDB's errors into the engine's.

use henge_storage::{EngineError, SyncMode};
use rocksdb::{Error, ErrorKind};
use std::path::PathBuf;

/// The engine's directory cannot be opened or copied.
#[derive(Debug, thiserror::Error)]
#[error("the storage engine cannot open {path}: {reason}")]
pub struct OpenError {
    /// The directory opened, or the one to copy to.
    pub path: PathBuf,
    /// RocksDB's message.
    pub reason: String,
}

/// The engine's error for a failed read.
pub(crate) fn read_error(error: &Error) -> EngineError {
    match error.kind() {
        ErrorKind::Corruption => EngineError::Corrupt(error.to_string()),
        _ => EngineError::Io(error.to_string()),
    }
}

/// The engine's error for a failed write.
pub(crate) fn write_error(error: &Error, sync: SyncMode) -> EngineError {
    classify_write_error(error.kind(), error.to_string(), sync)
}

/// The engine's error for a failed sync of the log: always fatal. The kernel may have dropped the pages and reports
/// that only once, so a later sync that succeeds proves nothing.
pub(crate) fn sync_error(error: &Error) -> EngineError {
    EngineError::Sync(error.to_string())
}

/// True if a read from memory would have had to read from disk.
pub(crate) fn would_block(error: &Error) -> bool {
    error.kind() == ErrorKind::Incomplete
}

/// The error for a write. Only a refusal before the log is certain; after any other failure the write may be in the
/// log.
fn classify_write_error(kind: ErrorKind, text: String, sync: SyncMode) -> EngineError {
    match kind {
        // With `no_slowdown` a write fails instead of waiting. Without it this status is unexpected, and fatal.
        ErrorKind::Incomplete if sync == SyncMode::Unsynced => EngineError::Stalled,
        ErrorKind::IOError if is_full(&text) => EngineError::Full,
        // A write reads nothing that may be damaged: this is the error of background work, after which every write fails.
        ErrorKind::Corruption => EngineError::Stopped(text),
        _ => EngineError::Sync(text),
    }
}

/// True if the disk was full while the log was appended to. File systems that allocate late may report it in a sync as
/// well; then part of what was acknowledged is lost, and the error is fatal.
fn is_full(text: &str) -> bool {
    let space = ["No space left", "Max allowed space was reached"];
    let syncs = ["While fdatasync", "While fsync", "While sync_file_range"];
    space.iter().any(|words| text.contains(words)) && !syncs.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(kind: ErrorKind, text: &str, sync: SyncMode) -> EngineError {
        classify_write_error(kind, text.to_owned(), sync)
    }

    #[test]
    fn a_stall_is_one_where_writes_do_not_wait() {
        assert_eq!(
            fails(ErrorKind::Incomplete, "Result incomplete: Write stall", SyncMode::Unsynced),
            EngineError::Stalled
        );
        assert!(fails(ErrorKind::Incomplete, "Result incomplete: Write stall", SyncMode::Synced).is_fatal());
    }

    #[test]
    fn a_full_disk_is_no_failed_sync() {
        let full = "IO error: No space left on device: While appending to file: /d/1.log: No space left on device";
        assert_eq!(fails(ErrorKind::IOError, full, SyncMode::Synced), EngineError::Full);
        assert_eq!(fails(ErrorKind::IOError, full, SyncMode::Unsynced), EngineError::Full);
        let lost = "IO error: No space left on device: While fdatasync: /d/1.log: No space left on device";
        assert!(fails(ErrorKind::IOError, lost, SyncMode::Synced).is_fatal());
    }

    #[test]
    fn the_rest_is_a_stopped_engine_or_unknown() {
        let stopped = fails(ErrorKind::Corruption, "Corruption: x", SyncMode::Unsynced);
        assert!(matches!(stopped, EngineError::Stopped(_)) && stopped.is_fatal());
        let sync = "IO error: While fdatasync: /d/1.log: Input/output error";
        assert!(fails(ErrorKind::IOError, sync, SyncMode::Synced).is_fatal());
    }
}
