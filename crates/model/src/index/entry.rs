//! Keys of index entries: storage id, index id, term, then the row's key without its storage id. Entries of one term
//! sort as their rows do.

use super::{IndexId, Terms};
use crate::{Key, StorageId};
use henge_base::Bytes;

/// Bytes of a storage id.
const STORAGE_ID_BYTES: usize = 4;
/// Bytes before a term: storage id and index id.
const PREFIX_BYTES: usize = STORAGE_ID_BYTES + 4;

/// Namespace of the functions on keys of index entries.
#[derive(Clone, Copy, Debug)]
pub struct IndexEntry;

impl IndexEntry {
    /// The prefix that all keys of this index's entries share, and no other keys.
    pub fn prefix(table: StorageId, index: IndexId) -> [u8; PREFIX_BYTES] {
        let mut head = [0; PREFIX_BYTES];
        head[..STORAGE_ID_BYTES].copy_from_slice(&table.0.to_be_bytes());
        head[STORAGE_ID_BYTES..].copy_from_slice(&index.0.to_be_bytes());
        head
    }

    /// The key of a row's entry under a term; `row` is the row's key.
    pub fn key(table: StorageId, index: IndexId, term: &[u8], row: &[u8]) -> Bytes {
        let rest = row.get(STORAGE_ID_BYTES..).unwrap_or_default();
        [&IndexEntry::prefix(table, index)[..], term, rest].concat().into()
    }

    /// The term and the row's key of an entry; `None` if the bytes are not the key of an entry.
    pub fn parse(entry: &[u8]) -> Option<(&[u8], Bytes)> {
        let end = PREFIX_BYTES + term_end(entry.get(PREFIX_BYTES..)?)?;
        let row = [&entry[..STORAGE_ID_BYTES], &entry[end..]].concat();
        Some((&entry[PREFIX_BYTES..end], row.into()))
    }

    /// Bounds (first included, second excluded) of the entries of these terms for rows from `start` to `end`. For one
    /// term the bounds hold no other entry; for a range of terms, entries of rows outside `start` and `end` too.
    pub fn range(table: StorageId, index: IndexId, terms: &Terms, start: &[u8], end: &[u8]) -> (Bytes, Bytes) {
        let prefix = IndexEntry::prefix(table, index);
        let within = |bytes: &[u8]| Bytes::from([&prefix[..], bytes].concat());
        match terms {
            Terms::One(term) => {
                let last = if end.starts_with(&table.0.to_be_bytes()) {
                    IndexEntry::key(table, index, term, end)
                } else {
                    // `end` lies in the next table, so the rows run to the end of this one.
                    Key::prefix_end(&within(term)).into()
                };
                (IndexEntry::key(table, index, term, start), last)
            }
            Terms::Range { start, end } if end.is_empty() => (within(start), Key::prefix_end(&prefix).into()),
            Terms::Range { start, end } => (within(start), within(end)),
        }
    }
}

/// The length of the term that the bytes begin with; `None` if the term does not end.
fn term_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let zero = bytes.get(at..)?.iter().position(|b| *b == 0)? + at;
        at = zero + 2;
        match bytes.get(zero + 1)? {
            0 => return Some(at),
            0xff => {}
            _ => return None,
        }
    }
}
