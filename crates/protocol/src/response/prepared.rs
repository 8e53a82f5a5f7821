//! RESULT of PREPARE, as a client sees it; servers send [`crate::PreparedMetadata`].

use crate::metadata::{EncodedColumns, NO_METADATA, put_bind, put_result, read_columns};
use crate::primitive::{ReadNotation, put_short_bytes};
use crate::{ColumnSpec, ProtocolError, Version};
use henge_base::{Bytes, Reader};

/// A prepared statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The statement's id, for EXECUTE.
    pub id: Bytes,
    /// The id of the result columns, for EXECUTE (v5).
    pub metadata_id: Option<Bytes>,
    /// The statement's markers.
    pub bind: Vec<ColumnSpec>,
    /// The indexes of the markers that make up the partition key (v4 and later).
    pub pk_indexes: Vec<u16>,
    /// The result columns; empty if the statement returns no rows.
    pub result: Vec<ColumnSpec>,
}

impl Prepared {
    pub(super) fn encode(&self, version: Version, out: &mut Vec<u8>) {
        put_short_bytes(out, &self.id);
        if version >= Version::V5 {
            put_short_bytes(out, self.metadata_id.as_deref().unwrap_or_default());
        }
        put_bind(out, version, &encode_columns(&self.bind), &self.pk_indexes);
        put_result(out, version, &encode_columns(&self.result));
    }

    pub(super) fn decode(version: Version, reader: &mut Reader<'_>, body: &Bytes) -> Result<Self, ProtocolError> {
        let id = body.slice_ref(reader.short_bytes()?);
        let metadata_id = match version {
            Version::V5 => Some(body.slice_ref(reader.short_bytes()?)),
            _ => None,
        };
        let (flags, count) = (reader.i32()?, reader.i32()?);
        let mut pk_indexes = Vec::new();
        if version >= Version::V4 {
            for _ in 0..reader.i32()? {
                pk_indexes.push(reader.u16()?);
            }
        }
        let bind = read_columns(reader, flags, column_count(count)?)?;
        let (flags, count) = (reader.i32()?, reader.i32()?);
        let result = match flags & NO_METADATA {
            0 => read_columns(reader, flags, column_count(count)?)?,
            _ => Vec::new(),
        };
        Ok(Prepared { id, metadata_id, bind, pk_indexes, result })
    }
}

pub(super) fn encode_columns(columns: &[ColumnSpec]) -> EncodedColumns {
    EncodedColumns::new(&columns.iter().map(ColumnSpec::as_ref).collect::<Vec<_>>())
}

pub(super) fn column_count(count: i32) -> Result<usize, ProtocolError> {
    usize::try_from(count).map_err(|_| ProtocolError::new(format!("There cannot be {count} columns")))
}
