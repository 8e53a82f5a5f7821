//! RESULT of rows, as a client sees it; servers stream it with [`crate::RowsWriter`].

use super::prepared::{column_count, encode_columns};
use crate::metadata::{METADATA_CHANGED, MORE_PAGES, NO_METADATA, read_columns};
use crate::primitive::{ReadNotation, put_bytes, put_int, put_short_bytes};
use crate::{ColumnSpec, ProtocolError, Version};
use henge_base::{Bytes, Reader};

pub(crate) const RESULT_ROWS: i32 = 2;

/// A result of rows, or a page of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The columns; empty if the server left them out.
    pub columns: Vec<ColumnSpec>,
    /// The number of values in each row.
    pub column_count: usize,
    /// The state to send for the next page; `None` on the last page.
    pub paging_state: Option<Bytes>,
    /// The new id of the columns, if they are not those that the client knew (v5).
    pub new_metadata_id: Option<Bytes>,
    /// The rows' values in native encoding or null, in the order of the columns.
    pub rows: Vec<Vec<Option<Bytes>>>,
}

impl Rows {
    pub(super) fn encode(&self, version: Version, out: &mut Vec<u8>) {
        let columns = encode_columns(&self.columns);
        let flag = |on: bool, flag: i32| if on { flag } else { 0 };
        let new_id = self.new_metadata_id.as_ref().filter(|_| version >= Version::V5);
        put_int(out, RESULT_ROWS);
        put_int(
            out,
            columns.flags
                | flag(self.paging_state.is_some(), MORE_PAGES)
                | flag(self.columns.is_empty(), NO_METADATA)
                | flag(new_id.is_some(), METADATA_CHANGED),
        );
        put_int(out, self.column_count as i32);
        if let Some(state) = &self.paging_state {
            put_bytes(out, Some(state));
        }
        if let Some(id) = new_id {
            put_short_bytes(out, id);
        }
        out.extend_from_slice(columns.bytes(version));
        put_int(out, self.rows.len() as i32);
        for value in self.rows.iter().flatten() {
            put_bytes(out, value.as_deref());
        }
    }

    pub(super) fn decode(version: Version, reader: &mut Reader<'_>, body: &Bytes) -> Result<Self, ProtocolError> {
        let flags = reader.i32()?;
        let mut rows = Rows { column_count: column_count(reader.i32()?)?, ..Rows::default() };
        if flags & MORE_PAGES != 0 {
            rows.paging_state = reader.bytes()?.map(|b| body.slice_ref(b));
        }
        if version >= Version::V5 && flags & METADATA_CHANGED != 0 {
            rows.new_metadata_id = Some(body.slice_ref(reader.short_bytes()?));
        }
        if flags & NO_METADATA == 0 {
            rows.columns = read_columns(reader, flags, rows.column_count)?;
        }
        let row_count = reader.i32()?;
        // Rows without values would cost the sender nothing, but memory here.
        if row_count < 0 || (row_count > 0 && rows.column_count == 0) {
            return Err(ProtocolError::new(format!(
                "There cannot be {row_count} rows of {} columns",
                rows.column_count
            )));
        }
        for _ in 0..row_count {
            rows.rows.push(read_row(reader, rows.column_count, body)?);
        }
        Ok(rows)
    }
}

fn read_row(reader: &mut Reader<'_>, columns: usize, body: &Bytes) -> Result<Vec<Option<Bytes>>, ProtocolError> {
    let mut row = Vec::new();
    for _ in 0..columns {
        row.push(reader.bytes()?.map(|value| body.slice_ref(value)));
    }
    Ok(row)
}
