//! RocksDB's settings, and why they are so.

use crate::merge::{MERGE_OPERATOR, full_merge, partial_merge};
use henge_storage::Family;
use rocksdb::{
    BlockBasedOptions, Cache, ChecksumType, ColumnFamilyDescriptor, DB, DBCompressionType, DBRecoveryMode,
    DEFAULT_COLUMN_FAMILY_NAME, DataBlockIndexType, Env, Error, Options, WriteBufferManager,
};

/// Memory tables take at most this part of the memory.
const BUFFERS_PART: usize = 3;
/// A memory table of a family of user rows is written out at this size, or sooner where there is little memory.
const ROWS_BUFFER: usize = 64 << 20;
/// One of the node's own families: little is written there.
const OWN_BUFFER: usize = 4 << 20;
/// Memory tables of a family that may wait to be written out. With two a write is refused as soon as the second is
/// full.
const BUFFERS: i32 = 4;
/// Operands of one row in a memory table before they are folded into one.
const OPERANDS: usize = 8;
const BLOCK: usize = 8 << 10;
const BLOOM_BITS: f64 = 10.0;
/// The log is cut when it reaches this, whatever family holds it back: a crash must not take long to recover from.
const LOG_BYTES: u64 = 32 << 20;
/// RocksDB's own diary, of which two files are kept.
const DIARY_BYTES: usize = 8 << 20;
/// Older files of an expiring family are rewritten at least so often, so that what has expired goes: 1 day.
const TIMED_SECONDS: u64 = 86_400;
/// The first level of an expiring family, and the files of all its levels.
const TIMED_LEVEL: u64 = 64 << 20;
const TIMED_FILE: u64 = 16 << 20;
/// What compaction and memory tables written out may write per second at most: 2 GiB. The limit in force is found by RocksDB,
/// between a twentieth of this and all of it, so that compaction runs evenly instead of in bursts. With a smaller twentieth
/// compaction falls behind for minutes before the limit follows.
const BACKGROUND_RATE: i64 = 2 << 30;
/// How often that allowance is handed out: 100 ms.
const BACKGROUND_REFILL_US: i64 = 100_000;
/// Compaction is passed over for memory tables nine times of ten.
const BACKGROUND_FAIRNESS: i32 = 10;
/// A file of which so many entries in a row, or half of all, only remove others is compacted soon: what was forgotten leaves the
/// disk.
const REMOVALS: (usize, usize, f64) = (4096, 512, 0.125);

/// How much the engine may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RocksOptions {
    /// Cache and memory tables together, in bytes.
    pub memory_bytes: usize,
    /// Threads that write memory tables out and compact.
    pub background_threads: u32,
}

impl Default for RocksOptions {
    fn default() -> Self {
        RocksOptions { memory_bytes: 256 << 20, background_threads: 2 }
    }
}

impl RocksOptions {
    fn buffers(&self) -> usize {
        self.memory_bytes / BUFFERS_PART
    }

    /// Two such tables fit into what memory tables may take, so that one is filled while another is written out.
    fn rows_buffer(&self) -> usize {
        (self.buffers() / 2).clamp(OWN_BUFFER, ROWS_BUFFER)
    }
}

/// Settings of the whole database.
pub(crate) fn database(options: &RocksOptions, cache: &Cache) -> Result<Options, Error> {
    // After an error in the background nothing is tried again behind our back: what is on disk is unknown, and the
    // process ends. A full disk is apart: RocksDB polls for space and goes on, as nothing acknowledged was lost. The
    // binding has no setter for it, but reads it from text; that gives new options, so it comes first.
    let mut database = Options::default().get_options_from_string("max_bgerror_resume_count=0")?;
    database.create_if_missing(true);
    database.create_missing_column_families(true);
    // What a crash leaves is a torn tail of the log: recovery ends at the first record that is not whole.
    database.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    database.set_max_total_wal_size(LOG_BYTES);
    database.set_max_background_jobs(i32::try_from(options.background_threads).unwrap_or(2).max(1));
    // Memory tables are charged to the cache: one limit for both. It never stalls writers, only writes tables out
    // sooner.
    let manager = WriteBufferManager::new_write_buffer_manager_with_cache(options.buffers(), false, cache.clone());
    database.set_write_buffer_manager(&manager);
    database.set_bytes_per_sync(1 << 20);
    background(&mut database)?;
    quiet(&mut database);
    Ok(database)
}

/// Compaction leaves processor and disk to those who wait for answers; writing memory tables out does not, for writers wait for it.
fn background(database: &mut Options) -> Result<(), Error> {
    let mut threads = Env::new()?;
    threads.lower_thread_pool_cpu_priority();
    threads.lower_thread_pool_io_priority();
    database.set_env(&threads);
    database.set_auto_tuned_ratelimiter(BACKGROUND_RATE, BACKGROUND_REFILL_US, BACKGROUND_FAIRNESS);
    Ok(())
}

/// Opens fast, and leaves readers and the disk alone.
fn quiet(database: &mut Options) {
    // Reads must not delete files, opening must not read them all.
    database.set_avoid_unnecessary_blocking_io(true);
    database.set_skip_stats_update_on_db_open(true);
    // Statistics stay off, as they are by default: they cost a tenth of a read.
    database.set_stats_dump_period_sec(0);
    database.set_stats_persist_period_sec(0);
    database.set_keep_log_file_num(2);
    database.set_max_log_file_size(DIARY_BYTES);
}

/// All families with their settings, and RocksDB's own, which has to be there and stays empty.
pub(crate) fn families(options: &RocksOptions, cache: &Cache) -> Vec<ColumnFamilyDescriptor> {
    let unused = ColumnFamilyDescriptor::new(DEFAULT_COLUMN_FAMILY_NAME, family(Family::Local, options, cache));
    let ours = Family::ALL.iter().map(|f| ColumnFamilyDescriptor::new(f.name(), family(*f, options, cache)));
    ours.chain([unused]).collect()
}

/// What can be set in an open database only.
pub(crate) fn after_opening(db: &DB) -> Result<(), Error> {
    // What was just written is what is read next: writing a memory table out must not cost its rows their place in
    // memory.
    let setting = [("block_based_table_factory", "{prepopulate_block_cache=kFlushAndCompaction;}")];
    let rows = Family::ALL.iter().filter(|family| family.merges());
    rows.filter_map(|family| db.cf_handle(family.name())).try_for_each(|handle| db.set_options_cf(handle, &setting))
}

fn family(family: Family, of: &RocksOptions, cache: &Cache) -> Options {
    let mut options = Options::default();
    options.set_block_based_table_factory(&table(family, cache));
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_level_compaction_dynamic_level_bytes(true);
    let rows = family.merges();
    options.set_write_buffer_size(if rows { of.rows_buffer() } else { OWN_BUFFER });
    options.set_max_write_buffer_number(BUFFERS);
    // Arenas are allocated in blocks of this: eight families of a node at rest should take next to nothing.
    options.set_arena_block_size(if rows { 1 << 20 } else { 64 << 10 });
    if rows {
        options.set_merge_operator(MERGE_OPERATOR, full_merge, partial_merge);
    }
    if rows {
        // A row that is written again and again is folded as it is written, so that a read meets few operands: what merging comes
        // to is the same in any grouping. Only what is in memory is looked at.
        options.set_max_successive_merges(OPERANDS);
    }
    if family == Family::Rows {
        // Most reads are not of what was just written. Not elsewhere: it is allocated and cleared for every memory
        // table.
        options.set_memtable_whole_key_filtering(true);
        options.set_memtable_prefix_bloom_ratio(0.02);
    }
    if rows {
        let (window, removals, part) = REMOVALS;
        options.add_compact_on_deletion_collector_factory(window, removals, part);
    }
    if family == Family::Timed {
        // A compaction needs room for what it replaces: in small steps it is little beside the data.
        options.set_max_bytes_for_level_base(TIMED_LEVEL);
        options.set_target_file_size_base(TIMED_FILE);
        options.set_periodic_compaction_seconds(TIMED_SECONDS);
    }
    options
}

fn table(family: Family, cache: &Cache) -> BlockBasedOptions {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    table.set_block_size(BLOCK);
    table.set_format_version(6);
    table.set_checksum_type(ChecksumType::XXH3);
    table.set_cache_index_and_filter_blocks(true);
    table.set_cache_index_and_filter_blocks_with_high_priority(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    if family.merges() {
        table.set_bloom_filter(BLOOM_BITS, false);
        // Whole keys only: scans go by bounds, and no read asks whether a prefix exists.
        table.set_whole_key_filtering(true);
        table.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    }
    table
}
