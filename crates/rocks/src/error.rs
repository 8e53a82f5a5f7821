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

/// What a failed write means.
pub(crate) fn write(error: &Error, sync: SyncMode) -> EngineError {
    written(error.kind(), error.to_string(), sync)
}

/// What a failed sync of the log means: whatever RocksDB says, the kernel may have dropped the pages and will not say
/// so again, so that a second attempt that succeeds proves nothing.
pub(crate) fn sync(error: &Error) -> EngineError {
    EngineError::Sync(error.to_string())
}

/// Whether a read would have had to go to the disk.
pub(crate) fn would_block(error: &Error) -> bool {
    error.kind() == ErrorKind::Incomplete
}

/// Only a refusal before the log leaves things known; whatever else failed may have reached it.
fn written(kind: ErrorKind, text: String, sync: SyncMode) -> EngineError {
    match kind {
        // Without `no_slowdown` a write waits instead: there this would be something unheard of.
        ErrorKind::Incomplete if sync == SyncMode::Unsynced => EngineError::Stalled,
        ErrorKind::IOError if is_full(&text) => EngineError::Full,
        ErrorKind::Corruption => EngineError::Corrupt(text),
        _ => EngineError::Sync(text),
    }
}

/// Whether space ran out while something was appended. File systems that allocate late may say so in a sync as well:
/// then part of what was acknowledged before is lost.
fn is_full(text: &str) -> bool {
    let space = ["No space left", "Max allowed space was reached"];
    let syncs = ["While fdatasync", "While fsync", "While sync_file_range"];
    space.iter().any(|words| text.contains(words)) && !syncs.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(kind: ErrorKind, text: &str, sync: SyncMode) -> EngineError {
        written(kind, text.to_owned(), sync)
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
    fn the_rest_is_damage_or_unknown() {
        assert!(matches!(fails(ErrorKind::Corruption, "Corruption: x", SyncMode::Synced), EngineError::Corrupt(_)));
        let sync = "IO error: While fdatasync: /d/1.log: Input/output error";
        assert!(fails(ErrorKind::IOError, sync, SyncMode::Synced).is_fatal());
    }
}
