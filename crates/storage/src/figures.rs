//! Figures of an engine, for metrics.

/// Bytes and counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Bytes that compaction has yet to rewrite.
    pub compaction_pending_bytes: u64,
    /// Families that have something to compact.
    pub compactions_pending: u64,
    /// Compactions running.
    pub compactions_running: u64,
    /// 1 while writes are stopped, else 0.
    pub write_stopped: u64,
    /// Writes refused because of a stall since the start.
    pub stalls: u64,
    /// Batches written since the start; in group mode each is one sync.
    pub batches: u64,
    /// Bytes in memory tables.
    pub memtable_bytes: u64,
    /// Bytes in the block cache.
    pub cache_bytes: u64,
    /// Bytes that fit into it.
    pub cache_capacity_bytes: u64,
    /// Bytes of live data, estimated.
    pub live_data_bytes: u64,
    /// Files in the first level of all families.
    pub level0_files: u64,
    /// Reads answered from memory.
    pub memory_hits: u64,
    /// Reads that had to ask the disk.
    pub memory_misses: u64,
}
