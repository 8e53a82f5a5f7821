//! RocksDB's settings, and why they are so.

use crate::merge::{full_merge, partial_merge};
use henge_storage::Family;
use rocksdb::{
    BlockBasedOptions, Cache, ChecksumType, ColumnFamilyDescriptor, DBCompressionType, DBRecoveryMode,
    DataBlockIndexType, Options, WriteBufferManager,
};

/// A memory table of a family of user rows is written out at this size.
const ROWS_BUFFER: usize = 64 << 20;
/// One of the node's own families: little is written there.
const OWN_BUFFER: usize = 4 << 20;
const BLOCK: usize = 8 << 10;
const BLOOM_BITS: f64 = 10.0;
/// The log is cut when it reaches this, whatever family holds it back.
const LOG_BYTES: u64 = 512 << 20;
/// Memory tables take at most this part of the memory.
const BUFFERS_PART: usize = 3;
/// Older files of an expiring family are rewritten at least so often, which drops what has expired: 1 day.
const TIMED_SECONDS: u64 = 86_400;

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

/// Settings of the whole database.
pub(crate) fn database(options: &RocksOptions, cache: &Cache) -> Options {
    let mut database = Options::default();
    database.create_if_missing(true);
    database.create_missing_column_families(true);
    // A torn tail of the log is what a crash leaves; anything else is damage and is not skipped.
    database.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    database.set_max_total_wal_size(LOG_BYTES);
    database.set_max_background_jobs(i32::try_from(options.background_threads).unwrap_or(2).max(1));
    // Memory tables are charged to the cache: one limit for both.
    let buffers = options.memory_bytes / BUFFERS_PART;
    database.set_write_buffer_manager(&WriteBufferManager::new_write_buffer_manager_with_cache(
        buffers,
        false,
        cache.clone(),
    ));
    // Reads must not delete files, opening must not read them all.
    database.set_avoid_unnecessary_blocking_io(true);
    database.set_skip_stats_update_on_db_open(true);
    database.set_stats_dump_period_sec(0);
    database.set_stats_persist_period_sec(0);
    database.set_keep_log_file_num(2);
    database.set_bytes_per_sync(1 << 20);
    database
}

/// All families with their settings.
pub(crate) fn families(cache: &Cache) -> Vec<ColumnFamilyDescriptor> {
    Family::ALL.iter().map(|f| ColumnFamilyDescriptor::new(f.name(), family(*f, cache))).collect()
}

fn family(family: Family, cache: &Cache) -> Options {
    let mut options = Options::default();
    options.set_block_based_table_factory(&table(family, cache));
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_level_compaction_dynamic_level_bytes(true);
    let rows = family.merges();
    options.set_write_buffer_size(if rows { ROWS_BUFFER } else { OWN_BUFFER });
    // Arenas are allocated in blocks of this: eight families of a node at rest should take next to nothing.
    options.set_arena_block_size(if rows { 1 << 20 } else { 64 << 10 });
    if rows {
        options.set_merge_operator("henge.rows.1", full_merge, partial_merge);
    }
    if family == Family::Rows {
        options.set_memtable_whole_key_filtering(true);
        options.set_memtable_prefix_bloom_ratio(0.02);
    }
    if family == Family::Timed {
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
