//! Merging of two versions of a row: commutative, associative, idempotent, total, and without a clock.
//!
//! Bytes that are not a row do not stop a merge, and are kept. The result is then a *damaged* value:
//! `crc32 | DA | the merged valid operands | count | the invalid operands, sorted, each once`.
//! It stays damaged whatever is merged into it, reading it is an error, and repair replaces it from other replicas.
//! As a pair of (merge of the valid, union of the invalid) it obeys the same laws.

use crate::normal::{newer_marker, uncovered_marker, winning_cells};
use crate::row_codec::{CRC_BYTES, CellView, DAMAGED, RowError, RowHead, encode_row_parts, seal, verify_body};
use crate::{Cell, Row, RowView};
use henge_base::{Reader, put_vint};
use smallvec::SmallVec;
use std::collections::BTreeSet;

/// The row that holds all that `a` and `b` say, in normal form.
pub fn merge_rows(a: &Row, b: &Row) -> Row {
    let deletion = a.deletion.max(b.deletion);
    let marker = uncovered_marker(newer_marker(a.marker, b.marker), deletion);
    let cells: Vec<&Cell> = a.cells.iter().chain(&b.cells).collect();
    let views: Vec<CellView<'_>> = cells.iter().map(|cell| cell.view()).collect();
    let order = winning_cells(&views, deletion);
    Row { marker, deletion, cells: order.into_iter().map(|i| cells[i as usize].clone()).collect() }
}

/// Merges encoded versions of the row at `key`. Without operands the result is the empty row.
pub fn merge_encoded<'a>(key: &[u8], operands: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut rows: SmallVec<[(RowView<'a>, &'a [u8]); 4]> = SmallVec::new();
    let mut bad: BTreeSet<&'a [u8]> = BTreeSet::new();
    for operand in operands {
        match RowView::parse(key, operand) {
            Ok(row) => rows.push((row, operand)),
            Err(RowError::Damaged) => match decode_damaged(key, operand) {
                Ok((row, bytes, inner)) => {
                    rows.push((row, bytes));
                    bad.extend(inner);
                }
                Err(_) => _ = bad.insert(operand),
            },
            Err(_) => _ = bad.insert(operand),
        }
    }
    let good = merge_views(key, &rows);
    if bad.is_empty() { good } else { encode_damaged(key, &good, &bad) }
}

fn merge_views(key: &[u8], rows: &[(RowView<'_>, &[u8])]) -> Vec<u8> {
    if let Some(((_, first), others)) = rows.split_first()
        && others.iter().all(|(_, bytes)| bytes == first)
    {
        return first.to_vec();
    }
    let deletion = rows.iter().filter_map(|(row, _)| row.deletion()).max();
    let marker = rows.iter().fold(None, |marker, (row, _)| newer_marker(marker, row.marker()));
    let marker = uncovered_marker(marker, deletion);
    let mut cells: Vec<CellView<'_>> = Vec::with_capacity(rows.iter().map(|(row, _)| row.cell_count()).sum());
    rows.iter().for_each(|(row, _)| cells.extend(row.cells()));
    let order = winning_cells(&cells, deletion);
    let size = rows.iter().map(|(_, bytes)| bytes.len()).sum();
    let mut out = Vec::with_capacity(size);
    encode_row_parts(key, &RowHead { marker, deletion }, order.iter().map(|i| cells[*i as usize]), &mut out);
    out
}

fn encode_damaged(key: &[u8], good: &[u8], bad: &BTreeSet<&[u8]>) -> Vec<u8> {
    let mut out = vec![0; CRC_BYTES];
    out.push(DAMAGED);
    put_vint(&mut out, good.len() as u64);
    out.extend_from_slice(good);
    put_vint(&mut out, bad.len() as u64);
    for bytes in bad {
        put_vint(&mut out, bytes.len() as u64);
        out.extend_from_slice(bytes);
    }
    seal(key, &mut out, 0);
    out
}

type DamagedParts<'a> = (RowView<'a>, &'a [u8], Vec<&'a [u8]>);

/// Splits a damaged value into its row, the row's bytes, and the invalid operands. Those are not parsed again: they
/// were invalid when they were put there.
fn decode_damaged<'a>(key: &[u8], bytes: &'a [u8]) -> Result<DamagedParts<'a>, RowError> {
    let (_, body) = verify_body(key, bytes)?;
    let mut reader = Reader::new(body);
    let good = reader.vint_bytes()?;
    let row = RowView::parse(key, good)?;
    let count = reader.vint()?;
    let mut bad: Vec<&'a [u8]> = Vec::new();
    for _ in 0..count {
        bad.push(reader.vint_bytes()?);
    }
    let canonical = !bad.is_empty() && bad.is_sorted_by(|a, b| a < b) && reader.is_empty();
    if canonical { Ok((row, good, bad)) } else { Err(RowError::Corrupt) }
}

#[cfg(test)]
mod tests;
