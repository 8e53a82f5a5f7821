//! Counters: each replica that ever led an addition has a cell of its own, a *shard*, with the sum of what it added.
//! The counter is the sum of the shards.
//!
//! A shard's path is its host's id, its value that host's sum so far (8 bytes), and only that host writes it. So the
//! newer of two versions of a shard includes the older, and merging needs no rule for counters.

use super::aspect::CellAspect;
use crate::RowSink;
use crate::row_codec::CellView;

/// Pushes the sum of the live shards; null if no shard is live.
pub(super) fn push_sum<'a>(
    cells: impl Iterator<Item = CellView<'a>>,
    aspect: CellAspect,
    now_seconds: i64,
    sink: &mut dyn RowSink,
) {
    let mut shards = cells.filter_map(|cell| Some((cell.timestamp, cell.live_value(now_seconds)?))).peekable();
    if shards.peek().is_none() || aspect == CellAspect::Ttl {
        return sink.value(None);
    }
    let shown = match aspect {
        CellAspect::Writetime => shards.map(|(timestamp, _)| timestamp).max().unwrap_or(0),
        _ => shards.map(|(_, value)| shard_value(value)).fold(0, i64::wrapping_add),
    };
    sink.value(Some(&shown.to_be_bytes()));
}

/// The value of a shard or of an addition; 0 if it does not have 8 bytes.
fn shard_value(value: &[u8]) -> i64 {
    value.try_into().map_or(0, i64::from_be_bytes)
}
