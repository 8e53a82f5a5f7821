//! The cursor over the pieces of a read: the next range of keys to read, and the position at the end of a page.

use crate::PageState;
use crate::piece::Piece;
use henge_base::Bytes;
use henge_model::{KeyRange, Token};

/// A position within the pieces of a read.
#[derive(Debug)]
pub(crate) struct Cursor {
    pieces: Vec<Piece>,
    at: usize,
    /// The last key read within the current piece; empty if the piece has not begun.
    last: Bytes,
    /// True if the pieces are runs that follow each other in the order of keys.
    is_scan: bool,
    /// The position at which the page began.
    began: (usize, Bytes),
}

impl Cursor {
    /// A cursor at the start, or at the position of `state`. That of a scan is a key, whatever the pieces are by now: ranges move from node
    /// to node between two pages.
    pub(crate) fn new(pieces: Vec<Piece>, is_scan: bool, state: Option<&PageState>) -> Cursor {
        let (at, last) = match state {
            None => (0, Bytes::new()),
            Some(state) if is_scan => {
                (pieces.partition_point(|piece| ends_below(&piece.keys, &state.key)), state.key.clone())
            }
            Some(state) => (state.piece as usize, state.key.clone()),
        };
        Cursor { began: (at, last.clone()), pieces, at, last, is_scan }
    }

    /// True if the cursor is where it was not when the page began.
    pub(crate) fn has_moved(&self) -> bool {
        self.began != (self.at, self.last.clone())
    }

    /// True if the current piece has not begun and is not the last one.
    pub(crate) fn is_before_others(&self) -> bool {
        self.last.is_empty() && self.at + 1 < self.pieces.len()
    }

    /// A piece by its number.
    pub(crate) fn piece_at(&self, number: usize) -> Option<&Piece> {
        self.pieces.get(number)
    }

    /// The next keys to read, with their token; `None` after the last piece.
    pub(crate) fn next(&mut self) -> Option<(Token, KeyRange)> {
        loop {
            let piece = self.pieces.get(self.at)?;
            if let Some(keys) = remaining_keys(&piece.keys, &self.last) {
                return Some((piece.token, keys));
            }
            self.advance();
        }
    }

    /// The keys of a scan from the cursor to its end, as bounds; `None` at the end, and for a read by keys.
    pub(crate) fn rest_of_scan(&mut self) -> Option<(Bytes, Bytes)> {
        let (_, next) = self.next().filter(|_| self.is_scan)?;
        match (next, &self.pieces.last()?.keys) {
            (KeyRange::Run { start, .. }, KeyRange::Run { end, .. }) => Some((start, end.clone())),
            _ => None,
        }
    }

    /// Puts other pieces in place of those from the current one on.
    pub(crate) fn replace_rest(&mut self, pieces: Vec<Piece>) {
        self.pieces.truncate(self.at);
        self.pieces.extend(pieces);
    }

    /// Moves behind `key` of the current piece.
    pub(crate) fn read_to(&mut self, key: Bytes) {
        self.last = key;
    }

    /// The key whose partition the rows counted by `state` are of.
    pub(crate) fn counted_key(&self, state: &PageState) -> Bytes {
        let first = || self.pieces.get(self.at).and_then(|piece| first_key(&piece.keys));
        match state.key.is_empty() && state.given > 0 {
            true => first().cloned().unwrap_or_default(),
            false => state.key.clone(),
        }
    }

    /// The index of the current piece.
    pub(crate) fn piece(&self) -> usize {
        self.at
    }

    /// Moves back behind a key of this or an earlier piece.
    pub(crate) fn rewind_to(&mut self, piece: usize, key: Bytes) {
        (self.at, self.last) = (piece, key);
    }

    /// Moves to the next piece.
    pub(crate) fn advance(&mut self) {
        self.at += 1;
        self.last = Bytes::new();
    }

    /// Moves behind the last key of a partition, if the cursor is within it or about to go on with it.
    pub(crate) fn skip(&mut self, partition: &[u8]) {
        if partition.is_empty() {
            return;
        }
        while self.pieces.get(self.at).is_some_and(|piece| lies_within(&piece.keys, partition)) {
            self.advance();
        }
        let reversed =
            matches!(self.pieces.get(self.at), Some(Piece { keys: KeyRange::Run { reversed: true, .. }, .. }));
        if self.last.starts_with(partition) {
            // No key of the partition is above its prefix and FF, and none is below its prefix.
            self.last = if reversed { Bytes::copy_from_slice(partition) } else { [partition, &[0xff]].concat().into() };
        }
    }

    /// The state to continue from; `None` at the end. `given` is the number of rows or groups of `partition` answered so
    /// far, 0 if they are not counted.
    pub(crate) fn page_state(
        &mut self,
        remaining: u32,
        shown: bool,
        given: u32,
        partition: &[u8],
    ) -> Option<PageState> {
        let (_, keys) = self.next()?;
        // A partition may have several pieces.
        let goes_on = !self.last.is_empty() || first_key(&keys).is_some_and(|key| key.starts_with(partition));
        let given = if goes_on { given } else { 0 };
        if self.is_scan && self.last.is_empty() {
            // No key is at a bound of a piece: all that the piece has come after it.
            let key = first_key(&keys).cloned().unwrap_or_default();
            return Some(PageState { piece: 0, remaining, shown: false, given: 0, key });
        }
        let piece = if self.is_scan { 0 } else { self.at as u32 };
        Some(PageState { piece, remaining, shown, given, key: self.last.clone() })
    }
}

/// True if all keys of a run are below a key.
fn ends_below(keys: &KeyRange, key: &Bytes) -> bool {
    matches!(keys, KeyRange::Run { end, .. } if end <= key)
}

/// The lowest key of a piece, or the bound below it.
fn first_key(keys: &KeyRange) -> Option<&Bytes> {
    match keys {
        KeyRange::One(key) => Some(&key.0),
        KeyRange::Run { start, .. } => Some(start),
        KeyRange::Many(keys) => keys.first(),
    }
}

/// True if all keys of a piece are of the partition.
fn lies_within(keys: &KeyRange, partition: &[u8]) -> bool {
    match keys {
        KeyRange::One(key) => key.bytes().starts_with(partition),
        KeyRange::Run { start, end, .. } => start.starts_with(partition) && end.starts_with(partition),
        KeyRange::Many(keys) => keys.iter().all(|key| key.starts_with(partition)),
    }
}

/// The keys of a piece that come after `last`; `None` if there are none.
fn remaining_keys(keys: &KeyRange, last: &Bytes) -> Option<KeyRange> {
    match keys {
        KeyRange::One(key) => last.is_empty().then(|| KeyRange::One(key.clone())),
        KeyRange::Run { start, end, reversed } => {
            let (start, end) = match (last.is_empty(), reversed) {
                (true, _) => (start.clone(), end.clone()),
                (false, false) => (next_key(last).max(start.clone()), end.clone()),
                (false, true) => (start.clone(), last.clone().min(end.clone())),
            };
            (start < end).then_some(KeyRange::Run { start, end, reversed: *reversed })
        }
        KeyRange::Many(keys) => {
            let left = &keys[keys.partition_point(|key| !last.is_empty() && key <= last)..];
            (!left.is_empty()).then(|| KeyRange::Many(left.to_vec()))
        }
    }
}

/// The lowest possible key above `key`.
fn next_key(key: &Bytes) -> Bytes {
    let mut out = Vec::with_capacity(key.len() + 1);
    out.extend_from_slice(key);
    out.push(0);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_model::Key;

    fn run(start: &'static [u8], end: &'static [u8], reversed: bool) -> KeyRange {
        KeyRange::Run { start: Bytes::from_static(start), end: Bytes::from_static(end), reversed }
    }

    #[test]
    fn forward_and_backward_go_on_beyond_the_last_key() {
        let last = Bytes::from_static(b"m");
        assert_eq!(remaining_keys(&run(b"a", b"z", false), &last), Some(run(b"m\0", b"z", false)));
        assert_eq!(remaining_keys(&run(b"a", b"z", true), &last), Some(run(b"a", b"m", true)));
        assert_eq!(remaining_keys(&run(b"m", b"z", true), &last), None);
    }

    #[test]
    fn a_key_outside_the_run_cannot_widen_it() {
        assert_eq!(remaining_keys(&run(b"m", b"z", false), &Bytes::from_static(b"a")), Some(run(b"m", b"z", false)));
        assert_eq!(remaining_keys(&run(b"a", b"m", true), &Bytes::from_static(b"z")), Some(run(b"a", b"m", true)));
    }

    #[test]
    fn the_state_is_where_the_walk_goes_on() {
        let pieces = vec![
            Piece { token: Token(1), keys: run(b"a", b"b", false) },
            Piece { token: Token(2), keys: run(b"b", b"c", false) },
        ];
        let mut cursor = Cursor::new(pieces.clone(), false, None);
        cursor.advance();
        cursor.read_to(Bytes::from_static(b"b5"));
        let state = cursor.page_state(9, true, 0, b"b").unwrap();
        assert_eq!((state.piece, state.remaining, state.shown, state.key.as_ref()), (1, 9, true, b"b5".as_ref()));
        assert_eq!(Cursor::new(pieces, false, Some(&state)).next(), Some((Token(2), run(b"b5\0", b"c", false))));
    }

    #[test]
    fn a_scan_goes_on_at_its_key_however_its_pieces_are_cut_by_then() {
        let piece = |start: &'static [u8], end: &'static [u8]| Piece { token: Token(1), keys: run(start, end, false) };
        let mut cursor = Cursor::new(vec![piece(b"a", b"c"), piece(b"c", b"e")], true, None);
        assert!(!cursor.has_moved() && cursor.is_before_others());
        cursor.advance();
        let between = cursor.page_state(9, true, 5, b"b").unwrap();
        assert_eq!((between.piece, between.shown, between.given, between.key.as_ref()), (0, false, 0, b"c".as_ref()));
        cursor.read_to(Bytes::from_static(b"c5"));
        let within = cursor.page_state(9, true, 5, b"c").unwrap();
        assert_eq!((within.piece, within.shown, within.given, within.key.as_ref()), (0, true, 5, b"c5".as_ref()));
        for later in [
            vec![piece(b"a", b"e")],
            vec![piece(b"a", b"b"), piece(b"b", b"c"), piece(b"c", b"c3"), piece(b"c3", b"d"), piece(b"d", b"e")],
        ] {
            let next = |state: &PageState| match Cursor::new(later.clone(), true, Some(state)).next() {
                Some((_, KeyRange::Run { start, .. })) => start,
                other => panic!("{other:?}"),
            };
            assert_eq!(next(&between), b"c\0".as_ref());
            assert_eq!(next(&within), b"c5\0".as_ref());
        }
    }

    #[test]
    fn the_count_of_a_partition_goes_on_in_its_next_piece() {
        let one = |key: &'static [u8]| Piece { token: Token(1), keys: KeyRange::One(Key(Bytes::from_static(key))) };
        let pieces = vec![one(b"a1"), one(b"a2"), one(b"b1")];
        let mut cursor = Cursor::new(pieces.clone(), false, None);
        cursor.advance();
        let state = cursor.page_state(9, true, 1, b"a").unwrap();
        assert_eq!((state.piece, state.given, state.key.as_ref()), (1, 1, b"".as_ref()));
        assert_eq!(Cursor::new(pieces.clone(), false, Some(&state)).counted_key(&state), b"a2".as_ref());
        cursor.advance();
        let state = cursor.page_state(9, true, 2, b"a").unwrap();
        assert_eq!((state.piece, state.given), (2, 0));
        assert_eq!(Cursor::new(pieces, false, Some(&state)).counted_key(&state), b"".as_ref());
    }

    #[test]
    fn all_pieces_of_a_partition_are_skipped() {
        let pieces = vec![
            Piece { token: Token(1), keys: run(b"a1", b"a2", false) },
            Piece { token: Token(1), keys: KeyRange::One(Key(Bytes::from_static(b"a5"))) },
            Piece { token: Token(2), keys: run(b"b1", b"b2", false) },
        ];
        let mut cursor = Cursor::new(pieces, false, None);
        cursor.skip(b"a");
        assert_eq!(cursor.next(), Some((Token(2), run(b"b1", b"b2", false))));
    }
}
