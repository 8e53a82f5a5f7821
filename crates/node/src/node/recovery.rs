//! The cluster's metadata after a start: the state that the snapshot and the entries on disk add up to.

use henge_metadata::{ClusterState, Log, SealedEntry, Snapshot, SnapshotError};
use henge_storage::Store;

/// A node could not start from what its store holds.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] henge_storage::EngineError),
    /// The snapshot of the metadata log on disk is damaged.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// An entry of the metadata log on disk is damaged or out of order.
    #[error("entry {index} of the metadata log on disk cannot be used: {reason}")]
    Log {
        /// Its index.
        index: u64,
        /// The error of reading or applying it.
        reason: String,
    },
}

/// Reads the log on disk.
pub(super) fn recover(store: &Store) -> Result<(ClusterState, Log), StartError> {
    let stored = store.metadata_log()?;
    let (mut state, mut log) = match stored.snapshot {
        Some(bytes) => {
            let state = Snapshot::decode(&bytes)?;
            let snapshot = Snapshot { position: state.position(), bytes };
            (state, Log::behind(snapshot))
        }
        None => (ClusterState::default(), Log::default()),
    };
    let newer = state.epoch.index;
    for (index, bytes) in stored.entries.into_iter().filter(|(index, _)| *index > newer) {
        let bad = |reason: String| StartError::Log { index, reason };
        let entry = SealedEntry::decode(bytes).map_err(|e| bad(e.to_string()))?;
        state.apply(&entry).map_err(|e| bad(e.to_string()))?;
        log.append(&entry).map_err(|e| bad(e.to_string()))?;
    }
    Ok((state, log))
}
