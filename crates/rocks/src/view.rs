//! A consistent view of all families.

use crate::RocksEngine;
use crate::error;
use crate::scan::{scan_options, walk_range};
use henge_storage::{EngineError, EngineView, Family, Flow, ScanEnd, ScanRange, Tier};
use rocksdb::{DB, ReadOptions, SnapshotWithThreadMode};

/// A snapshot. RocksDB keeps the versions that it sees for as long as it exists.
pub(crate) struct SnapshotView<'a> {
    engine: &'a RocksEngine,
    snapshot: SnapshotWithThreadMode<'a, DB>,
}

impl<'a> SnapshotView<'a> {
    pub(crate) fn new(engine: &'a RocksEngine) -> SnapshotView<'a> {
        SnapshotView { engine, snapshot: engine.db.snapshot() }
    }
}

impl EngineView for SnapshotView<'_> {
    fn get(&self, family: Family, key: &[u8], hit: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), EngineError> {
        let handle = self.engine.handle(family)?;
        let value =
            self.snapshot.get_pinned_cf_opt(handle, key, ReadOptions::default()).map_err(|e| error::read_error(&e))?;
        hit(value.as_deref());
        Ok(())
    }

    fn scan(&self, range: &ScanRange<'_>, row: &mut dyn FnMut(&[u8], &[u8]) -> Flow) -> Result<ScanEnd, EngineError> {
        let handle = self.engine.handle(range.family)?;
        walk_range(self.snapshot.raw_iterator_cf_opt(handle, scan_options(range, Tier::Disk)), range.reversed, row)
    }
}
