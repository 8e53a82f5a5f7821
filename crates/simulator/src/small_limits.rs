//! Bounds of nodes in runs where they are small, so that a page, a window or a batch ends after a few rows: what goes wrong at such an end
//! would take megabytes otherwise.

use crate::shape::Shape;
use henge_base::Random;
use henge_coordinator::Limits as RequestLimits;
use henge_node::Limits;

/// The bytes of a page of the log with an entry more, the longest that clients write.
const LOG_PAGE_BYTES_MAX: usize = 12_000;
/// The bytes of a range in an entry that moves ranges, with its replicas before and after.
const MOVED_RANGE_BYTES_MAX: usize = 200;

/// The bytes of the longest message between nodes with these bounds.
pub(crate) fn message_bytes_max(shape: &Shape) -> usize {
    let ranges = if shape.spares > 0 { shape.machines * shape.tokens as usize } else { 0 };
    LOG_PAGE_BYTES_MAX * shape.scale() as usize + ranges * MOVED_RANGE_BYTES_MAX
}

/// Bounds of all nodes of a run.
pub(crate) fn draw(random: &mut Random) -> Limits {
    let mut between = |low, high| random.between(low, high) as usize;
    Limits {
        requests: RequestLimits {
            merged_bytes: between(100, 4_000),
            short_reads: between(4, 16) as u32,
            mend_bytes: between(1, 1_000),
            mends_under_way: between(1, 4),
            reread_keys: between(1, 4),
            plans: between(2, 4) as u32,
        },
        answer_bytes: between(100, 3_000),
        log_page_bytes: between(1_000, 6_000),
        stream_page_bytes: between(1, 2_000),
        stream_pages: between(1, 3),
        stream_ranges: between(1, 2),
        acceptor_bytes: between(2_000, 8_000),
        hints: between(1, 8),
        batches: between(1, 3),
        list_bytes: between(1, 500),
        fetch_bytes: between(1, 1_000),
    }
}
