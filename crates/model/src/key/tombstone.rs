//! Keys of deletions that cover more than one row.
//!
//! Partition tombstone: the partition's prefix, then 03. Range tombstone: the prefix; its start and its end, each
//! escaped; 04. Start and end are the bytes that follow the prefix in a row's key, so that comparing bytes tells if a
//! row is covered.

use super::{Key, KeyKind};
use crate::value::{MaskedReader, Scratch, put_escaped, take_escaped};
use henge_base::{Bytes, Reader};

/// The lowest byte after a partition's prefix that a row's key can have; the static row's is lower.
const FIRST_ROW: u8 = KeyKind::Row as u8;

/// The keys of one partition that a tombstone covers: from `start` (included) to `end` (excluded).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The lowest key covered.
    pub start: Bytes,
    /// The lowest key above `start` that is not covered.
    pub end: Bytes,
}

impl Key {
    /// The key of the deletion of a whole partition, static row included. `partition` is the prefix of the partition's
    /// keys.
    pub fn partition_tombstone(partition: &[u8]) -> Key {
        let mut out = partition.to_vec();
        out.push(KeyKind::PartitionTombstone as u8);
        Key(out.into())
    }

    /// The key of the deletion of a partition's rows from `start` (included) to `end` (excluded). Both are keys,
    /// prefixes of keys or bounds of one partition. `None` if no row lies between them, or they are not of one
    /// partition.
    pub fn range_tombstone(start: &[u8], end: &[u8]) -> Option<Key> {
        let length = Key::partition(start)?;
        let (partition, from) = start.split_at(length);
        let to = match end.strip_prefix(partition) {
            // `end` is the beginning of the partition, below all of its keys.
            Some([]) => return None,
            Some(to) => to,
            None if *end == *Key::prefix_end(partition) => &[],
            None => return None,
        };
        // The static row is never part of a range.
        let from = from.max(&[FIRST_ROW]);
        if !to.is_empty() && from >= to {
            return None;
        }
        let mut out = partition.to_vec();
        put_escaped(from, &mut out);
        put_escaped(to, &mut out);
        out.push(KeyKind::RangeTombstone as u8);
        Some(Key(out.into()))
    }

    /// The keys that a tombstone covers, from its own key; `None` if the key is not a tombstone's.
    pub fn extent(key: &[u8]) -> Option<Extent> {
        let length = Key::partition(key)?;
        let (partition, rest) = key.split_at(length);
        let whole = || Bytes::from(Key::prefix_end(partition));
        match Key::kind(key)? {
            KeyKind::PartitionTombstone if rest.len() == 1 => {
                Some(Extent { start: Bytes::copy_from_slice(partition), end: whole() })
            }
            KeyKind::RangeTombstone => {
                let (from, to) = decode_bounds(&rest[..rest.len() - 1])?;
                let end = if to.is_empty() { whole() } else { [partition, &to].concat().into() };
                Some(Extent { start: [partition, &from].concat().into(), end })
            }
            _ => None,
        }
    }
}

impl KeyKind {
    /// True if the key is a tombstone's, of a partition or of a range.
    pub fn is_tombstone(self) -> bool {
        matches!(self, KeyKind::PartitionTombstone | KeyKind::RangeTombstone)
    }
}

fn decode_bounds(bytes: &[u8]) -> Option<(Scratch, Scratch)> {
    let mut reader = MaskedReader::new(Reader::new(bytes), false);
    let (mut from, mut to) = (Scratch::new(), Scratch::new());
    take_escaped(&mut reader, &mut from).ok()?;
    take_escaped(&mut reader, &mut to).ok()?;
    let sound = reader.reader().is_empty() && !from.is_empty() && (to.is_empty() || from < to);
    sound.then_some((from, to))
}
