//! Reads of several pieces at once: a scan of a large ring, or of many partitions, would otherwise wait for one after the other.

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesOrdered, StreamExt};
use henge_coordinator::ReadError;
use henge_model::{Key, KeyKind, RowBlock, RowView};
use std::collections::VecDeque;

/// Pieces that are read at once at most.
const PIECES_MAX: usize = 64;

/// A read under way, or done.
type PieceRead<'a> = BoxFuture<'a, Result<RowBlock, ReadError>>;

/// Reads of pieces that follow each other, from their beginnings.
#[derive(Default)]
pub(crate) struct ReadAhead<'a> {
    reads: FuturesOrdered<PieceRead<'a>>,
    /// The numbers of their pieces.
    pieces: VecDeque<usize>,
    evidence: Evidence,
}

/// The pieces that were read, and the rows in them.
#[derive(Clone, Copy, Debug, Default)]
struct Evidence {
    pieces: usize,
    rows: usize,
}

impl Evidence {
    /// The pieces to read at once for so many rows: as many as hold them by what was found so far, and no more than twice as many as that
    /// rests on.
    fn width(self, wanted: u32) -> usize {
        let likely = (wanted as usize).saturating_mul(self.pieces).div_ceil(self.rows.max(1));
        let likely = if self.rows == 0 { PIECES_MAX } else { likely };
        likely.min(2 * self.pieces).clamp(1, PIECES_MAX)
    }
}

impl<'a> ReadAhead<'a> {
    /// Reads a piece from its beginning, and begins to read those behind it. `read` begins to read a piece; `None` behind the last one.
    pub(crate) async fn read(
        &mut self,
        piece: usize,
        wanted: u32,
        mut read: impl FnMut(usize) -> Option<PieceRead<'a>>,
    ) -> Result<RowBlock, ReadError> {
        if self.pieces.front() != Some(&piece) {
            // The walk left out what was read ahead.
            (self.reads, self.pieces) = (FuturesOrdered::new(), VecDeque::new());
        }
        let width = self.evidence.width(wanted);
        while self.pieces.len() < width {
            let next = self.pieces.back().map_or(piece, |last| last + 1);
            let Some(begun) = read(next) else { break };
            self.pieces.push_back(next);
            self.reads.push_back(begun);
        }
        self.pieces.pop_front();
        let block = self.reads.next().await.unwrap_or_else(|| Ok(RowBlock::default()))?;
        self.evidence.pieces += 1;
        self.evidence.rows += block.rows.len();
        Ok(block)
    }
}

/// Cuts a block behind so many live rows: it may have been asked for when more were wanted.
pub(crate) fn cut(block: &mut RowBlock, most: u32, now_seconds: i64) {
    let mut live = 0;
    let is_live = |key: &[u8], row: &[u8]| {
        Key::kind(key) != Some(KeyKind::Static) && RowView::parse_trusted(row).is_ok_and(|row| row.is_live(now_seconds))
    };
    let end = block.rows.iter().position(|(key, row)| {
        live += u32::from(is_live(key, row));
        live >= most
    });
    if let Some(end) = end.map(|last| last + 1).filter(|end| *end < block.rows.len()) {
        block.rows.truncate(end);
        block.more = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_pieces_are_read_at_once_as_are_likely_to_be_needed() {
        // Pieces read, rows found, rows wanted: pieces read at once.
        for (pieces, rows, wanted, width) in [
            (0, 0, 5_000, 1),
            (1, 0, 5_000, 2),
            (2, 0, 5_000, 4),
            (31, 0, 1, 62),
            (1_000, 0, 1, 64),
            (1_000, 10, 5_000, 64),
            (10, 100, 5_000, 20),
            (10, 100, 25, 3),
            (10, 100, 1, 1),
            (10, 50_000, 5_000, 1),
            (10, 50_000, u32::MAX, 20),
        ] {
            assert_eq!(Evidence { pieces, rows }.width(wanted), width, "{pieces} {rows} {wanted}");
        }
    }
}
