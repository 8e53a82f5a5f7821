//! The aspect of a cell that a projection asks for.

use crate::RowSink;
use crate::row_codec::{CellKindView, CellView};

/// The attribute of a cell that a projection asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CellAspect {
    Value,
    Writetime,
    Ttl,
}

/// Pushes what is asked for of a cell of a simple column; null if it has no live value.
pub(super) fn push_cell(cell: Option<CellView<'_>>, aspect: CellAspect, now_seconds: i64, sink: &mut dyn RowSink) {
    let live = cell.and_then(|cell| cell.live_value(now_seconds).map(|value| (cell, value)));
    match (live, aspect) {
        (None, _) => sink.value(None),
        (Some((_, value)), CellAspect::Value) => sink.value(Some(value)),
        (Some((cell, _)), CellAspect::Writetime) => sink.value(Some(&cell.timestamp.to_be_bytes())),
        (Some((cell, _)), CellAspect::Ttl) => {
            sink.value(remaining_ttl(&cell, now_seconds).as_ref().map(<[u8; 4]>::as_slice))
        }
    }
}

/// The seconds until a cell expires, as an int; `None` for a cell without TTL.
pub(super) fn remaining_ttl(cell: &CellView<'_>, now_seconds: i64) -> Option<[u8; 4]> {
    match cell.kind {
        CellKindView::Expiring { expires, .. } => {
            let left = expires.saturating_sub(now_seconds);
            Some(i32::try_from(left).unwrap_or(i32::MAX).to_be_bytes())
        }
        _ => None,
    }
}
