//! The version of formats that this node writes: whoever writes asks here. And the one that its directory may hold.

use henge_metadata::VersionRange;
use henge_storage::{EngineError, Store};
use std::sync::atomic::{AtomicU32, Ordering};

/// Name of the local fact that holds the newest version of what may be in the directory. Its form is the same in all versions: a number.
const FACT: &str = "version";

/// The newest version of what may be in a store; 0 if it does not tell.
pub(crate) fn stored_version(store: &Store) -> Result<u32, EngineError> {
    let Some(bytes) = store.local(FACT)? else { return Ok(0) };
    let version = bytes.as_ref().try_into().map(u32::from_be_bytes);
    version.map_err(|_| EngineError::Corrupt(format!("the fact {FACT} cannot be read")))
}

/// Has a store tell that it may hold what is written in a version, synced.
pub(crate) fn put_version(store: &Store, version: u32) -> Result<(), EngineError> {
    store.put_local(FACT, &version.to_be_bytes())
}

/// The versions of one node.
#[derive(Debug)]
pub(crate) struct Versions {
    speaks: VersionRange,
    /// The version of the cluster; 0 before the node is in one.
    active: AtomicU32,
}

impl Versions {
    /// A node without a cluster.
    pub(crate) fn new(speaks: VersionRange) -> Versions {
        Versions { speaks, active: AtomicU32::new(0) }
    }

    /// Those that this node reads.
    pub(crate) fn speaks(&self) -> VersionRange {
        self.speaks
    }

    /// The one that it writes: the cluster's. Without a cluster the lowest, which members of any release that may have it read.
    pub(crate) fn active(&self) -> u32 {
        match self.active.load(Ordering::Relaxed) {
            0 => self.speaks.lowest,
            active => active,
        }
    }

    /// The cluster writes this version now. For whoever publishes the log.
    pub(crate) fn set_active(&self, version: u32) {
        self.active.store(version, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_storage::ModelEngine;
    use std::sync::Arc;

    #[test]
    fn the_version_is_read_back() {
        let store = Store::open(Arc::new(ModelEngine::new())).unwrap();
        assert_eq!(stored_version(&store), Ok(0));
        put_version(&store, 2).unwrap();
        assert_eq!(stored_version(&store), Ok(2));
        store.put_local(FACT, &[0; 3]).unwrap();
        assert!(stored_version(&store).is_err());
    }

    #[test]
    fn a_node_without_a_cluster_writes_the_lowest() {
        let versions = Versions::new(VersionRange { lowest: 2, newest: 4 });
        assert_eq!(versions.active(), 2);
        versions.set_active(3);
        assert_eq!((versions.active(), versions.speaks().newest), (3, 4));
    }
}
