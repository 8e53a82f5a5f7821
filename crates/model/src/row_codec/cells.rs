//! The encoding of cells, and borrowed views of them.

use super::RowError;
use super::layout::cell_flag;
use crate::{Cell, CellKind, ColumnId};
use henge_base::{Bytes, Micros, Reader, put_signed_vint, put_vint, vint_len};

/// A cell that borrows its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellView<'a> {
    /// The cell's column.
    pub column: ColumnId,
    /// The path within the column; empty for a simple column.
    pub path: &'a [u8],
    /// The write's timestamp, microseconds.
    pub timestamp: Micros,
    /// The value or deletion.
    pub kind: CellKindView<'a>,
}

/// The content of a borrowed cell; see [`CellKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // As the fields of `CellKind`.
pub enum CellKindView<'a> {
    Live { value: &'a [u8] },
    Expiring { value: &'a [u8], ttl: u32, expires: i64 },
    Tombstone { local_seconds: i64 },
    ComplexDeletion { local_seconds: i64 },
}

impl<'a> CellView<'a> {
    /// The value, if the cell has one at `now_seconds`.
    pub fn live_value(&self, now_seconds: i64) -> Option<&'a [u8]> {
        match self.kind {
            CellKindView::Live { value } => Some(value),
            CellKindView::Expiring { value, expires, .. } if now_seconds < expires => Some(value),
            _ => None,
        }
    }

    /// True if the cell deletes all older elements of its column.
    pub fn is_complex_deletion(&self) -> bool {
        matches!(self.kind, CellKindView::ComplexDeletion { .. })
    }

    /// True if the cell is a deletion executed, or a value that expired, before `purge_before` (seconds since the
    /// epoch).
    pub fn is_purgeable(&self, purge_before: i64) -> bool {
        self.purgeable_from().is_some_and(|at| at < purge_before)
    }

    /// When the cell was deleted, or expires, in seconds since the epoch; `None` of a value that stays.
    pub fn purgeable_from(&self) -> Option<i64> {
        match self.kind {
            CellKindView::Live { .. } => None,
            CellKindView::Expiring { expires: at, .. }
            | CellKindView::Tombstone { local_seconds: at }
            | CellKindView::ComplexDeletion { local_seconds: at } => Some(at),
        }
    }

    /// An owned copy.
    pub fn to_cell(&self) -> Cell {
        let kind = match self.kind {
            CellKindView::Live { value } => CellKind::Live { value: Bytes::copy_from_slice(value) },
            CellKindView::Expiring { value, ttl, expires } => {
                CellKind::Expiring { value: Bytes::copy_from_slice(value), ttl, expires }
            }
            CellKindView::Tombstone { local_seconds } => CellKind::Tombstone { local_seconds },
            CellKindView::ComplexDeletion { local_seconds } => CellKind::ComplexDeletion { local_seconds },
        };
        Cell { column: self.column, path: Bytes::copy_from_slice(self.path), timestamp: self.timestamp, kind }
    }

    fn flags(&self, newest: Micros) -> u8 {
        let kind = match self.kind {
            CellKindView::Live { .. } => 0,
            CellKindView::Expiring { .. } => cell_flag::EXPIRING,
            CellKindView::Tombstone { .. } => cell_flag::TOMBSTONE,
            CellKindView::ComplexDeletion { .. } => cell_flag::COMPLEX_DELETION,
        };
        let same = if self.timestamp == newest { cell_flag::NEWEST } else { 0 };
        kind | same | if self.path.is_empty() { 0 } else { cell_flag::PATH }
    }
}

impl Cell {
    /// The cell, borrowed.
    pub fn view(&self) -> CellView<'_> {
        let kind = match &self.kind {
            CellKind::Live { value } => CellKindView::Live { value },
            CellKind::Expiring { value, ttl, expires } => {
                CellKindView::Expiring { value, ttl: *ttl, expires: *expires }
            }
            CellKind::Tombstone { local_seconds } => CellKindView::Tombstone { local_seconds: *local_seconds },
            CellKind::ComplexDeletion { local_seconds } => {
                CellKindView::ComplexDeletion { local_seconds: *local_seconds }
            }
        };
        // A complex deletion covers the whole column, so its path has no meaning and is dropped.
        let path: &[u8] = if matches!(self.kind, CellKind::ComplexDeletion { .. }) { &[] } else { &self.path };
        CellView { column: self.column, path, timestamp: self.timestamp, kind }
    }
}

/// Appends cells in order; each column id is written as the distance to the one before.
pub(crate) struct CellEncoder {
    newest: Micros,
    before: u32,
}

impl CellEncoder {
    pub(crate) fn new(newest: Micros) -> Self {
        CellEncoder { newest, before: 0 }
    }

    pub(crate) fn put(&mut self, cell: &CellView<'_>, out: &mut Vec<u8>) {
        put_vint(out, u64::from(cell.column.0.wrapping_sub(self.before)));
        self.before = cell.column.0;
        let flags = cell.flags(self.newest);
        out.push(flags);
        if flags & cell_flag::NEWEST == 0 {
            put_vint(out, distance(self.newest, cell.timestamp));
        }
        if flags & cell_flag::PATH != 0 {
            put_bytes(out, cell.path);
        }
        match cell.kind {
            CellKindView::Live { value } => put_bytes(out, value),
            CellKindView::Expiring { value, ttl, expires } => {
                put_vint(out, u64::from(ttl));
                put_signed_vint(out, expires);
                put_bytes(out, value);
            }
            CellKindView::Tombstone { local_seconds } | CellKindView::ComplexDeletion { local_seconds } => {
                put_signed_vint(out, local_seconds);
            }
        }
    }
}

/// The distance of `timestamp` below `newest`; it fits even if they are the two ends of the range of timestamps.
pub(super) fn distance(newest: Micros, timestamp: Micros) -> u64 {
    (newest as u64).wrapping_sub(timestamp as u64)
}

/// The inverse of [`distance`]; `None` if the result lies below the range of timestamps.
pub(super) fn timestamp_below(newest: Micros, distance: u64) -> Option<Micros> {
    let timestamp = (newest as u64).wrapping_sub(distance) as i64;
    (timestamp <= newest).then_some(timestamp)
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_vint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads a vint; any but the shortest form is an error.
pub(super) fn vint(reader: &mut Reader<'_>) -> Result<u64, RowError> {
    let before = reader.rest().len();
    let value = reader.vint()?;
    if before - reader.rest().len() == vint_len(value) { Ok(value) } else { Err(RowError::Corrupt) }
}

/// Reads a signed vint; any but the shortest form is an error.
pub(super) fn signed_vint(reader: &mut Reader<'_>) -> Result<i64, RowError> {
    vint(reader).map(henge_base::signed_vint)
}

/// Reads a TTL in seconds.
pub(super) fn ttl(reader: &mut Reader<'_>) -> Result<u32, RowError> {
    u32::try_from(vint(reader)?).map_err(|_| RowError::Corrupt)
}

fn bytes<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], RowError> {
    let length = usize::try_from(vint(reader)?).map_err(|_| RowError::Corrupt)?;
    Ok(reader.take(length)?)
}

/// The cells of a [`super::RowView`], in order.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    reader: Reader<'a>,
    newest: Micros,
    before: u32,
    left: u64,
}

impl<'a> Cells<'a> {
    pub(super) fn new(reader: Reader<'a>, newest: Micros, count: u64) -> Self {
        Cells { reader, newest, before: 0, left: count }
    }

    /// The bytes after the cells read so far.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.reader.rest()
    }

    /// The number of cells still to read.
    pub(crate) fn remaining(&self) -> u64 {
        self.left
    }

    /// Reads the next cell and checks it, but not its order relative to its neighbours.
    #[inline]
    pub(super) fn read(&mut self) -> Result<CellView<'a>, RowError> {
        let reader = &mut self.reader;
        let step = u32::try_from(vint(reader)?).map_err(|_| RowError::Corrupt)?;
        let column = self.before.checked_add(step).ok_or(RowError::Corrupt)?;
        let flags = reader.u8()?;
        if flags & !cell_flag::ALL != 0 {
            return Err(RowError::Corrupt);
        }
        let timestamp = self.timestamp(flags)?;
        let reader = &mut self.reader;
        let path = if flags & cell_flag::PATH != 0 { bytes(reader)? } else { &[] };
        if path.is_empty() != (flags & cell_flag::PATH == 0) {
            return Err(RowError::Corrupt);
        }
        let kind = kind(reader, flags)?;
        self.before = column;
        self.left = self.left.wrapping_sub(1);
        Ok(CellView { column: ColumnId(column), path, timestamp, kind })
    }

    #[inline]
    fn timestamp(&mut self, flags: u8) -> Result<Micros, RowError> {
        if flags & cell_flag::NEWEST != 0 {
            return Ok(self.newest);
        }
        match vint(&mut self.reader)? {
            0 => Err(RowError::Corrupt),
            distance => timestamp_below(self.newest, distance).ok_or(RowError::Corrupt),
        }
    }
}

#[inline]
fn kind<'a>(reader: &mut Reader<'a>, flags: u8) -> Result<CellKindView<'a>, RowError> {
    const KINDS: u8 = cell_flag::TOMBSTONE | cell_flag::EXPIRING | cell_flag::COMPLEX_DELETION;
    Ok(match flags & KINDS {
        0 => CellKindView::Live { value: bytes(reader)? },
        cell_flag::EXPIRING => {
            let (ttl, expires) = (ttl(reader)?, signed_vint(reader)?);
            CellKindView::Expiring { ttl, expires, value: bytes(reader)? }
        }
        cell_flag::TOMBSTONE => CellKindView::Tombstone { local_seconds: signed_vint(reader)? },
        cell_flag::COMPLEX_DELETION if flags & cell_flag::PATH == 0 => {
            CellKindView::ComplexDeletion { local_seconds: signed_vint(reader)? }
        }
        _ => return Err(RowError::Corrupt),
    })
}

impl<'a> Iterator for Cells<'a> {
    type Item = CellView<'a>;

    #[inline]
    fn next(&mut self) -> Option<CellView<'a>> {
        if self.left == 0 {
            return None;
        }
        // Parsing has read every cell once already. In bytes that were only trusted, the row ends at the first bad
        // cell.
        self.read().ok()
    }
}
