//! The key ranges that a set of tombstones covers, prepared for lookups by row.

use crate::{Deletion, Key, RowView};
use henge_base::Bytes;
use std::collections::BTreeMap;

/// Ranges of covered keys, ascending and disjoint, each with the newest deletion that covers it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covers {
    ranges: Vec<CoveredRange>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct CoveredRange {
    start: Bytes,
    end: Bytes,
    deletion: Deletion,
}

impl Covers {
    /// The ranges that these tombstones cover, given as key and value in any order. Entries that are not a tombstone or
    /// hold no deletion are skipped.
    pub fn from_tombstones<'a>(tombstones: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Covers {
        // At each key: the deletions that begin there, and those that end there.
        let mut edges: BTreeMap<Bytes, (Vec<Deletion>, Vec<Deletion>)> = BTreeMap::new();
        for (key, row) in tombstones {
            let Some(extent) = Key::extent(key) else { continue };
            let Some(deletion) = RowView::parse_trusted(row).ok().and_then(|row| row.deletion()) else { continue };
            edges.entry(extent.start).or_default().0.push(deletion);
            edges.entry(extent.end).or_default().1.push(deletion);
        }
        Covers { ranges: merge_edges(edges) }
    }

    /// True if nothing is covered.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The newest deletion that covers the row at `key`.
    pub fn deletion(&self, key: &[u8]) -> Option<Deletion> {
        let above = self.ranges.partition_point(|range| range.start[..] <= *key);
        let range = self.ranges.get(above.checked_sub(1)?)?;
        (*key < range.end[..]).then_some(range.deletion)
    }
}

/// Walks the edges in key order with the multiset of deletions in force; the newest of them covers each range.
fn merge_edges(edges: BTreeMap<Bytes, (Vec<Deletion>, Vec<Deletion>)>) -> Vec<CoveredRange> {
    let mut in_force: BTreeMap<Deletion, usize> = BTreeMap::new();
    let mut ranges: Vec<CoveredRange> = Vec::new();
    let mut start = Bytes::new();
    for (key, (begin, end)) in edges {
        if let Some((deletion, _)) = in_force.last_key_value() {
            match ranges.last_mut() {
                Some(last) if last.end == start && last.deletion == *deletion => last.end = key.clone(),
                _ => ranges.push(CoveredRange { start, end: key.clone(), deletion: *deletion }),
            }
        }
        start = key;
        for deletion in begin {
            *in_force.entry(deletion).or_default() += 1;
        }
        for deletion in end {
            if let Some(count) = in_force.get_mut(&deletion) {
                *count -= 1;
                if *count == 0 {
                    in_force.remove(&deletion);
                }
            }
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Row, encode_row};
    use proptest::prelude::*;

    const PARTITION: &[u8] = b"\0\0\0\x01\x80\0\0\0\0\0\0\x05key\0\0";

    fn key(suffix: &[u8]) -> Vec<u8> {
        [PARTITION, suffix].concat()
    }

    fn tombstone(start: &[u8], end: &[u8], timestamp: i64) -> Option<(Vec<u8>, Vec<u8>)> {
        let end = if end.is_empty() { Key::prefix_end(PARTITION) } else { key(end) };
        let at = Key::range_tombstone(&key(start), &end)?.bytes().to_vec();
        let row = encode_tombstone(&at, timestamp);
        Some((at, row))
    }

    fn encode_tombstone(key: &[u8], timestamp: i64) -> Vec<u8> {
        let mut out = Vec::new();
        encode_row(key, &Row { deletion: Some(Deletion { timestamp, local_seconds: 1 }), ..Row::default() }, &mut out);
        out
    }

    fn covers(tombstones: &[(Vec<u8>, Vec<u8>)]) -> Covers {
        Covers::from_tombstones(tombstones.iter().map(|(key, row)| (&key[..], &row[..])))
    }

    #[test]
    fn a_partition_covers_its_static_row_and_a_range_does_not() {
        let whole = Key::partition_tombstone(PARTITION).bytes().to_vec();
        let partition = covers(&[(whole.clone(), encode_tombstone(&whole, 7))]);
        let range = covers(&[tombstone(b"", b"", 7).unwrap()]);
        for (suffix, by_range) in [(&b"\x01"[..], false), (b"\x02", true), (b"\x41\0\0\0\x05\x02", true)] {
            assert!(partition.deletion(&key(suffix)).is_some(), "{suffix:?}");
            assert_eq!(range.deletion(&key(suffix)).is_some(), by_range, "{suffix:?}");
        }
        let other = b"\0\0\0\x01\x80\0\0\0\0\0\0\x05kez\0\0\x02";
        assert_eq!(partition.deletion(other).or(range.deletion(other)), None);
    }

    #[test]
    fn what_covers_nothing_has_no_key() {
        assert_eq!(tombstone(b"\x41b", b"\x41b", 1), None);
        assert_eq!(tombstone(b"\x41c", b"\x41b", 1), None);
        assert_eq!(tombstone(b"", b"\x02", 1), None, "only the static row lies there");
        assert_eq!(Key::range_tombstone(PARTITION, PARTITION), None, "it ends where it begins, and has no end unsaid");
        assert_eq!(Key::range_tombstone(b"short", b"shorter"), None);
        assert_eq!(Key::range_tombstone(PARTITION, b"\0\0\0\x02\x80\0\0\0\0\0\0\x05key\0\0"), None, "another table");
    }

    proptest! {
        #[test]
        fn the_newest_of_those_that_overlap_counts(
            ranges in prop::collection::vec((0u8..12, 0u8..14, 0i64..5), 0..8),
            partition in prop::option::of(0i64..5),
            asked in 0u8..14,
        ) {
            let bound = |n: u8| if n == 0 { Vec::new() } else { vec![0x41, n, 0x02] };
            let upper = |n: u8| if n >= 13 { Vec::new() } else { bound(n) };
            let mut tombstones: Vec<_> =
                ranges.iter().filter_map(|(from, to, at)| tombstone(&bound(*from), &upper((*to).max(1)), *at)).collect();
            if let Some(at) = partition {
                let whole = Key::partition_tombstone(PARTITION).bytes().to_vec();
                tombstones.push((whole.clone(), encode_tombstone(&whole, at)));
            }
            let covering = ranges.iter().filter(|(from, to, _)| *from <= asked && (asked < (*to).max(1) || *to >= 13));
            let expected = covering.map(|(.., at)| *at).chain(partition).max();
            let found = covers(&tombstones).deletion(&key(&[0x41, asked, 0x02]));
            prop_assert_eq!(found.map(|deletion| deletion.timestamp), expected);
        }

        #[test]
        fn extents_read_back(start: Vec<u8>, end: Vec<u8>) {
            let (start, end) = (key(&start), key(&end));
            if let Some(tombstone) = Key::range_tombstone(&start, &end) {
                let extent = Key::extent(tombstone.bytes()).unwrap();
                prop_assert_eq!(extent.end, end);
                prop_assert!(extent.start == start || extent.start == key(&[2]));
                prop_assert_eq!(Key::partition(tombstone.bytes()), Some(PARTITION.len()));
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>, kind in 3u8..5) {
            let _ = Key::extent(&bytes);
            let _ = Key::extent(&[PARTITION, &bytes, &[kind]].concat());
        }
    }
}
