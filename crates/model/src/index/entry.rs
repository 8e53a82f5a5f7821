//! The key of one term of one row: storage id, index id, term, then the row's key behind its storage id. Entries of one term
//! sort as their rows do.

use super::{IndexId, Terms};
use crate::{Key, StorageId};
use henge_base::Bytes;

/// Bytes of a storage id.
const STORAGE: usize = 4;
/// Bytes before a term.
const HEAD: usize = STORAGE + 4;

/// Keys of index entries.
#[derive(Clone, Copy, Debug)]
pub struct IndexEntry;

impl IndexEntry {
    /// What the keys of an index's entries begin with, and no others.
    pub fn prefix(table: StorageId, index: IndexId) -> [u8; HEAD] {
        let mut head = [0; HEAD];
        head[..STORAGE].copy_from_slice(&table.0.to_be_bytes());
        head[STORAGE..].copy_from_slice(&index.0.to_be_bytes());
        head
    }

    /// The entry of a row under a term; `row` is its key.
    pub fn key(table: StorageId, index: IndexId, term: &[u8], row: &[u8]) -> Bytes {
        let rest = row.get(STORAGE..).unwrap_or_default();
        [&IndexEntry::prefix(table, index)[..], term, rest].concat().into()
    }

    /// The term and the row's key of an entry; `None` of bytes that are none.
    pub fn parse(entry: &[u8]) -> Option<(&[u8], Bytes)> {
        let end = HEAD + term_end(entry.get(HEAD..)?)?;
        let row = [&entry[..STORAGE], &entry[end..]].concat();
        Some((&entry[HEAD..end], row.into()))
    }

    /// Between which keys the entries lie of some terms and of rows from `start` to `end`. Of one term none else lie there.
    pub fn range(table: StorageId, index: IndexId, terms: &Terms, start: &[u8], end: &[u8]) -> (Bytes, Bytes) {
        let prefix = IndexEntry::prefix(table, index);
        let within = |bytes: &[u8]| Bytes::from([&prefix[..], bytes].concat());
        match terms {
            Terms::One(term) => {
                let last = if end.starts_with(&table.0.to_be_bytes()) {
                    IndexEntry::key(table, index, term, end)
                } else {
                    // The rows run to the table's end.
                    Key::prefix_end(&within(term)).into()
                };
                (IndexEntry::key(table, index, term, start), last)
            }
            Terms::Range { start, end } if end.is_empty() => (within(start), Key::prefix_end(&prefix).into()),
            Terms::Range { start, end } => (within(start), within(end)),
        }
    }
}

/// Where the term ends that bytes begin with.
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
