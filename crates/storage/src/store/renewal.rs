//! A copy of a node's store becomes the store of another node: rows, tombstones, indexes and logged batches stay, and whatever the old
//! node was, promised or owed goes.

use crate::{Batch, Engine, EngineError, Family, Flow, Op, ScanRange, Store, SyncMode, Tier};
use henge_base::Bytes;

/// The beginnings of the facts that are about tables, and not about the node.
const KEPT_FACTS: [&[u8]; 2] = [b"fence/", b"index/"];
/// The families of what the old node promised and owed.
const DROPPED: [Family; 2] = [Family::Paxos, Family::Hints];
/// Above every key: these begin with a storage id or a host id.
const KEY_END: [u8; 32] = [0xFF; 32];

impl Store {
    /// Makes a store that nobody uses the one of another node, whose metadata log begins with a snapshot. Open it anew before it is used.
    pub fn renew(&self, log_snapshot: Bytes) -> Result<(), EngineError> {
        for family in DROPPED {
            self.engine.remove(family, &[], &KEY_END)?;
        }
        let mut ops = Vec::new();
        let facts = ScanRange { family: Family::Local, start: &[], end: &[], reversed: false };
        self.engine.scan(&facts, Tier::Disk, &mut |key, _| {
            if !KEPT_FACTS.iter().any(|kept| key.starts_with(kept)) {
                ops.push(Op::Delete { family: Family::Local, key: Bytes::copy_from_slice(key) });
            }
            Flow::Continue
        })?;
        self.engine.write(&Batch { ops }, SyncMode::Synced)?;
        self.put_log_snapshot(log_snapshot, u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Hint, ModelEngine};
    use henge_base::HostId;
    use std::sync::Arc;

    fn keys(engine: &dyn Engine, family: Family) -> Vec<Vec<u8>> {
        let mut keys = Vec::new();
        let all = ScanRange { family, start: &[], end: &[], reversed: false };
        let scanned = engine.scan(&all, Tier::Disk, &mut |key, _| {
            keys.push(key.to_vec());
            Flow::Continue
        });
        scanned.unwrap();
        keys
    }

    #[test]
    fn rows_stay_and_what_was_the_nodes_own_goes() {
        let engine: Arc<dyn Engine> = Arc::new(ModelEngine::default());
        let put = |family, key: &'static [u8]| Op::Put { family, key: key.into(), value: Bytes::from_static(b"x") };
        let families = [Family::Index, Family::Batchlog, Family::Paxos];
        let ops = families.into_iter().map(|family| put(family, b"\0\0\0\x09\xFFkey")).collect();
        engine.write(&Batch { ops }, SyncMode::Synced).unwrap();
        let store = Store::open(Arc::clone(&engine)).unwrap();
        let to = HostId(uuid::Uuid::from_u128(u128::MAX / 2));
        store.add_hints(vec![Hint { to, mutation: Bytes::from_static(b"m"), created: 5 }]).unwrap();
        for name in ["clock_lease", "sighting/1", "stream/plan"] {
            store.put_local(name, b"1").unwrap();
        }
        store.raise_fence(henge_model::StorageId(0xFF00_0009), 7).unwrap();
        store.append_entry(1, Bytes::from_static(b"e")).unwrap();
        store.renew(Bytes::from_static(b"new")).unwrap();
        let count = |family| keys(&*engine, family).len();
        assert_eq!([Family::Index, Family::Batchlog, Family::Paxos, Family::Hints].map(count), [1, 1, 0, 0]);
        assert_eq!(keys(&*engine, Family::Local), [b"fence/\xFF\0\0\x09".to_vec()]);
        let again = Store::open(Arc::clone(&engine)).unwrap();
        assert_eq!(again.hint_total(), 0);
        let log = again.metadata_log().unwrap();
        assert_eq!((log.snapshot, log.entries), (Some(Bytes::from_static(b"new")), vec![]));
    }
}
