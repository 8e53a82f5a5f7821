//! The implementation of [`Engine`] over RocksDB.

use crate::error::{self, OpenError, would_block};
use crate::merge::count_operands;
use crate::options::{
    BACKGROUND_BYTES_PER_SECOND_MAX, RocksOptions, database_options, family_descriptors, set_open_options,
};
use crate::record_types;
use crate::scan::{scan_options, walk_range};
use henge_storage::{
    Batch, Engine, EngineError, EngineView, FOLD_AT_VERSIONS, Family, Figures, Flow, MemoryOutcome, Op, ScanEnd,
    ScanRange, SyncMode, Tier,
};
use parking_lot::Mutex;
use rocksdb::checkpoint::Checkpoint;
use rocksdb::{
    Cache, ColumnFamily, DB, FlushOptions, ReadOptions, ReadTier, SnapshotWithThreadMode, WriteBatch, WriteOptions,
};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// A memory table up to which it is written out at once when a table is removed: 1 MiB.
const SMALL_MEMTABLE_BYTES: u64 = 1 << 20;

/// A RocksDB database as an [`Engine`].
pub struct RocksEngine {
    pub(crate) db: DB,
    cache: Cache,
    memory: ReadOptions,
    synced: WriteOptions,
    unsynced: WriteOptions,
    hits: AtomicU64,
    misses: AtomicU64,
    stalls: AtomicU64,
    batches: AtomicU64,
    durable: AtomicU64,
    /// The first failed sync; after it nothing is written.
    failed: Mutex<Option<EngineError>>,
}

impl std::fmt::Debug for RocksEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RocksEngine").field("path", &self.db.path()).finish_non_exhaustive()
    }
}

impl RocksEngine {
    /// Opens the database in a directory, which is created if it does not exist.
    pub fn open(path: &Path, options: &RocksOptions) -> Result<RocksEngine, OpenError> {
        record_types::check_logs(path)?;
        let failed = |error: rocksdb::Error| OpenError { path: path.to_owned(), reason: error.to_string() };
        let cache = Cache::new_hyper_clock_cache(options.memory_bytes, 0);
        let settings = database_options(options, &cache).map_err(failed)?;
        let db = DB::open_cf_descriptors(&settings, path, family_descriptors(options, &cache)).map_err(failed)?;
        set_open_options(&db).map_err(failed)?;
        Ok(RocksEngine::from_database(db, cache))
    }

    fn from_database(db: DB, cache: Cache) -> RocksEngine {
        // Built once: building one costs an allocation and a tenth of a microsecond per read or write.
        let (mut memory, mut synced, mut unsynced) =
            (ReadOptions::default(), WriteOptions::default(), WriteOptions::default());
        memory.set_read_tier(ReadTier::BlockCache);
        synced.set_sync(true);
        unsynced.set_no_slowdown(true);
        let nought = AtomicU64::default;
        let (hits, misses, stalls, batches, durable) = (nought(), nought(), nought(), nought(), nought());
        RocksEngine {
            db,
            cache,
            memory,
            synced,
            unsynced,
            hits,
            misses,
            stalls,
            batches,
            durable,
            failed: Mutex::new(None),
        }
    }

    /// The bytes that flushes and compactions write in a second at most; RocksDB sets the actual limit itself, between a twentieth and all.
    pub fn background_bytes_per_second_max() -> u64 {
        BACKGROUND_BYTES_PER_SECOND_MAX.cast_unsigned()
    }

    /// Compacts all families completely, into as few files as possible.
    pub fn compact(&self) {
        Family::ALL.iter().for_each(|family| self.compact_range(*family, None, None));
    }

    /// Rewrites the files of a family that have keys from `start` up to `end` into the fewest; `None` is no bound.
    pub fn compact_range(&self, family: Family, start: Option<&[u8]>, end: Option<&[u8]>) {
        if let Ok(handle) = self.handle(family) {
            self.db.compact_range_cf(handle, start, end);
        }
    }

    /// Copies the current state of all families into a new directory. Files are hard-linked where the file system
    /// allows it; later writes do not change the copy.
    pub fn checkpoint(&self, path: &Path) -> Result<(), OpenError> {
        let failed = |error: rocksdb::Error| OpenError { path: path.to_owned(), reason: error.to_string() };
        Checkpoint::new(&self.db).and_then(|checkpoint| checkpoint.create_checkpoint(path)).map_err(failed)
    }

    /// The handle of a family. It borrows from the database, so it cannot be stored beside it; the lookup is a search
    /// among a few short names, without a lock.
    pub(crate) fn handle(&self, family: Family) -> Result<&ColumnFamily, EngineError> {
        let missing = || EngineError::Io(format!("family {} is missing", family.name()));
        self.db.cf_handle(family.name()).ok_or_else(missing)
    }

    fn write_batch(&self, batch: &Batch) -> Result<WriteBatch, EngineError> {
        let mut out = WriteBatch::default();
        for op in &batch.ops {
            match op {
                Op::Merge { family, key, value } => out.merge_cf(self.handle(*family)?, key, value),
                Op::Put { family, key, value } => out.put_cf(self.handle(*family)?, key, value),
                Op::Delete { family, key } => out.delete_cf(self.handle(*family)?, key),
                Op::DeleteRange { family, start, end } => out.delete_range_cf(self.handle(*family)?, start, end),
            }
        }
        Ok(out)
    }

    /// Records a failed sync, after which every write fails with it, and counts stalls.
    fn record_failure<T>(&self, result: Result<T, EngineError>) -> Result<T, EngineError> {
        match &result {
            Err(error) if error.is_fatal() => *self.failed.lock() = Some(error.clone()),
            Err(EngineError::Stalled) => {
                self.stalls.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
        result
    }

    fn check_writable(&self) -> Result<(), EngineError> {
        match &*self.failed.lock() {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}

impl Engine for RocksEngine {
    fn try_get(
        &self,
        family: Family,
        key: &[u8],
        hit: &mut dyn FnMut(Option<&[u8]>),
    ) -> Result<MemoryOutcome, EngineError> {
        let handle = self.handle(family)?;
        let (found, versions) = count_operands(|| self.db.get_pinned_cf_opt(handle, key, &self.memory));
        match found {
            Ok(value) => {
                self.hits.fetch_add(1, Ordering::Relaxed);
                hit(value.as_deref());
                Ok(if versions > FOLD_AT_VERSIONS { MemoryOutcome::Piled } else { MemoryOutcome::Done })
            }
            Err(error) if would_block(&error) => {
                self.misses.fetch_add(1, Ordering::Relaxed);
                Ok(MemoryOutcome::WouldBlock)
            }
            Err(error) => Err(error::read_error(&error)),
        }
    }

    fn get(&self, family: Family, key: &[u8], hit: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), EngineError> {
        let value = self.db.get_pinned_cf(self.handle(family)?, key).map_err(|e| error::read_error(&e))?;
        hit(value.as_deref());
        Ok(())
    }

    fn scan(
        &self,
        range: &ScanRange<'_>,
        tier: Tier,
        row: &mut dyn FnMut(&[u8], &[u8]) -> Flow,
    ) -> Result<ScanEnd, EngineError> {
        let iterator = self.db.raw_iterator_cf_opt(self.handle(range.family)?, scan_options(range, tier));
        walk_range(iterator, range.reversed, row)
    }

    fn write(&self, batch: &Batch, sync: SyncMode) -> Result<u64, EngineError> {
        self.check_writable()?;
        let options = match sync {
            SyncMode::Synced => &self.synced,
            SyncMode::Unsynced => &self.unsynced,
        };
        let written = self.db.write_opt(self.write_batch(batch)?, options).map_err(|e| error::write_error(&e, sync));
        self.record_failure(written)?;
        self.batches.fetch_add(1, Ordering::Relaxed);
        let sequence = self.db.latest_sequence_number();
        if sync == SyncMode::Synced {
            self.durable.fetch_max(sequence, Ordering::Release);
        }
        Ok(sequence)
    }

    fn sync(&self) -> Result<u64, EngineError> {
        self.check_writable()?;
        // Taken before the sync, which may miss writes that arrive meanwhile.
        let sequence = self.db.latest_sequence_number();
        self.record_failure(self.db.flush_wal(true).map_err(|e| error::sync_error(&e)))?;
        self.durable.fetch_max(sequence, Ordering::Release);
        Ok(sequence)
    }

    fn sequence(&self) -> u64 {
        self.db.latest_sequence_number()
    }

    fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    fn remove(&self, family: Family, start: &[u8], end: &[u8]) -> Result<(), EngineError> {
        self.check_writable()?;
        let handle = self.handle(family)?;
        // Files entirely within the range are deleted at once; a range tombstone covers the rest until compaction.
        self.db.delete_file_in_range_cf(handle, start, end).map_err(|e| error::read_error(&e))?;
        let mut batch = WriteBatch::default();
        batch.delete_range_cf(handle, start, end);
        self.record_failure(
            self.db.write_opt(batch, &self.synced).map_err(|e| error::write_error(&e, SyncMode::Synced)),
        )?;
        // What tables that come and go leave in a memory table would hold the log back until it is full.
        if self.memtable_bytes(family) > SMALL_MEMTABLE_BYTES {
            return Ok(());
        }
        self.record_failure(self.db.flush_cf(handle).map_err(|e| error::write_error(&e, SyncMode::Synced)))
    }

    fn disk_bytes(&self, family: Family, start: &[u8], end: &[u8]) -> Result<u64, EngineError> {
        let sizes = self.db.get_approximate_sizes_cf(self.handle(family)?, &[rocksdb::Range::new(start, end)]);
        Ok(sizes.iter().sum())
    }

    fn flush(&self) -> Result<(), EngineError> {
        self.check_writable()?;
        let handles: Vec<&ColumnFamily> = Family::ALL.iter().map(|f| self.handle(*f)).collect::<Result<_, _>>()?;
        self.record_failure(
            self.db
                .flush_cfs_opt(&handles, &FlushOptions::default())
                .map_err(|e| error::write_error(&e, SyncMode::Synced)),
        )
    }

    fn snapshot(&self) -> Box<dyn EngineView + '_> {
        Box::new(SnapshotView { engine: self, snapshot: self.db.snapshot() })
    }

    fn figures(&self) -> Figures {
        let properties = self.properties();
        Figures {
            write_stopped: properties.write_stopped.max(u64::from(self.failed.lock().is_some())),
            stalls: self.stalls.load(Ordering::Relaxed),
            batches: self.batches.load(Ordering::Relaxed),
            cache_bytes: self.cache.get_usage() as u64,
            memory_hits: self.hits.load(Ordering::Relaxed),
            memory_misses: self.misses.load(Ordering::Relaxed),
            ..properties
        }
    }
}

/// A consistent view of all families. RocksDB keeps the versions that it sees for as long as it exists.
struct SnapshotView<'a> {
    engine: &'a RocksEngine,
    snapshot: SnapshotWithThreadMode<'a, DB>,
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
