//! Reading of rows from their bytes, without copying.

use super::cells::{Cells, signed_vint, timestamp_below, ttl, vint};
use super::layout::{CRC_BYTES, DAMAGED, FORMAT, row_flag};
use super::{CellView, RowError};
use crate::normal::{RowDeletions, compare_places};
use crate::{ColumnId, Deletion, Marker, Row};
use henge_base::{Micros, Reader};

/// A row in normal form that borrows its bytes. Creating a view allocates nothing.
#[derive(Clone, Copy, Debug)]
pub struct RowView<'a> {
    newest: Micros,
    marker: Option<Marker>,
    deletion: Option<Deletion>,
    cells: Cells<'a>,
}

impl<'a> RowView<'a> {
    /// Parses the row at `key`, checking its checksum and every cell.
    pub fn parse(key: &[u8], bytes: &'a [u8]) -> Result<RowView<'a>, RowError> {
        let (format, body) = verify_body(key, bytes)?;
        let row = RowView::read(format, body)?;
        row.check()?;
        Ok(row)
    }

    /// Parses a row that this process has checked before: neither checksum nor cells are checked again. Bytes that are
    /// not a row after all give an error or fewer cells, never a panic.
    pub fn parse_trusted(bytes: &'a [u8]) -> Result<RowView<'a>, RowError> {
        let (format, body) = bytes.get(CRC_BYTES..).and_then(|b| b.split_first()).ok_or(RowError::Corrupt)?;
        RowView::read(*format, body)
    }

    fn read(format: u8, body: &'a [u8]) -> Result<RowView<'a>, RowError> {
        match format {
            FORMAT => {}
            DAMAGED => return Err(RowError::Damaged),
            other => return Err(RowError::UnknownFormat(other)),
        }
        let mut reader = Reader::new(body);
        let flags = reader.u8()?;
        let newest = signed_vint(&mut reader)?;
        let marker = marker(&mut reader, flags, newest)?;
        let deletion = deletion(&mut reader, flags, newest)?;
        let count = vint(&mut reader)?;
        Ok(RowView { newest, marker, deletion, cells: Cells::new(reader, newest, count) })
    }

    /// Reads all cells and checks order, normal form, the newest timestamp, and that nothing follows.
    fn check(&self) -> Result<(), RowError> {
        let mut cover = RowDeletions::new(self.deletion);
        let mut newest = self.marker.map(|m| m.timestamp).max(self.deletion.map(|d| d.timestamp));
        if self.marker.is_some_and(|marker| cover.covers_marker(&marker)) {
            return Err(RowError::Corrupt);
        }
        let mut cells = self.cells;
        let mut before: Option<CellView<'_>> = None;
        while cells.remaining() > 0 {
            let cell = cells.read()?;
            if before.is_some_and(|before| compare_places(&before, &cell).is_ge()) || cover.covers(&cell) {
                return Err(RowError::Corrupt);
            }
            newest = newest.max(Some(cell.timestamp));
            before = Some(cell);
        }
        let whole = cells.rest().is_empty() && newest.unwrap_or(0) == self.newest;
        if whole { Ok(()) } else { Err(RowError::Corrupt) }
    }

    /// The row's marker.
    pub fn marker(&self) -> Option<Marker> {
        self.marker
    }

    /// The row's deletion.
    pub fn deletion(&self) -> Option<Deletion> {
        self.deletion
    }

    /// The newest timestamp of any part; 0 for an empty row.
    pub fn newest(&self) -> Micros {
        self.newest
    }

    /// The oldest timestamp of any part; `None` for an empty row.
    pub(crate) fn oldest(&self) -> Option<Micros> {
        let head = self.marker.map(|m| m.timestamp).into_iter().chain(self.deletion.map(|d| d.timestamp));
        head.chain(self.cells().map(|cell| cell.timestamp)).min()
    }

    /// The cells, in order.
    pub fn cells(&self) -> Cells<'a> {
        self.cells
    }

    /// The number of cells. For a row that was only trusted, the number that it claims.
    pub(crate) fn cell_count(&self) -> usize {
        self.cells.remaining() as usize
    }

    /// True if the row has no marker, no deletion and no cells.
    pub fn is_empty(&self) -> bool {
        self.marker.is_none() && self.deletion.is_none() && self.cells.remaining() == 0
    }

    /// True if the row exists for a reader at `now_seconds`: its marker is live, or a cell has a value.
    pub fn is_live(&self, now_seconds: i64) -> bool {
        self.marker.is_some_and(|marker| marker.is_live(now_seconds))
            || self.cells().any(|cell| cell.live_value(now_seconds).is_some() && cell.column != ColumnId::CLUSTERING)
    }

    /// True if any part is a deletion executed, or a value that expired, before `purge_before` (seconds since the
    /// epoch).
    pub fn has_purgeable(&self, purge_before: i64) -> bool {
        self.marker.is_some_and(|marker| marker.is_purgeable(purge_before))
            || self.deletion.is_some_and(|deletion| deletion.local_seconds < purge_before)
            || self.cells().any(|cell| cell.is_purgeable(purge_before))
    }

    /// An owned copy.
    pub fn to_row(&self) -> Row {
        let cells = self.cells().map(|cell| cell.to_cell()).collect();
        Row { marker: self.marker, deletion: self.deletion, cells }
    }
}

impl Marker {
    /// True if the marker has not expired at `now_seconds`.
    pub fn is_live(&self, now_seconds: i64) -> bool {
        self.expiry.is_none_or(|(_, expires)| now_seconds < expires)
    }

    /// True if the marker expired before `purge_before` (seconds since the epoch).
    pub fn is_purgeable(&self, purge_before: i64) -> bool {
        self.expiry.is_some_and(|(_, expires)| expires < purge_before)
    }
}

/// The format and the rest of bytes whose checksum under `key` is valid.
pub(crate) fn verify_body<'a>(key: &[u8], bytes: &'a [u8]) -> Result<(u8, &'a [u8]), RowError> {
    let (expected, rest) = bytes.split_first_chunk::<CRC_BYTES>().ok_or(RowError::Corrupt)?;
    let (format, body) = rest.split_first().ok_or(RowError::Corrupt)?;
    if checksum(key, rest) != u32::from_le_bytes(*expected) {
        return Err(RowError::Corrupt);
    }
    Ok((*format, body))
}

pub(super) fn checksum(key: &[u8], rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(rest);
    hasher.finalize()
}

fn marker(reader: &mut Reader<'_>, flags: u8, newest: Micros) -> Result<Option<Marker>, RowError> {
    let expires = flags & row_flag::MARKER_EXPIRES != 0;
    if flags & row_flag::MARKER == 0 {
        return if expires || flags & !row_flag::ALL != 0 { Err(RowError::Corrupt) } else { Ok(None) };
    }
    if flags & !row_flag::ALL != 0 {
        return Err(RowError::Corrupt);
    }
    let timestamp = timestamp_below(newest, vint(reader)?).ok_or(RowError::Corrupt)?;
    let expiry = if expires { Some((ttl(reader)?, signed_vint(reader)?)) } else { None };
    Ok(Some(Marker { timestamp, expiry }))
}

fn deletion(reader: &mut Reader<'_>, flags: u8, newest: Micros) -> Result<Option<Deletion>, RowError> {
    if flags & row_flag::DELETION == 0 {
        return Ok(None);
    }
    let timestamp = timestamp_below(newest, vint(reader)?).ok_or(RowError::Corrupt)?;
    Ok(Some(Deletion { timestamp, local_seconds: signed_vint(reader)? }))
}
