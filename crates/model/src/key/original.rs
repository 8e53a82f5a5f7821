//! Clustering values whose bytes are not the normal form of their value.
//!
//! A key equates values that its type's order equates: the decimals 1.0 and 1.00 name one row. The bytes that the
//! writer sent are kept in the row, as the value of a cell of [`ColumnId::CLUSTERING`] with the write's timestamp and
//! TTL. Readers get those of the newest such cell.

use super::KeyError;
use crate::value::{MaskedReader, Scratch, take_component};
use crate::{ColumnId, DataType, Key, Table};
use henge_base::{Bytes, Reader, put_vint};

impl ColumnId {
    /// The column of the cell that keeps clustering values as they were written. No table allocates this id, and the
    /// cell makes no row live.
    pub const CLUSTERING: ColumnId = ColumnId(u32::MAX);
}

impl Key {
    /// The value that a write of this row has to put into a cell of [`ColumnId::CLUSTERING`]; `None` if the key decodes
    /// to the same bytes, as it nearly always does.
    pub fn original_clustering(table: &Table, clustering: &[&[u8]]) -> Result<Option<Bytes>, KeyError> {
        let mut exact = true;
        for (column, value) in table.clustering.iter().zip(clustering) {
            exact &= is_exact(&column.data_type) || round_trips(&column.data_type, value)?;
        }
        if exact {
            return Ok(None);
        }
        let mut out = Vec::with_capacity(clustering.iter().map(|value| value.len() + 3).sum());
        for value in clustering {
            put_vint(&mut out, value.len() as u64);
            out.extend_from_slice(value);
        }
        Ok(Some(Bytes::from(out)))
    }
}

/// The clustering value at `index` in the output of [`Key::original_clustering`].
pub(crate) fn original_value(original: &[u8], index: usize) -> Option<&[u8]> {
    let mut reader = Reader::new(original);
    for _ in 0..index {
        reader.vint_bytes().ok()?;
    }
    reader.vint_bytes().ok()
}

/// True if every value of the type has only one encoding, so that a key gives it back unchanged.
pub(crate) fn is_exact(data_type: &DataType) -> bool {
    let several = matches!(
        data_type,
        DataType::Boolean | DataType::Float | DataType::Double | DataType::Varint | DataType::Decimal
    );
    !several && !matches!(data_type, DataType::Frozen(_) | DataType::Tuple(_) | DataType::Vector(..))
}

fn round_trips(data_type: &DataType, value: &[u8]) -> Result<bool, KeyError> {
    let (mut key, mut back) = (Vec::with_capacity(32), Scratch::new());
    data_type.encode_key(value, &mut key)?;
    take_component(data_type, &mut MaskedReader::new(Reader::new(&key), false), &mut back)?;
    Ok(&back[..] == value)
}
