//! Rows encoded before the result that they belong to is begun.

use crate::primitive::put_bytes;
use henge_model::RowSink;

/// Bytes from which on a piece is full and a new one is started, so that a large answer is not copied again and again
/// as it grows.
const PIECE_BYTES: usize = 256 << 10;

/// Rows in the encoding of a result, which is the same in all versions. A value takes four bytes more than its own, and
/// no allocation of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncodedRows {
    pieces: Vec<Vec<u8>>,
    /// The bytes of all pieces.
    bytes: usize,
    rows: usize,
}

impl EncodedRows {
    /// The pieces, in order; each is freed once the next is taken.
    pub(super) fn into_pieces(self) -> impl Iterator<Item = Vec<u8>> {
        self.pieces.into_iter()
    }

    /// The piece to append to.
    fn last_piece(&mut self) -> &mut Vec<u8> {
        if self.pieces.last().is_none_or(|piece| piece.len() >= PIECE_BYTES) {
            self.pieces.push(Vec::new());
        }
        let last = self.pieces.len() - 1;
        &mut self.pieces[last]
    }
}

impl RowSink for EncodedRows {
    fn begin_row(&mut self) {
        self.rows += 1;
    }

    fn value(&mut self, value: Option<&[u8]>) {
        let piece = self.last_piece();
        let before = piece.len();
        put_bytes(piece, value);
        let put = piece.len() - before;
        self.bytes += put;
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn mark(&self) -> (usize, usize) {
        (self.rows, self.bytes)
    }

    fn rollback(&mut self, (rows, bytes): (usize, usize)) {
        self.rows = rows;
        while self.bytes > bytes {
            let Some(last) = self.pieces.last_mut() else { return };
            let kept = last.len().saturating_sub(self.bytes - bytes);
            self.bytes -= last.len() - kept;
            last.truncate(kept);
            if kept == 0 {
                self.pieces.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollback_goes_over_pieces() {
        let mut rows = EncodedRows::default();
        let long = vec![7; PIECE_BYTES];
        rows.begin_row();
        rows.value(Some(b"stays"));
        let mark = rows.mark();
        for _ in 0..3 {
            rows.begin_row();
            rows.value(Some(&long));
            rows.value(None);
        }
        rows.rollback(mark);
        let mut expected = EncodedRows::default();
        expected.begin_row();
        expected.value(Some(b"stays"));
        assert_eq!((rows.rows(), rows.bytes()), (1, 9));
        assert_eq!(rows, expected);
    }
}
