//! The cluster's metadata after a start: the state that the log on disk adds up to.

use henge_metadata::{ClusterState, Entry, Log};
use henge_storage::Store;

/// A node could not start from what its store holds.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] henge_storage::EngineError),
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
    let (mut state, mut log) = (ClusterState::default(), Log::default());
    for (index, bytes) in store.entries()? {
        let bad = |reason: String| StartError::Log { index, reason };
        let entry = Entry::decode(&bytes).map_err(|e| bad(e.to_string()))?;
        state.apply(&entry).map_err(|e| bad(e.to_string()))?;
        log.append(entry).map_err(|e| bad(e.to_string()))?;
    }
    Ok((state, log))
}
