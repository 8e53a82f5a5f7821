//! RocksDB's settings, and the reasons for them.

use crate::merge::{MERGE_OPERATOR, full_merge, partial_merge};
use henge_storage::Family;
use rocksdb::{
    BlockBasedOptions, Cache, ChecksumType, ColumnFamilyDescriptor, DB, DBCompressionType, DBRecoveryMode,
    DEFAULT_COLUMN_FAMILY_NAME, DataBlockIndexType, Env, Error, LogLevel, Options, WriteBufferManager,
};

/// The share of memory tables in the engine's memory, as a divisor.
const MEMTABLE_MEMORY_PART: usize = 3;
/// Bytes of a memory table of user rows at which it is flushed; less if there is little memory.
const ROWS_MEMTABLE_BYTES_MAX: usize = 64 << 20;
/// Bytes of a memory table of the node's own families, which are written little.
const OWN_MEMTABLE_BYTES: usize = 4 << 20;
/// The same of families that are written over and over, and hold little at any time: what they once held soon leaves memory and the log.
const RENEWED_MEMTABLE_BYTES: usize = 512 << 10;
/// The most memory tables of a family, the one being filled included. With two, a write is refused as soon as the
/// second is full.
const MEMTABLES_MAX: i32 = 4;
/// The number of operands of one row in a memory table at which they are merged into one.
const OPERANDS_MAX: usize = 8;
const BLOCK_BYTES: usize = 8 << 10;
const BLOOM_BITS: f64 = 10.0;
/// Bytes of the log at which it is cut, whichever family holds it back, so that recovery after a crash is short.
const WAL_BYTES_MAX: u64 = 32 << 20;
/// Bytes of one file of RocksDB's own info log, of which two files are kept.
const INFO_LOG_BYTES_MAX: usize = 8 << 20;
/// Bytes of RocksDB's list of its files and of all changes to it, at which it is written anew.
const FILE_LIST_BYTES_MAX: usize = 64 << 20;
/// The age in seconds at which files of the expiring family are rewritten, so that expired rows leave the disk.
const TIMED_COMPACTION_SECONDS: u64 = 86_400;
/// Bytes of the expiring family's first level, and of each file of its levels.
const TIMED_LEVEL_BYTES: u64 = 64 << 20;
const TIMED_FILE_BYTES: u64 = 16 << 20;
/// The highest rate of flushes and compaction, in bytes per second. RocksDB adapts the actual limit between a twentieth
/// of this and all of it, so that compaction runs evenly instead of in bursts. With a smaller twentieth, compaction
/// falls behind for minutes before the limit follows.
pub(crate) const BACKGROUND_BYTES_PER_SECOND_MAX: i64 = 2 << 30;
/// The interval in microseconds at which that allowance is refilled.
const BACKGROUND_REFILL_US: i64 = 100_000;
/// One in so many refills favours compaction over flushes; the others favour flushes.
const BACKGROUND_FAIRNESS: i32 = 10;
/// A window in entries, the removals within one, and the share of removals in a whole file. A file that reaches either
/// bound is compacted soon, so that purged rows leave the disk.
const DELETION_TRIGGER: (usize, usize, f64) = (4096, 512, 0.125);

/// The resources that the engine may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RocksOptions {
    /// Bytes of the block cache, memory tables included.
    pub memory_bytes: usize,
    /// The number of threads that flush and compact.
    pub background_threads: u32,
}

impl Default for RocksOptions {
    fn default() -> Self {
        RocksOptions { memory_bytes: 256 << 20, background_threads: 2 }
    }
}

impl RocksOptions {
    fn memtable_bytes_max(&self) -> usize {
        self.memory_bytes / MEMTABLE_MEMORY_PART
    }

    /// The size of a memory table of user rows. Two of them fit into the share of memory tables, so that one can be
    /// filled while another is flushed.
    fn rows_memtable_bytes(&self) -> usize {
        (self.memtable_bytes_max() / 2).clamp(OWN_MEMTABLE_BYTES, ROWS_MEMTABLE_BYTES_MAX)
    }
}

/// Settings of the whole database.
pub(crate) fn database_options(options: &RocksOptions, cache: &Cache) -> Result<Options, Error> {
    // No automatic resume after a background error: the state on disk is unknown then, and the process ends. A full
    // disk is an exception: RocksDB polls for space and resumes, since nothing acknowledged was lost. The binding has
    // no setter for this but reads it from text, which gives new options, so it comes first.
    let mut database = Options::default().get_options_from_string("max_bgerror_resume_count=0")?;
    database.create_if_missing(true);
    database.create_missing_column_families(true);
    // A crash leaves a torn tail of the log: recovery stops at the first incomplete record.
    database.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    database.set_max_total_wal_size(WAL_BYTES_MAX);
    database.set_max_background_jobs(i32::try_from(options.background_threads).unwrap_or(2).max(1));
    // Memory tables are charged to the cache, so that one limit covers both. It never stalls writers, only flushes
    // sooner.
    let manager =
        WriteBufferManager::new_write_buffer_manager_with_cache(options.memtable_bytes_max(), false, cache.clone());
    database.set_write_buffer_manager(&manager);
    database.set_bytes_per_sync(1 << 20);
    limit_background_work(&mut database)?;
    limit_overhead(&mut database);
    Ok(database)
}

/// Lowers the priority of compaction below that of requests. Flushes keep theirs, for writers wait for them.
fn limit_background_work(database: &mut Options) -> Result<(), Error> {
    let mut threads = Env::new()?;
    threads.lower_thread_pool_cpu_priority();
    threads.lower_thread_pool_io_priority();
    database.set_env(&threads);
    database.set_auto_tuned_ratelimiter(BACKGROUND_BYTES_PER_SECOND_MAX, BACKGROUND_REFILL_US, BACKGROUND_FAIRNESS);
    Ok(())
}

/// Settings that open the database fast and keep background work from disturbing reads and the disk.
fn limit_overhead(database: &mut Options) {
    // Reads must not delete files, and opening must not read them all.
    database.set_avoid_unnecessary_blocking_io(true);
    database.set_skip_stats_update_on_db_open(true);
    // Statistics stay off, as is RocksDB's default: they cost a tenth of a read.
    database.set_stats_dump_period_sec(0);
    database.set_stats_persist_period_sec(0);
    database.set_max_manifest_file_size(FILE_LIST_BYTES_MAX);
    // Flushes and compactions fill that log with what metrics tell as well.
    database.set_log_level(LogLevel::Warn);
    database.set_keep_log_file_num(2);
    database.set_max_log_file_size(INFO_LOG_BYTES_MAX);
}

/// All families with their settings, and RocksDB's default family, which must exist and stays empty.
pub(crate) fn family_descriptors(options: &RocksOptions, cache: &Cache) -> Vec<ColumnFamilyDescriptor> {
    let unused = ColumnFamilyDescriptor::new(DEFAULT_COLUMN_FAMILY_NAME, family_options(Family::Local, options, cache));
    let ours = Family::ALL.iter().map(|f| ColumnFamilyDescriptor::new(f.name(), family_options(*f, options, cache)));
    ours.chain([unused]).collect()
}

/// Applies the settings that only an open database accepts.
pub(crate) fn set_open_options(db: &DB) -> Result<(), Error> {
    // The rows just written are those read next: a flush must not cost them their place in memory.
    let setting = [("block_based_table_factory", "{prepopulate_block_cache=kFlushAndCompaction;}")];
    let rows = Family::ALL.iter().filter(|family| family.merges());
    rows.filter_map(|family| db.cf_handle(family.name())).try_for_each(|handle| db.set_options_cf(handle, &setting))
}

fn family_options(family: Family, of: &RocksOptions, cache: &Cache) -> Options {
    let mut options = Options::default();
    options.set_block_based_table_factory(&table_options(family, cache));
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_level_compaction_dynamic_level_bytes(true);
    let rows = family.merges();
    options.set_write_buffer_size(match family {
        Family::Metadata | Family::Local => RENEWED_MEMTABLE_BYTES,
        _ if rows => of.rows_memtable_bytes(),
        _ => OWN_MEMTABLE_BYTES,
    });
    options.set_max_write_buffer_number(MEMTABLES_MAX);
    // Memory tables grow in blocks of this size; the families of a node at rest should take next to nothing.
    options.set_arena_block_size(if rows { 1 << 20 } else { 64 << 10 });
    if rows {
        options.set_merge_operator(MERGE_OPERATOR, full_merge, partial_merge);
    }
    if rows {
        // A row that is written again and again is merged when it is written, so that a read meets few operands. The
        // result is the same in any grouping. Only operands in memory are merged.
        options.set_max_successive_merges(OPERANDS_MAX);
    }
    if family == Family::Rows {
        // Most reads are not of rows just written. Other families go without, for the filter is allocated and cleared
        // for every memory table.
        options.set_memtable_whole_key_filtering(true);
        options.set_memtable_prefix_bloom_ratio(0.02);
    }
    if rows {
        let (window, removals, part) = DELETION_TRIGGER;
        options.add_compact_on_deletion_collector_factory(window, removals, part);
    }
    if family == Family::Timed {
        // A compaction needs space for its output beside its input: with small steps that is little compared with the
        // data.
        options.set_max_bytes_for_level_base(TIMED_LEVEL_BYTES);
        options.set_target_file_size_base(TIMED_FILE_BYTES);
        options.set_periodic_compaction_seconds(TIMED_COMPACTION_SECONDS);
    }
    options
}

fn table_options(family: Family, cache: &Cache) -> BlockBasedOptions {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    table.set_block_size(BLOCK_BYTES);
    table.set_format_version(6);
    table.set_checksum_type(ChecksumType::XXH3);
    table.set_cache_index_and_filter_blocks(true);
    table.set_cache_index_and_filter_blocks_with_high_priority(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    if family.merges() {
        table.set_bloom_filter(BLOOM_BITS, false);
        // Whole keys only: scans use bounds, and no read asks for a prefix.
        table.set_whole_key_filtering(true);
        table.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    }
    table
}
