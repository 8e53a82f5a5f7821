//! Iteration over a range of keys.

use crate::error::{self, would_block};
use henge_storage::{EngineError, Flow, ScanEnd, ScanRange, Tier};
use rocksdb::{DBRawIterator, ReadOptions, ReadTier};

/// Read options for a range: with bounds an iterator never reads beyond it, not even to find its end.
///
/// There is no prefix extractor, so every seek is in total order. One of 12 bytes (storage id and token) would help
/// only scans within one partition, and scans of token ranges would have to opt out of it. Blocks of a scan stay in the
/// cache, as is RocksDB's default: a scan is a page of a query, and the next page begins in the block where it ends.
pub(crate) fn scan_options(range: &ScanRange<'_>, tier: Tier) -> ReadOptions {
    let mut options = ReadOptions::default();
    if !range.start.is_empty() {
        options.set_iterate_lower_bound(range.start);
    }
    if !range.end.is_empty() {
        options.set_iterate_upper_bound(range.end);
    }
    if tier == Tier::Memory {
        options.set_read_tier(ReadTier::BlockCache);
    }
    options
}

/// Walks an iterator with bounds until `row` stops it or the range ends.
pub(crate) fn walk_range(
    mut iterator: DBRawIterator<'_>,
    reversed: bool,
    row: &mut dyn FnMut(&[u8], &[u8]) -> Flow,
) -> Result<ScanEnd, EngineError> {
    if reversed {
        iterator.seek_to_last();
    } else {
        iterator.seek_to_first();
    }
    while let Some((key, value)) = iterator.item() {
        if row(key, value) == Flow::Stop {
            return Ok(ScanEnd::Stopped);
        }
        if reversed {
            iterator.prev();
        } else {
            iterator.next();
        }
    }
    match iterator.status() {
        Ok(()) => Ok(ScanEnd::Done),
        Err(error) if would_block(&error) => Ok(ScanEnd::WouldBlock),
        Err(error) => Err(error::read_error(&error)),
    }
}
