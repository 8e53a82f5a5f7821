//! The cluster's metadata after a start: the state that the snapshot and the entries on disk add up to.

use crate::ground::versions::{put_version, stored_version};
use henge_metadata::{ClusterState, Log, SealedEntry, Snapshot, SnapshotError, UnspokenVersion, VersionRange};
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
    /// The cluster has gone on to formats that this release does not speak.
    #[error(transparent)]
    Version(#[from] UnspokenVersion),
    /// An entry of the metadata log on disk is damaged or out of order.
    #[error("entry {index} of the metadata log on disk cannot be used: {reason}")]
    Log {
        /// Its index.
        index: u64,
        /// The error of reading or applying it.
        reason: String,
    },
}

/// Reads the log on disk of this node, which tells its version from then on: a store of before there was a fact of it does not, nor one that
/// was made from a backup.
pub(super) fn recover_own(store: &Store, speaks: VersionRange) -> Result<(ClusterState, Log), StartError> {
    let recovered = recover(store, speaks)?;
    if stored_version(store)? < recovered.0.active_version {
        put_version(store, recovered.0.active_version)?;
    }
    Ok(recovered)
}

/// Reads a log on disk. Refused, before anything else is read, if the store may hold what is written in a version that is not spoken.
pub(super) fn recover(store: &Store, speaks: VersionRange) -> Result<(ClusterState, Log), StartError> {
    speaks.check(stored_version(store)?)?;
    let stored = store.metadata_log()?;
    let (mut state, mut log) = match stored.snapshot {
        Some(bytes) => {
            let state = Snapshot::decode(&bytes, speaks)?;
            let snapshot = Snapshot { position: state.position(), bytes };
            (state, Log::behind(snapshot))
        }
        None => (ClusterState::default(), Log::default()),
    };
    let newer = state.epoch.index;
    for (index, bytes) in stored.entries.into_iter().filter(|(index, _)| *index > newer) {
        let bad = |reason: String| StartError::Log { index, reason };
        let entry = SealedEntry::decode(bytes, speaks).map_err(|e| bad(e.to_string()))?;
        state.apply(&entry).map_err(|e| bad(e.to_string()))?;
        log.append(&entry).map_err(|e| bad(e.to_string()))?;
    }
    speaks.check(state.active_version)?;
    Ok((state, log))
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::Bytes;
    use henge_storage::ModelEngine;
    use std::sync::Arc;

    #[test]
    fn what_a_later_release_wrote_is_refused_before_it_is_read() {
        let store = Store::open(Arc::new(ModelEngine::new())).unwrap();
        store.append_entry(1, Bytes::from_static(b"\x04 an entry that this release cannot read")).unwrap();
        put_version(&store, 2).unwrap();
        let refused = recover(&store, VersionRange::OF_RELEASE).unwrap_err();
        assert!(matches!(refused, StartError::Version(_)), "{refused}");
        let text = refused.to_string();
        assert!(text.contains("the cluster writes version 2") && text.contains("speaks 1"), "{text}");
        assert!(matches!(recover(&store, VersionRange::OF_TESTS).unwrap_err(), StartError::Log { index: 1, .. }));
    }
}
