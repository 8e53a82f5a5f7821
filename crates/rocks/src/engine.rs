//! The engine.

use crate::error::{self, OpenError, would_block};
use crate::options::{RocksOptions, database, families};
use crate::view::View;
use henge_storage::{
    Batch, Engine, EngineError, EngineView, Family, Figures, Flow, Op, ScanRange, Scanned, SyncMode, Tier, Tried,
};
use parking_lot::Mutex;
use rocksdb::{Cache, ColumnFamily, DB, DBRawIterator, FlushOptions, ReadOptions, ReadTier, WriteBatch, WriteOptions};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// RocksDB as an [`Engine`].
pub struct RocksEngine {
    pub(crate) db: DB,
    cache: Cache,
    memory: ReadOptions,
    synced: WriteOptions,
    unsynced: WriteOptions,
    hits: AtomicU64,
    misses: AtomicU64,
    stalls: AtomicU64,
    /// Set by the first failed sync: nothing is written after it.
    failed: Mutex<Option<EngineError>>,
}

impl std::fmt::Debug for RocksEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RocksEngine").field("path", &self.db.path()).finish_non_exhaustive()
    }
}

impl RocksEngine {
    /// Opens a directory, or makes one.
    pub fn open(path: &Path, options: &RocksOptions) -> Result<RocksEngine, OpenError> {
        let failed = |reason: String| OpenError { path: path.to_owned(), reason };
        let cache = Cache::new_hyper_clock_cache(options.memory_bytes, 0);
        let db = DB::open_cf_descriptors(&database(options, &cache), path, families(&cache))
            .map_err(|e| failed(e.to_string()))?;
        for family in Family::ALL.iter().filter(|f| f.merges()) {
            // What was just written is what is read next: writing a memory table out must not cost its rows their place in memory.
            // There is no other way to set it through this binding.
            let handle =
                db.cf_handle(family.name()).ok_or_else(|| failed(format!("family {} is missing", family.name())))?;
            let setting = [("block_based_table_factory", "{prepopulate_block_cache=kFlushOnly;}")];
            db.set_options_cf(handle, &setting).map_err(|e| failed(e.to_string()))?;
        }
        let mut memory = ReadOptions::default();
        memory.set_read_tier(ReadTier::BlockCache);
        let mut synced = WriteOptions::default();
        synced.set_sync(true);
        let mut unsynced = WriteOptions::default();
        unsynced.set_no_slowdown(true);
        Ok(RocksEngine {
            db,
            cache,
            memory,
            synced,
            unsynced,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            stalls: AtomicU64::new(0),
            failed: Mutex::new(None),
        })
    }

    pub(crate) fn handle(&self, family: Family) -> Result<&ColumnFamily, EngineError> {
        let missing = || EngineError::Io(format!("family {} is missing", family.name()));
        self.db.cf_handle(family.name()).ok_or_else(missing)
    }

    fn batch(&self, batch: &Batch) -> Result<WriteBatch, EngineError> {
        let mut out = WriteBatch::default();
        for op in &batch.ops {
            match op {
                Op::Merge { family, key, value } => out.merge_cf(self.handle(*family)?, key, value),
                Op::Put { family, key, value } => out.put_cf(self.handle(*family)?, key, value),
                Op::Delete { family, key } => out.delete_cf(self.handle(*family)?, key),
            }
        }
        Ok(out)
    }

    /// Remembers a failed sync; every later write gets the same answer.
    fn settled<T>(&self, result: Result<T, EngineError>) -> Result<T, EngineError> {
        match &result {
            Err(error) if error.is_fatal() => *self.failed.lock() = Some(error.clone()),
            Err(EngineError::Stalled) => {
                self.stalls.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
        result
    }

    fn check(&self) -> Result<(), EngineError> {
        match &*self.failed.lock() {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    fn figure(&self, property: &str) -> u64 {
        let of = |family: &Family| {
            self.handle(*family).ok().and_then(|h| self.db.property_int_value_cf(h, property).ok()?)
        };
        Family::ALL.iter().filter_map(of).sum()
    }
}

impl Engine for RocksEngine {
    fn try_get(&self, family: Family, key: &[u8], hit: &mut dyn FnMut(Option<&[u8]>)) -> Result<Tried, EngineError> {
        match self.db.get_pinned_cf_opt(self.handle(family)?, key, &self.memory) {
            Ok(value) => {
                self.hits.fetch_add(1, Ordering::Relaxed);
                hit(value.as_deref());
                Ok(Tried::Done)
            }
            Err(error) if would_block(&error) => {
                self.misses.fetch_add(1, Ordering::Relaxed);
                Ok(Tried::WouldBlock)
            }
            Err(error) => Err(error::read(&error)),
        }
    }

    fn get(&self, family: Family, key: &[u8], hit: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), EngineError> {
        let value = self.db.get_pinned_cf(self.handle(family)?, key).map_err(|e| error::read(&e))?;
        hit(value.as_deref());
        Ok(())
    }

    fn scan(
        &self,
        range: &ScanRange<'_>,
        tier: Tier,
        row: &mut dyn FnMut(&[u8], &[u8]) -> Flow,
    ) -> Result<Scanned, EngineError> {
        let mut options = bounds(range);
        if tier == Tier::Memory {
            options.set_read_tier(ReadTier::BlockCache);
        }
        walk(self.db.raw_iterator_cf_opt(self.handle(range.family)?, options), range.reversed, row)
    }

    fn write(&self, batch: &Batch, sync: SyncMode) -> Result<u64, EngineError> {
        self.check()?;
        let options = match sync {
            SyncMode::Synced => &self.synced,
            SyncMode::Unsynced => &self.unsynced,
        };
        let written = self.db.write_opt(self.batch(batch)?, options).map_err(|e| error::write(&e, sync));
        self.settled(written)?;
        Ok(self.db.latest_sequence_number())
    }

    fn sync(&self) -> Result<u64, EngineError> {
        self.check()?;
        let sequence = self.db.latest_sequence_number();
        self.settled(self.db.flush_wal(true).map_err(|e| EngineError::Sync(e.to_string())))?;
        Ok(sequence)
    }

    fn flush(&self) -> Result<(), EngineError> {
        self.check()?;
        let handles: Vec<&ColumnFamily> = Family::ALL.iter().map(|f| self.handle(*f)).collect::<Result<_, _>>()?;
        self.settled(
            self.db.flush_cfs_opt(&handles, &FlushOptions::default()).map_err(|e| error::write(&e, SyncMode::Synced)),
        )
    }

    fn snapshot(&self) -> Box<dyn EngineView + '_> {
        Box::new(View::of(self))
    }

    fn figures(&self) -> Figures {
        Figures {
            compaction_pending_bytes: self.figure("rocksdb.estimate-pending-compaction-bytes"),
            compactions_running: self.figure("rocksdb.num-running-compactions"),
            write_stopped: u64::from(self.figure("rocksdb.is-write-stopped") > 0),
            stalls: self.stalls.load(Ordering::Relaxed),
            memtable_bytes: self.figure("rocksdb.cur-size-all-mem-tables"),
            cache_bytes: self.cache.get_usage() as u64,
            live_data_bytes: self.figure("rocksdb.estimate-live-data-size"),
            level0_files: self.figure("rocksdb.num-files-at-level0"),
            memory_hits: self.hits.load(Ordering::Relaxed),
            memory_misses: self.misses.load(Ordering::Relaxed),
        }
    }
}

/// Read options of a range: with bounds an iterator never looks beyond it.
pub(crate) fn bounds(range: &ScanRange<'_>) -> ReadOptions {
    let mut options = ReadOptions::default();
    if !range.start.is_empty() {
        options.set_iterate_lower_bound(range.start);
    }
    if !range.end.is_empty() {
        options.set_iterate_upper_bound(range.end);
    }
    options
}

/// Goes through an iterator that has bounds.
pub(crate) fn walk(
    mut iterator: DBRawIterator<'_>,
    reversed: bool,
    row: &mut dyn FnMut(&[u8], &[u8]) -> Flow,
) -> Result<Scanned, EngineError> {
    if reversed {
        iterator.seek_to_last();
    } else {
        iterator.seek_to_first();
    }
    while let Some((key, value)) = iterator.item() {
        if row(key, value) == Flow::Stop {
            return Ok(Scanned::Stopped);
        }
        if reversed {
            iterator.prev();
        } else {
            iterator.next();
        }
    }
    match iterator.status() {
        Ok(()) => Ok(Scanned::Done),
        Err(error) if would_block(&error) => Ok(Scanned::WouldBlock),
        Err(error) => Err(error::read(&error)),
    }
}
