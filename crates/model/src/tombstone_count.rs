//! The count of tombstones in rows, as Cassandra counts their cells.

use crate::{CellKindView, Key, KeyKind, RowBlock, RowView};

/// The count of a range tombstone: Cassandra counts its start and its end.
pub const CELLS_PER_RANGE: u64 = 2;

/// Live rows and cells of tombstones that a read passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TombstoneCount {
    /// Rows that live.
    pub live: u64,
    /// Cells that are deleted or have expired, rows without any other that were deleted, and ends of deleted ranges.
    pub dead: u64,
}

impl TombstoneCount {
    /// The count of a block.
    pub fn of(block: &RowBlock, now_seconds: i64) -> TombstoneCount {
        let mut count = TombstoneCount::default();
        count.add_ranges(block);
        block.rows.iter().for_each(|(_, row)| count.add_row(row, now_seconds));
        count
    }

    /// Adds the deleted ranges of a block.
    pub fn add_ranges(&mut self, block: &RowBlock) {
        let ranges = block.context.iter().filter(|(key, _)| Key::kind(key) == Some(KeyKind::RangeTombstone));
        self.dead += CELLS_PER_RANGE * ranges.count() as u64;
    }

    /// Adds a row.
    pub fn add_row(&mut self, row: &[u8], now_seconds: i64) {
        let Ok(view) = RowView::parse_trusted(row) else { return };
        let is_dead = |kind: &CellKindView<'_>| match kind {
            CellKindView::Live { .. } | CellKindView::ComplexDeletion { .. } => false,
            CellKindView::Expiring { expires, .. } => now_seconds >= *expires,
            CellKindView::Tombstone { .. } => true,
        };
        let (mut cells, mut dead) = (0, 0);
        for cell in view.cells() {
            cells += 1;
            dead += u64::from(is_dead(&cell.kind));
        }
        self.dead += dead;
        if cells > dead || view.marker().is_some_and(|marker| marker.is_live(now_seconds)) {
            self.live += 1;
        } else if dead == 0 && (view.deletion().is_some() || view.marker().is_some()) {
            self.dead += 1;
        }
    }
}
