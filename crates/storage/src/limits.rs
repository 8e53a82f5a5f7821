//! Bounds of sizes and numbers.

/// Writes waiting in the combiner: 64 MiB. Beyond it a write is refused at once rather than queued for longer than its client waits.
pub(crate) const QUEUE_BYTES_MAX: usize = 64 << 20;
/// Rows written in one batch: enough that the cost of a batch disappears, few enough that its sync comes soon.
pub(crate) const BATCH_ROWS_MAX: usize = 4_096;
/// Bytes written in one batch: 4 MiB.
pub(crate) const BATCH_BYTES_MAX: usize = 4 << 20;
/// Counters that tell whether a partition was written; partitions share them by chance, which costs a retry and nothing else.
pub(crate) const STRIPES: usize = 4_096;
/// Tombstones of several partitions that a read takes in before it goes through the rows they cover: 1 MiB.
pub(crate) const CONTEXT_BYTES_MAX: usize = 1 << 20;
/// Tombstones of one partition that a read takes in; with more it fails, as Cassandra's `tombstone_failure_threshold` has it.
pub(crate) const CONTEXT_TOMBSTONES_MAX: usize = 100_000;
/// Tombstones that a step through a table's content takes in before it goes through rows; one partition may have more.
pub(crate) const CONTENT_TOMBSTONES_MAX: usize = 4_096;
/// Bytes that a step of a sweep goes through: 4 MiB.
pub(crate) const SWEEP_STEP_BYTES_MAX: usize = 4 << 20;
/// Bytes of keys and new content that one step of a sweep replaces: 1 MiB.
pub(crate) const SWEEP_REPLACED_BYTES_MAX: usize = 1 << 20;
/// Entries of indexes waiting to be removed.
pub(crate) const STALE_ENTRIES_MAX: usize = 4_096;
/// Rows that a read takes from an index at once, at least and at most.
pub(crate) const INDEX_CANDIDATES_MIN: u32 = 16;
pub(crate) const INDEX_CANDIDATES_MAX: u32 = 1_024;
/// Rows that one read by an index looks at. If they do not fill the answer, it ends there, and the next page continues.
pub(crate) const INDEX_READ_ROWS_MAX: usize = 10_000;
/// Entries of one row that a read checks; stale ones among the others are left to a later read.
pub(crate) const ROW_TERMS_MAX: usize = 64;
/// Bytes of rows, and entries, that a step of building or sweeping an index goes through: 1 MiB.
pub(crate) const INDEX_STEP_BYTES_MAX: usize = 1 << 20;
pub(crate) const INDEX_STEP_ENTRIES_MAX: usize = 2_048;
/// Rows waiting to be folded.
pub(crate) const FOLD_QUEUE_ROWS_MAX: usize = 1_024;
/// Rows folded in one batch: each is read first.
pub(crate) const FOLD_BATCH_ROWS_MAX: usize = 64;
/// Versions of a row that a read may meet before it is worth folding.
pub const FOLD_AT_VERSIONS: usize = 4;
/// Places in a table's ring of tokens where its partitions are counted for an estimate, and how many at each.
pub(crate) const SAMPLES: u32 = 8;
pub(crate) const SAMPLE_PARTITIONS: u64 = 32;
/// Bytes of a range that are read to estimate what all of it takes when it is sent, and of all ranges of one question.
pub(crate) const RANGE_READ_BYTES: usize = 256 << 10;
pub(crate) const RANGES_READ_BYTES_MAX: usize = 16 << 20;
/// Bytes of batches read at once from the batch log: 8 MiB.
pub(crate) const BATCHES_READ_BYTES_MAX: usize = 8 << 20;
/// Longest name of a local fact.
pub(crate) const LOCAL_NAME_BYTES_MAX: usize = 255;
/// Bytes of rows that a read from memory goes through before it leaves the rest to a disk lane: what a core may spend on one
/// request without keeping its other connections waiting.
pub(crate) const MEMORY_SCAN_BYTES_MAX: usize = 128 << 10;
/// Bytes of hints read at once: 8 MiB, so that many large ones are never in memory together.
pub(crate) const HINTS_READ_BYTES_MAX: usize = 8 << 20;
