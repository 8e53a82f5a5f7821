//! The pieces of a read: each has one set of replicas and one range of keys. Their order is the order of the answer.

use henge_base::{Bytes, HostId};
use henge_coordinator::KeyspacePlacement;
use henge_cql::Reads;
use henge_model::{Key, KeyRange, StorageId, Token, TokenRange};
use henge_ring::PlacedRange;

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
            scan_pieces(tokens, &whole, storage, &placed.placement.ranges)
        }
    }
}

struct KeyBounds {
    start: Bytes,
    end: Bytes,
}

/// Cuts a scan at range ends. Adjacent ranges with the same replicas become one piece, so that a small cluster needs
/// one read, not one per vnode.
fn scan_pieces(tokens: TokenRange, whole: &KeyBounds, storage: StorageId, ranges: &[PlacedRange]) -> Vec<Piece> {
    let mut out: Vec<(Vec<HostId>, Piece)> = Vec::new();
    for (start, end, replicas) in unwrap_ranges(ranges) {
        let (low, high) = (start.max(tokens.start.0), end.min(tokens.end.0));
        if low >= high {
            continue;
        }
        let (from, to) = Key::table_range(storage, Token(low), Token(high));
        let (from, to) = (Bytes::from(from).max(whole.start.clone()), Bytes::from(to).min(whole.end.clone()));
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

/// The ranges in token order as (after, up to, sorted replicas); the range that wraps is cut in two.
fn unwrap_ranges(ranges: &[PlacedRange]) -> Vec<(i64, i64, Vec<HostId>)> {
    let mut out = Vec::with_capacity(ranges.len() + 1);
    for placed in ranges {
        let mut replicas = placed.read.clone();
        replicas.sort();
        let (start, end) = (placed.range.start.0, placed.range.end.0);
        if start < end {
            out.push((start, end, replicas));
        } else {
            out.push((start, i64::MAX, replicas.clone()));
            out.push((i64::MIN, end, replicas));
        }
    }
    out.sort();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::Random;

    fn placed_range(start: i64, end: i64, read: &[HostId]) -> PlacedRange {
        let range = TokenRange { start: Token(start), end: Token(end) };
        PlacedRange { range, read: read.to_vec(), write: read.to_vec(), since: 0 }
    }

    fn whole() -> (TokenRange, KeyBounds) {
        let tokens = TokenRange { start: Token(i64::MIN), end: Token(i64::MAX) };
        let (start, end) = Key::table_range(StorageId(9), tokens.start, tokens.end);
        (tokens, KeyBounds { start: start.into(), end: end.into() })
    }

    #[test]
    fn one_replica_set_is_one_piece() {
        let host = HostId::random(&mut Random::new(1));
        let ranges = [placed_range(100, 200, &[host]), placed_range(200, 100, &[host])];
        let (tokens, bounds) = whole();
        let pieces = scan_pieces(tokens, &bounds, StorageId(9), &ranges);
        assert_eq!(pieces.len(), 1);
        let KeyRange::Run { start, end, .. } = &pieces[0].keys else { panic!("a scan is a run") };
        assert_eq!((start, end), (&bounds.start, &bounds.end));
    }

    #[test]
    fn pieces_meet_without_gaps_in_token_order() {
        let mut random = Random::new(2);
        let hosts = [HostId::random(&mut random), HostId::random(&mut random)];
        let ranges =
            [placed_range(-50, 60, &hosts[..1]), placed_range(60, 90, &hosts), placed_range(90, -50, &hosts[1..])];
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
}
