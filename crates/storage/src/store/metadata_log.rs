//! The metadata log on disk: a snapshot, once there is one, and entries by index.

use crate::{Batch, Engine, EngineError, Family, Flow, Op, ScanRange, Store, SyncMode, Tier};
use henge_base::Bytes;

/// The key of the snapshot. Entries have keys of eight bytes.
const SNAPSHOT_KEY: &[u8] = b"s";

/// The metadata log, as the disk holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredLog {
    /// The encoded snapshot that stands for older entries.
    pub snapshot: Option<Bytes>,
    /// Encoded entries with their indexes, in order. Some may be older than the snapshot.
    pub entries: Vec<(u64, Bytes)>,
}

impl Store {
    /// Stores an entry of the metadata log, synced.
    pub fn append_entry(&self, index: u64, entry: Bytes) -> Result<(), EngineError> {
        self.put_synced(Family::Metadata, &index.to_be_bytes(), entry)
    }

    /// Stores a snapshot of the metadata log, and removes the entries before `first_index`, in one synced batch.
    pub fn put_log_snapshot(&self, snapshot: Bytes, first_index: u64) -> Result<(), EngineError> {
        let key = Bytes::from_static(SNAPSHOT_KEY);
        let mut ops = vec![Op::Put { family: Family::Metadata, key, value: snapshot }];
        let older =
            ScanRange { family: Family::Metadata, start: &[], end: &first_index.to_be_bytes(), reversed: false };
        self.engine.scan(&older, Tier::Disk, &mut |key, _| {
            if key.len() == size_of::<u64>() {
                ops.push(Op::Delete { family: Family::Metadata, key: Bytes::copy_from_slice(key) });
            }
            Flow::Continue
        })?;
        self.engine.write(&Batch { ops }, SyncMode::Synced).map(|_| ())
    }

    /// The metadata log.
    pub fn metadata_log(&self) -> Result<StoredLog, EngineError> {
        let (mut log, mut broken) = (StoredLog::default(), false);
        let all = ScanRange { family: Family::Metadata, start: &[], end: &[], reversed: false };
        self.engine.scan(&all, Tier::Disk, &mut |key, value| {
            let value = Bytes::copy_from_slice(value);
            match key.try_into() {
                Ok(index) => log.entries.push((u64::from_be_bytes(index), value)),
                Err(_) if key == SNAPSHOT_KEY => log.snapshot = Some(value),
                Err(_) => broken = true,
            }
            Flow::Continue
        })?;
        if broken {
            return Err(EngineError::Corrupt("an entry of the metadata log has no index".to_owned()));
        }
        Ok(log)
    }
}
