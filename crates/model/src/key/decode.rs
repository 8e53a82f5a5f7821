//! Decoding of keys into the values of their columns.

use super::partition_key::split_components;
use super::{HEAD_BYTES, Key, KeyError, KeyKind, PartitionKey};
use crate::value::{MaskedReader, Scratch, take_component, take_escaped};
use crate::{Order, Table};
use henge_base::{Bytes, Reader};
use smallvec::SmallVec;

/// The values in a key, copied into one buffer that is on the stack unless the key is long.
pub(crate) struct KeyParts {
    pub(crate) kind: KeyKind,
    values: Scratch,
    /// Start and end of each value in `values`, partition key first.
    spans: SmallVec<[(u32, u32); 8]>,
    partition_columns: usize,
}

impl KeyParts {
    /// Reads a key of `table`.
    pub(crate) fn read(table: &Table, bytes: &[u8]) -> Result<KeyParts, KeyError> {
        let kind = Key::kind(bytes).ok_or(KeyError::Malformed)?;
        let body = bytes.get(HEAD_BYTES..bytes.len() - 1).ok_or(KeyError::Malformed)?;
        let mut reader = MaskedReader::new(Reader::new(body), false);
        let mut values = Scratch::new();
        take_escaped(&mut reader, &mut values).map_err(|_| KeyError::Malformed)?;
        let mut spans = SmallVec::new();
        split_components(&values, table.partition_key.len(), |start, end| spans.push((start as u32, end as u32)))?;
        let mut parts = KeyParts { kind, values, spans, partition_columns: table.partition_key.len() };
        let rest = parts.read_clustering(table, reader.reader())?;
        if rest.is_empty() { Ok(parts) } else { Err(KeyError::Malformed) }
    }

    fn read_clustering<'a>(&mut self, table: &Table, mut reader: Reader<'a>) -> Result<Reader<'a>, KeyError> {
        match self.kind {
            KeyKind::Static => return Ok(reader),
            KeyKind::Row => {}
            KeyKind::PartitionTombstone | KeyKind::RangeTombstone => return Err(KeyError::Malformed),
        }
        for column in &table.clustering {
            // A compact table's row may end early, and its key is kept when the table is made an ordinary one.
            if reader.is_empty() && self.spans.len() > self.partition_columns {
                break;
            }
            let mut masked = MaskedReader::new(reader, column.order == Order::Descending);
            let start = self.values.len() as u32;
            take_component(&column.data_type, &mut masked, &mut self.values).map_err(|_| KeyError::Malformed)?;
            self.spans.push((start, self.values.len() as u32));
            reader = masked.reader();
        }
        Ok(reader)
    }

    /// The value of the partition key column at `index`.
    pub(crate) fn partition_key(&self, index: usize) -> Option<&[u8]> {
        if index < self.partition_columns { self.value(index) } else { None }
    }

    /// The value of the clustering column at `index`; `None` in a static row.
    pub(crate) fn clustering(&self, index: usize) -> Option<&[u8]> {
        self.value(self.partition_columns + index)
    }

    fn value(&self, index: usize) -> Option<&[u8]> {
        let (start, end) = *self.spans.get(index)?;
        self.values.get(start as usize..end as usize)
    }
}

impl Key {
    /// Splits an encoded key into partition key values, clustering values (none for a static row) and its kind.
    pub fn decode(table: &Table, bytes: &[u8]) -> Result<(Vec<Bytes>, Vec<Bytes>, KeyKind), KeyError> {
        let parts = KeyParts::read(table, bytes)?;
        let owned = |part: &[u8]| Bytes::copy_from_slice(part);
        let partition = (0..table.partition_key.len()).filter_map(|i| parts.partition_key(i)).map(owned).collect();
        let clustering = (0..table.clustering.len()).filter_map(|i| parts.clustering(i)).map(owned).collect();
        Ok((partition, clustering, parts.kind))
    }

    /// The partition key in an encoded key.
    pub fn partition_key(bytes: &[u8]) -> Result<PartitionKey, KeyError> {
        let body = bytes.get(HEAD_BYTES..).ok_or(KeyError::Malformed)?;
        let mut values = Scratch::new();
        take_escaped(&mut MaskedReader::new(Reader::new(body), false), &mut values).map_err(|_| KeyError::Malformed)?;
        PartitionKey::from_bytes(Bytes::copy_from_slice(&values))
    }
}
