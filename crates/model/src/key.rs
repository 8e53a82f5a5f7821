//! The key of every row: one byte string that sorts by table, token, partition, clustering and kind.
//!
//! | Part | Bytes |
//! |---|---|
//! | storage id | 4, big-endian |
//! | token | 8, big-endian, sign flipped |
//! | partition key | as hashed, 00 written as 00 FF, then 00 00 |
//! | clustering | a component per column (see `value::sort_key`), every bit inverted for DESC |
//! | kind | 01 static row, 02 row; tombstones have keys of their own, see `tombstone` |
//!
//! A row of a compact table may lack its last clustering columns; their components are left out.
//!
//! The modules below that read keys back (`decode`, `original`, `tombstone`) use this one, and it uses none of them.

pub(crate) mod decode;
mod key_error;
mod key_kind;
pub(crate) mod original;
mod partition_key;
pub(crate) mod tombstone;

pub use key_error::KeyError;
pub use key_kind::KeyKind;
pub use partition_key::PartitionKey;

use crate::limits::COMPONENT_BYTES_MAX;
use crate::token::{from_sortable, to_sortable};
use crate::value::put_escaped;
use crate::{Order, StorageId, Table, Token};
use henge_base::{Bytes, Reader};

/// A row's key, encoded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub Bytes);

/// Bytes of storage id and token, which every key begins with.
pub(crate) const HEAD_BYTES: usize = 12;

impl Key {
    /// The key of a row with a value for every clustering column. In a table that [has short
    /// rows](Table::has_short_rows) the last ones may be missing; the row then sorts before those that have them.
    pub fn row(table: &Table, partition: &PartitionKey, clustering: &[&[u8]]) -> Result<Key, KeyError> {
        let values: usize = clustering.iter().map(|value| value.len() + 8).sum();
        let mut out = Vec::with_capacity(HEAD_BYTES + partition.bytes().len() + values + 16);
        Key::put_row(table, partition, clustering, &mut out)?;
        Ok(Key(Bytes::from(out)))
    }

    /// Appends the bytes of [`Key::row`] to `out`, so that one buffer serves many keys. On an error `out` is as it was.
    pub fn put_row(
        table: &Table,
        partition: &PartitionKey,
        clustering: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> Result<(), KeyError> {
        if clustering.len() != table.clustering.len() && !is_short(table, clustering.len()) {
            return Err(KeyError::Components { expected: table.clustering.len(), actual: clustering.len() });
        }
        let start = out.len();
        put_prefix(table, partition, out);
        put_clustering(table, clustering, out).inspect_err(|_| out.truncate(start))?;
        out.push(KeyKind::Row as u8);
        Ok(())
    }

    /// The key of a partition's static row.
    pub fn static_row(table: &Table, partition: &PartitionKey) -> Key {
        let mut out = Key::partition_prefix(table, partition);
        out.push(KeyKind::Static as u8);
        Key(Bytes::from(out))
    }

    /// The prefix that all keys of one partition share, and no other keys.
    pub fn partition_prefix(table: &Table, partition: &PartitionKey) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD_BYTES + partition.bytes().len() + 10);
        put_prefix(table, partition, &mut out);
        out
    }

    /// The prefix that all keys of rows with these first clustering values share, and no other keys.
    pub fn clustering_prefix(table: &Table, partition: &PartitionKey, values: &[&[u8]]) -> Result<Vec<u8>, KeyError> {
        if values.len() > table.clustering.len() {
            return Err(KeyError::Components { expected: table.clustering.len(), actual: values.len() });
        }
        let mut out = Key::partition_prefix(table, partition);
        put_clustering(table, values, &mut out)?;
        Ok(out)
    }

    /// The smallest byte string above everything that begins with `prefix`; empty (no bound) if every byte is FF, which
    /// no key begins with.
    pub fn prefix_end(prefix: &[u8]) -> Vec<u8> {
        let kept = prefix.iter().rposition(|b| *b != 0xff).map_or(0, |i| i + 1);
        let mut end = prefix[..kept].to_vec();
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        end
    }

    /// Bounds (first included, second excluded) of a table's keys with tokens above `start` and up to `end`. Equal
    /// tokens mean the whole table. A range that wraps is not one run of keys: use [`crate::TokenRange::split_at_wrap`]
    /// first.
    pub fn table_range(storage_id: StorageId, start: Token, end: Token) -> (Vec<u8>, Vec<u8>) {
        let (start, end) = if start == end { (Token::MIN, Token::MAX) } else { (start, end) };
        // No key has the lowest token, so excluding it loses nothing; above the highest token begins the next table.
        let above = |token: Token| match token.0.checked_add(1) {
            Some(next) => encode_head(storage_id, Token(next)).to_vec(),
            None => Key::prefix_end(&storage_id.0.to_be_bytes()),
        };
        (above(start), above(end))
    }

    /// The encoded key.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The encoded key, shared.
    pub fn to_bytes(&self) -> Bytes {
        self.0.clone()
    }

    /// The token in an encoded key or a prefix of one; `None` if it is too short.
    pub fn token(bytes: &[u8]) -> Option<Token> {
        let mut reader = Reader::new(bytes.get(4..)?);
        from_sortable(&mut reader).ok()
    }

    /// The storage id in an encoded key or a prefix of one; `None` if it is too short.
    pub fn storage_id(bytes: &[u8]) -> Option<StorageId> {
        Reader::new(bytes).u32().ok().map(StorageId)
    }

    /// The number of bytes of an encoded key that name its partition, table and token included; `None` if its partition
    /// key does not end.
    pub fn partition(bytes: &[u8]) -> Option<usize> {
        let mut at = HEAD_BYTES;
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

    /// The kind of row that an encoded key names; `None` if its last byte is not a known kind.
    pub fn kind(bytes: &[u8]) -> Option<KeyKind> {
        match bytes.last()? {
            0x01 => Some(KeyKind::Static),
            0x02 => Some(KeyKind::Row),
            0x03 => Some(KeyKind::PartitionTombstone),
            0x04 => Some(KeyKind::RangeTombstone),
            _ => None,
        }
    }
}

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

fn encode_head(storage_id: StorageId, token: Token) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[..4].copy_from_slice(&storage_id.0.to_be_bytes());
    head[4..].copy_from_slice(&to_sortable(token));
    head
}

fn put_prefix(table: &Table, partition: &PartitionKey, out: &mut Vec<u8>) {
    out.extend_from_slice(&encode_head(table.storage_id, partition.token()));
    put_escaped(partition.bytes(), out);
}

fn is_short(table: &Table, given: usize) -> bool {
    table.has_short_rows() && (1..table.clustering.len()).contains(&given)
}

fn put_clustering(table: &Table, values: &[&[u8]], out: &mut Vec<u8>) -> Result<(), KeyError> {
    for (column, value) in table.clustering.iter().zip(values) {
        if value.len() > COMPONENT_BYTES_MAX {
            return Err(KeyError::TooLong(value.len()));
        }
        let start = out.len();
        column.data_type.encode_key(value, out)?;
        if column.order == Order::Descending {
            out[start..].iter_mut().for_each(|b| *b = !*b);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
