//! Going through a range.

use crate::error::{self, would_block};
use henge_storage::{EngineError, Flow, ScanRange, Scanned, Tier};
use rocksdb::{DBRawIterator, ReadOptions, ReadTier};

/// Read options of a range: with bounds an iterator never looks beyond it, not even to find that it has ended.
///
/// There is no prefix extractor, hence every seek is in total order. One of 12 bytes, storage id and token, would pay
/// only for scans within one partition, and scans of token ranges would have to opt out of it. Blocks of a scan stay in
/// the cache, as RocksDB has it: a scan is a page of a query, and its next page begins in the block where this one
/// ends.
pub(crate) fn bounds(range: &ScanRange<'_>, tier: Tier) -> ReadOptions {
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

/// Goes through an iterator that has bounds.
pub(crate) fn walk(
    mut iterator: DBRawIterator<'_>,
    reversed: bool,
    row: &mut dyn FnMut(&[u8], &[u8]) -> Flow,
) -> Result<Scanned, EngineError> {
    if reversed {
        iterator.seek_to_last();
    } else {
        iterator.seek_to_first();
    }
    while let Some((key, value)) = iterator.item() {
        if row(key, value) == Flow::Stop {
            return Ok(Scanned::Stopped);
        }
        if reversed {
            iterator.prev();
        } else {
            iterator.next();
        }
    }
    match iterator.status() {
        Ok(()) => Ok(Scanned::Done),
        Err(error) if would_block(&error) => Ok(Scanned::WouldBlock),
        Err(error) => Err(error::read(&error)),
    }
}
