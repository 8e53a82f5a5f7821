//! The pieces of a read: each has one set of replicas and one range of keys. Their order is the order of the answer.

use henge_base::{Bytes, HostId};
use henge_coordinator::KeyspacePlacement;
use henge_cql::Reads;
use henge_model::{Key, KeyRange, StorageId, Token, TokenRange};
use henge_ring::{PlacedRange, Placement};
use smallvec::SmallVec;

/// One piece of a read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) token: Token,
    pub(crate) keys: KeyRange,
}

/// Cuts a read by partition or, if it is a scan, by range of the ring.
pub(crate) fn pieces(reads: Reads, storage: StorageId, placed: &KeyspacePlacement) -> Vec<Piece> {
    match reads {
        Reads::Partitions(partitions) => {
            partitions.into_iter().map(|p| Piece { token: p.token, keys: p.keys }).collect()
        }
        Reads::Scan { tokens, start_key, end_key } => {
            let whole = KeyBounds { start: start_key, end: end_key };
            scan_pieces(tokens, &whole, storage, &placed.placement)
        }
    }
}

struct KeyBounds {
    start: Bytes,
    end: Bytes,
}

/// Cuts a scan at range ends. Adjacent ranges with the same replicas become one piece, so that a small cluster needs
/// one read, not one per vnode.
fn scan_pieces(tokens: TokenRange, whole: &KeyBounds, storage: StorageId, placement: &Placement) -> Vec<Piece> {
    let mut out: Vec<(Replicas, Piece)> = Vec::new();
    for (start, end, replicas) in unwrap_ranges(placement) {
        let (low, high) = (start.max(tokens.start.0), end.min(tokens.end.0));
        if low >= high {
            continue;
        }
        let (from, to) = Key::table_range(storage, Token(low), Token(high));
        let (from, to) = (Bytes::from(from).max(whole.start.clone()), Bytes::from(to).min(whole.end.clone()));
        if from >= to {
            // The rest of a scan begins behind it, maybe within a partition: the cursor has to stay there.
            continue;
        }
        match out.last_mut() {
            Some((before, Piece { keys: KeyRange::Run { end, .. }, .. })) if *before == replicas => *end = to,
            _ => {
                let keys = KeyRange::Run { start: from, end: to, reversed: false };
                out.push((replicas, Piece { token: Token(high), keys }));
            }
        }
    }
    out.into_iter().map(|(_, piece)| piece).collect()
}

/// The readers of a range, in the order of their ids.
type Replicas = SmallVec<[HostId; 6]>;

/// The ranges in token order as (after, up to, readers); the first one, which wraps, is cut in two.
fn unwrap_ranges(placement: &Placement) -> impl Iterator<Item = (i64, i64, Replicas)> {
    let readers = |placed: &PlacedRange<'_>| {
        let mut readers: Replicas = placed.read.iter().collect();
        readers.sort();
        readers
    };
    let last = placement.ranges().next().map(|first| (first.range.start.0, i64::MAX, readers(&first)));
    let lower = placement.ranges().enumerate().map(move |(at, placed)| {
        let start = if at == 0 { i64::MIN } else { placed.range.start.0 };
        (start, placed.range.end.0, readers(&placed))
    });
    lower.chain(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::Cursor;
    use henge_base::Random;
    use henge_ring::ReplicaSet;

    /// Ranges by their last tokens, with the numbers of their readers among two members.
    fn placement(ranges: &[(i64, &[u16])]) -> Placement {
        let mut random = Random::new(1);
        let ids = (0..2).map(|_| HostId::random(&mut random)).collect();
        Placement::new(ids, ranges.iter().map(|(end, read)| (Token(*end), ReplicaSet::new(read, &[], 0))))
    }

    fn whole() -> (TokenRange, KeyBounds) {
        let tokens = TokenRange { start: Token(i64::MIN), end: Token(i64::MAX) };
        let (start, end) = Key::table_range(StorageId(9), tokens.start, tokens.end);
        (tokens, KeyBounds { start: start.into(), end: end.into() })
    }

    #[test]
    fn one_replica_set_is_one_piece() {
        let ranges = placement(&[(100, &[0]), (200, &[0])]);
        let (tokens, bounds) = whole();
        let pieces = scan_pieces(tokens, &bounds, StorageId(9), &ranges);
        assert_eq!(pieces.len(), 1);
        let KeyRange::Run { start, end, .. } = &pieces[0].keys else { panic!("a scan is a run") };
        assert_eq!((start, end), (&bounds.start, &bounds.end));
    }

    #[test]
    fn pieces_meet_without_gaps_in_token_order() {
        let ranges = placement(&[(-50, &[1]), (60, &[0]), (90, &[0, 1])]);
        let (tokens, bounds) = whole();
        let pieces = scan_pieces(tokens, &bounds, StorageId(9), &ranges);
        assert_eq!(pieces.len(), 4);
        for pair in pieces.windows(2) {
            let (KeyRange::Run { end, .. }, KeyRange::Run { start, .. }) = (&pair[0].keys, &pair[1].keys) else {
                panic!("a scan is a run")
            };
            assert_eq!(end, start);
        }
    }

    #[test]
    fn a_scan_that_is_cut_anew_stays_behind_its_last_key() {
        let before = placement(&[(-50, &[1]), (60, &[0]), (90, &[0, 1])]);
        let (tokens, bounds) = whole();
        let key: Bytes =
            [&Key::table_range(StorageId(9), Token(70), Token(80)).0[..], b"partition and row"].concat().into();
        let mut cursor = Cursor::new(scan_pieces(tokens, &bounds, StorageId(9), &before), true, None);
        (0..2).for_each(|_| cursor.advance());
        cursor.read_to(key.clone());
        let (start, end) = cursor.rest_of_scan().unwrap();
        let after = placement(&[(-50, &[0]), (60, &[1]), (75, &[0, 1]), (90, &[0])]);
        cursor.replace_rest(scan_pieces(tokens, &KeyBounds { start, end }, StorageId(9), &after));
        // A row of the partition was shown, and five are counted: the next page must not take it for one that is yet to begin.
        let state = cursor.page_state(9, true, 5, b"").unwrap();
        assert_eq!((state.shown, state.given, &state.key), (true, 5, &key));
    }
}
