//! The seam to an ordered key-value store. Synchronous, and starts no threads of its own that callers have to know of.

use crate::{EngineError, Family, Figures};
use henge_base::Bytes;

/// The moment at which a write becomes visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncMode {
    /// Once it is on disk.
    Synced,
    /// Once it is in memory and in the log, which a later [`Engine::sync`] brings to disk.
    Unsynced,
}

/// The outcome of an attempt from memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryOutcome {
    /// Answered.
    Done,
    /// Answered, from more than [`crate::FOLD_AT_VERSIONS`] versions that had to be merged: folding them is worth a write.
    Piled,
    /// The disk would have to be asked; nothing was answered.
    WouldBlock,
}

/// The slowest medium that a read may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Memory only.
    Memory,
    /// The disk too: for disk lanes.
    Disk,
}

/// The decision to continue or stop a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Continue with the next key.
    Continue,
    /// Stop here.
    Stop,
}

/// The end of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanEnd {
    /// At the end of its range.
    Done,
    /// The caller stopped it.
    Stopped,
    /// At a key that is not in memory.
    WouldBlock,
}

/// Keys to scan, in order, from one that is included to one that is not.
#[derive(Clone, Copy, Debug)]
pub struct ScanRange<'a> {
    /// The family.
    pub family: Family,
    /// The lowest key.
    pub start: &'a [u8],
    /// Above the highest key; empty for no bound.
    pub end: &'a [u8],
    /// From the highest key down.
    pub reversed: bool,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Merges an encoded row into a key. The only way for user data.
    Merge {
        /// A family whose values merge.
        family: Family,
        /// The key.
        key: Bytes,
        /// The row.
        value: Bytes,
    },
    /// Sets a key.
    Put {
        /// The family.
        family: Family,
        /// The key.
        key: Bytes,
        /// The value.
        value: Bytes,
    },
    /// Removes a key of a node-local family.
    Delete {
        /// The family.
        family: Family,
        /// The key.
        key: Bytes,
    },
    /// Removes all keys of a range. What is written to them later, in this batch or another, stays.
    DeleteRange {
        /// The family.
        family: Family,
        /// The lowest key.
        start: Bytes,
        /// Above the highest key.
        end: Bytes,
    },
}

impl Op {
    /// A key of the table from which a range of keys is removed; `None` if none is.
    pub(crate) fn removed_from(&self) -> Option<&Bytes> {
        match self {
            Op::DeleteRange { start, .. } => Some(start),
            Op::Merge { .. } | Op::Put { .. } | Op::Delete { .. } => None,
        }
    }
}

/// Changes that become visible, and survive a crash, together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The changes in order.
    pub ops: Vec<Op>,
}

/// An ordered key-value store with families.
pub trait Engine: Send + Sync {
    /// Looks a key up in memory. `hit` is called once unless the answer is [`MemoryOutcome::WouldBlock`].
    fn try_get(
        &self,
        family: Family,
        key: &[u8],
        hit: &mut dyn FnMut(Option<&[u8]>),
    ) -> Result<MemoryOutcome, EngineError>;
    /// Looks a key up, on disk if need be. Calls `hit` once.
    fn get(&self, family: Family, key: &[u8], hit: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), EngineError>;
    /// Goes through a range; one consistent cut of it.
    fn scan(
        &self,
        range: &ScanRange<'_>,
        tier: Tier,
        row: &mut dyn FnMut(&[u8], &[u8]) -> Flow,
    ) -> Result<ScanEnd, EngineError>;
    /// Writes a batch; gives its sequence number. Unsynced it never waits: [`EngineError::Stalled`] instead.
    fn write(&self, batch: &Batch, sync: SyncMode) -> Result<u64, EngineError>;
    /// Brings everything written so far to disk; gives the durable sequence number.
    fn sync(&self) -> Result<u64, EngineError>;
    /// Removes all keys of a range for good: of a table that is gone, whose keys are never written again.
    fn remove(&self, family: Family, start: &[u8], end: &[u8]) -> Result<(), EngineError>;
    /// The sequence number of the last write there is.
    fn sequence(&self) -> u64;
    /// A sequence number up to which everything is known to be on disk; 0 until something was synced.
    fn durable(&self) -> u64;
    /// Bytes of a range in files, about.
    fn disk_bytes(&self, family: Family, start: &[u8], end: &[u8]) -> Result<u64, EngineError>;
    /// Writes memory tables to files.
    fn flush(&self) -> Result<(), EngineError>;
    /// A consistent cut of all families, for one page at most.
    fn snapshot(&self) -> Box<dyn EngineView + '_>;
    /// Figures for metrics.
    fn figures(&self) -> Figures;
}

/// A consistent cut.
pub trait EngineView {
    /// As [`Engine::get`].
    fn get(&self, family: Family, key: &[u8], hit: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), EngineError>;
    /// As [`Engine::scan`] with the disk.
    fn scan(&self, range: &ScanRange<'_>, row: &mut dyn FnMut(&[u8], &[u8]) -> Flow) -> Result<ScanEnd, EngineError>;
}
