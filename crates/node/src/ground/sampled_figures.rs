//! Metrics whose figures are read when metrics are asked for: each row has a name, its help, and the figure.

use crate::ground::metric_registry::SampleRow;
use henge_storage::Figures;

/// Metrics of the storage engine.
pub(super) const ENGINE: &[SampleRow<Figures>] = &[
    ("henge_compaction_pending_bytes", "Bytes that compaction has yet to rewrite.", |f| f.compaction_pending_bytes),
    ("henge_compactions_running", "Compactions that run.", |f| f.compactions_running),
    (
        "henge_engine_write_stopped",
        "1 while the engine takes no writes, for a stall or for good after an error, else 0.",
        |f| f.write_stopped,
    ),
    ("henge_engine_stalls_total", "Writes that the engine refused because it was behind.", |f| f.stalls),
    ("henge_engine_batches_total", "Batches written to the engine; in group mode each is one sync.", |f| f.batches),
    ("henge_memtable_bytes", "Bytes in memory tables.", |f| f.memtable_bytes),
    ("henge_cache_bytes", "Bytes in the block cache.", |f| f.cache_bytes),
    ("henge_cache_capacity_bytes", "Bytes that the block cache may hold.", |f| f.cache_capacity_bytes),
    ("henge_live_data_bytes", "Bytes of live data in files, estimated.", |f| f.live_data_bytes),
    ("henge_level0_files", "Files in the first level of the engine.", |f| f.level0_files),
    ("henge_reads_from_memory_total", "Reads of a key that memory answered.", |f| f.memory_hits),
    ("henge_reads_from_disk_total", "Reads of a key that had to ask the disk.", |f| f.memory_misses),
];

/// Figures of a node that are read when metrics are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeFigures {
    /// 1 if the node serves clients, as `/readyz` says, else 0.
    pub ready: u64,
    /// Bytes free on the disk of the data directory.
    pub disk_free_bytes: u64,
    /// Bytes that writes leave free.
    pub disk_reserve_bytes: u64,
    /// Hints on this node's disk.
    pub hints_pending: u64,
    /// Bytes of their mutations.
    pub hints_pending_bytes: u64,
    /// Seconds since the oldest became owed; 0 without any.
    pub hints_oldest_age_seconds: u64,
    /// Seconds since the oldest time until which a range of this node is known to be equal on all replicas, as of the last round.
    pub repair_proven_age_seconds: u64,
    /// Background workers whose last step failed.
    pub workers_failing: u64,
}

/// Metrics of the node itself.
pub(super) const NODE: &[SampleRow<NodeFigures>] = &[
    ("henge_ready", "1 if this node serves clients, as /readyz says, else 0.", |f| f.ready),
    ("henge_disk_free_bytes", "Bytes free on the disk of the data directory.", |f| f.disk_free_bytes),
    ("henge_disk_reserve_bytes", "Bytes that writes leave free: with less, they are refused.", |f| {
        f.disk_reserve_bytes
    }),
    ("henge_hints_pending", "Hints that wait on this node's disk for their replicas.", |f| f.hints_pending),
    ("henge_hints_pending_bytes", "Bytes of these hints.", |f| f.hints_pending_bytes),
    (
        "henge_hints_oldest_age_seconds",
        "Time since the oldest of these hints became owed, or longer; 0 without any.",
        |f| f.hints_oldest_age_seconds,
    ),
    (
        "henge_repair_proven_age_seconds",
        "Age of the oldest time until which a range that this node holds is known to be equal on all of its replicas, as the last round found it.",
        |f| f.repair_proven_age_seconds,
    ),
    (
        "henge_workers_failing",
        "Background workers whose last step failed, and that wait to try again: system_views.workers tells which, and why.",
        |f| f.workers_failing,
    ),
];
