//! Estimates of the bytes that rows of ranges take when they are sent to another node: as they lie in keys and rows, not compressed.
//!
//! A range that is small is read, so that what is in memory only counts too. Of a larger one the engine tells the bytes in files; what was read
//! of it tells how many bytes of rows are in a byte of files.

use crate::limits::{RANGE_READ_BYTES, RANGES_READ_BYTES_MAX};
use crate::read::Source;
use crate::{EngineError, ExportPage, Family, ReadError, export};
use henge_model::{Key, StorageId, TokenRange};

/// No file is taken to hold more than so many bytes of rows in a byte: less was read of it than tells.
const COMPRESSION_MAX: u64 = 16;

/// The bytes that may still be read for estimates.
#[derive(Clone, Copy, Debug)]
pub struct ReadAllowance(usize);

impl Default for ReadAllowance {
    fn default() -> ReadAllowance {
        ReadAllowance(RANGES_READ_BYTES_MAX)
    }
}

/// Estimates the bytes of a table's rows in each of these ranges.
pub(crate) fn estimate(
    source: &Source<'_>,
    table: StorageId,
    ranges: &[TokenRange],
    allowance: &mut ReadAllowance,
) -> Result<Vec<u64>, ReadError> {
    let mut of_table = None;
    let mut sizes = Vec::with_capacity(ranges.len());
    for tokens in ranges {
        let bytes_max = RANGE_READ_BYTES.min(allowance.0);
        let mut read = 0;
        if bytes_max > 0 {
            let page = export::page(source, table, *tokens, None, bytes_max)?;
            read = page.bytes() as u64;
            allowance.0 = allowance.0.saturating_sub(page.bytes());
            if page.next.is_none() {
                sizes.push(read);
                continue;
            }
            if of_table.is_none() {
                of_table = ratio(source, *tokens, &page)?;
            }
        }
        let (rows, files) = of_table.unwrap_or((1, 1));
        let bytes = u128::from(bytes_in_files(source, table, *tokens)?) * u128::from(rows) / u128::from(files);
        sizes.push(u64::try_from(bytes).unwrap_or(u64::MAX).max(read));
    }
    Ok(sizes)
}

/// The bytes of a page's rows, and those of the files where they lie; `None` if these do not tell.
fn ratio(source: &Source<'_>, tokens: TokenRange, page: &ExportPage) -> Result<Option<(u64, u64)>, EngineError> {
    let (Some((first, _)), Some((last, _))) = (page.rows.first(), page.rows.last()) else { return Ok(None) };
    // What a range that wraps leaves out lies between its keys.
    if tokens.start >= tokens.end {
        return Ok(None);
    }
    let (rows, files) = (page.bytes() as u64, bytes_between(source, first, last)?);
    Ok((files > 0).then(|| (rows.clamp(files, files.saturating_mul(COMPRESSION_MAX)), files)))
}

fn bytes_in_files(source: &Source<'_>, table: StorageId, tokens: TokenRange) -> Result<u64, EngineError> {
    let mut bytes = 0u64;
    for part in tokens.split_at_wrap() {
        let (start, end) = Key::table_range(table, part.start, part.end);
        bytes = bytes.saturating_add(bytes_between(source, &start, &end)?);
    }
    Ok(bytes)
}

fn bytes_between(source: &Source<'_>, start: &[u8], end: &[u8]) -> Result<u64, EngineError> {
    let size = |family| source.engine.disk_bytes(family, start, end);
    Ok(size(source.family)?.saturating_add(size(Family::Tombstones)?))
}
