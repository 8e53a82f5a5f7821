//! Encoding of rows.

use super::cells::{CellEncoder, distance};
use super::layout::{CRC_BYTES, FORMAT, row_flag};
use super::{CellView, RowView};
use crate::{Columns, Deletion, Marker, Row};
use henge_base::{Micros, put_signed_vint, put_vint};

/// Appends the encoding of `row` under `key`. A row that is not in normal form is normalized first.
pub fn encode_row(key: &[u8], row: &Row, out: &mut Vec<u8>) {
    let normal;
    let row = if row.is_normal() {
        row
    } else {
        normal = {
            let mut row = row.clone();
            row.normalize();
            row
        };
        &normal
    };
    encode_row_parts(
        key,
        &RowHead { marker: row.marker, deletion: row.deletion },
        row.cells.iter().map(|c| c.view()),
        out,
    );
}

/// Appends the encoding of a row from its parts. `cells` are sorted by place, no two with the same place, and not
/// covered by a deletion; the bytes of other cells are refused by [`super::RowView::parse`].
pub fn encode_cells<'a>(
    key: &[u8],
    marker: Option<Marker>,
    deletion: Option<Deletion>,
    cells: impl Iterator<Item = CellView<'a>> + Clone,
    out: &mut Vec<u8>,
) {
    encode_row_parts(key, &RowHead { marker, deletion }, cells, out);
}

/// The parts of a row that an answer leaves out.
#[derive(Clone, Copy, Debug)]
pub struct Strip<'a> {
    /// Cells of other columns than these are left out.
    pub columns: &'a Columns,
    /// Deletions executed, and values expired, before this time (seconds since the epoch) are left out.
    pub purge_before: i64,
    /// Everything that this deletion covers is left out; it is a tombstone of the row's partition or of a range.
    pub covered_by: Option<Deletion>,
}

impl Strip<'_> {
    /// True if nothing of the row is left out.
    pub fn keeps(&self, row: &RowView<'_>) -> bool {
        let covers_none = self.covered_by.is_none_or(|deletion| row.oldest().is_none_or(|at| at > deletion.timestamp));
        *self.columns == Columns::All && covers_none && !row.has_purgeable(self.purge_before)
    }

    fn covers(&self, timestamp: Micros) -> bool {
        self.covered_by.is_some_and(|deletion| timestamp <= deletion.timestamp)
    }
}

/// Appends the row without the parts that `strip` leaves out. True if anything is left; if not, nothing is appended.
pub fn strip_row(key: &[u8], row: &RowView<'_>, strip: &Strip<'_>, out: &mut Vec<u8>) -> bool {
    let Strip { columns, purge_before, .. } = *strip;
    let parts = RowHead {
        marker: row.marker().filter(|m| !m.is_purgeable(purge_before) && !strip.covers(m.timestamp)),
        deletion: row.deletion().filter(|d| d.local_seconds >= purge_before && !strip.covers(d.timestamp)),
    };
    let left = |c: &CellView<'_>| {
        columns.contains(c.column, c.timestamp) && !c.is_purgeable(purge_before) && !strip.covers(c.timestamp)
    };
    let cells = row.cells().filter(left);
    let any = parts.marker.is_some() || parts.deletion.is_some() || cells.clone().next().is_some();
    if any {
        encode_row_parts(key, &parts, cells, out);
    }
    any
}

/// The parts of a row other than its cells.
pub(crate) struct RowHead {
    pub(crate) marker: Option<Marker>,
    pub(crate) deletion: Option<Deletion>,
}

/// Appends the encoding of a row that is in normal form.
pub(crate) fn encode_row_parts<'a>(
    key: &[u8],
    parts: &RowHead,
    cells: impl Iterator<Item = CellView<'a>> + Clone,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    let (count, newest) = count_and_newest(parts, cells.clone());
    out.extend_from_slice(&[0; CRC_BYTES]);
    out.push(FORMAT);
    put_head(parts, newest, out);
    put_vint(out, count);
    let mut put = CellEncoder::new(newest);
    cells.for_each(|cell| put.put(&cell, out));
    seal(key, out, start);
}

fn count_and_newest<'a>(parts: &RowHead, cells: impl Iterator<Item = CellView<'a>>) -> (u64, Micros) {
    let marker = parts.marker.map(|m| m.timestamp);
    let head = marker.max(parts.deletion.map(|d| d.timestamp));
    let (count, newest) = cells.fold((0, head), |(n, newest), cell| (n + 1, newest.max(Some(cell.timestamp))));
    (count, newest.unwrap_or(0))
}

fn put_head(parts: &RowHead, newest: Micros, out: &mut Vec<u8>) {
    let expiry = parts.marker.and_then(|m| m.expiry);
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    out.push(
        flag(parts.marker.is_some(), row_flag::MARKER)
            | flag(expiry.is_some(), row_flag::MARKER_EXPIRES)
            | flag(parts.deletion.is_some(), row_flag::DELETION),
    );
    put_signed_vint(out, newest);
    if let Some(marker) = parts.marker {
        put_vint(out, distance(newest, marker.timestamp));
    }
    if let Some((ttl, expires)) = expiry {
        put_vint(out, u64::from(ttl));
        put_signed_vint(out, expires);
    }
    if let Some(deletion) = parts.deletion {
        put_vint(out, distance(newest, deletion.timestamp));
        put_signed_vint(out, deletion.local_seconds);
    }
}

/// Writes the checksum over `key` and the bytes after the checksum's own, for which space is reserved at `start`.
pub(crate) fn seal(key: &[u8], out: &mut [u8], start: usize) {
    let Some((checksum, rest)) = out[start..].split_first_chunk_mut::<CRC_BYTES>() else { return };
    *checksum = super::view::checksum(key, rest).to_le_bytes();
}
