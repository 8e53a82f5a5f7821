//! Statistics of a table: its size and its number of partitions, from samples.

use crate::limits::{SAMPLE_PARTITIONS, SAMPLES};
use crate::read::Source;
use crate::{EngineError, Family, Flow, ReadError, ScanRange, Tier};
use henge_model::{Key, StorageId, Token};

/// Figures of one table on this node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableStatistics {
    /// Bytes of its rows and tombstones in files, compressed; what is in memory only is not counted.
    pub disk_bytes: u64,
    /// Partitions, exact up to some hundred, estimated from samples above.
    pub partitions: u64,
}

/// The statistics of a table. Runs on a disk lane.
pub(crate) fn of(source: &Source<'_>, table: StorageId) -> Result<TableStatistics, ReadError> {
    Ok(TableStatistics { disk_bytes: disk_bytes(source, table)?, partitions: partitions(source, table)? })
}

/// Bytes of a table in files, compressed. Runs on a disk lane.
pub(crate) fn disk_bytes(source: &Source<'_>, table: StorageId) -> Result<u64, ReadError> {
    let (start, end) = Key::table_range(table, Token::MIN, Token::MIN);
    let size = |family| source.engine.disk_bytes(family, &start, &end);
    Ok(size(source.family)?.saturating_add(size(Family::Tombstones)?))
}

/// Estimates the number of partitions. Tokens are spread evenly, so the number of all is in proportion to the range that the counted ones
/// span.
fn partitions(source: &Source<'_>, table: StorageId) -> Result<u64, ReadError> {
    let (mut found, mut spanned) = (0u64, 0u128);
    let width = (1u128 << 64) / u128::from(SAMPLES);
    for sample in 0..SAMPLES {
        let from = Token((i128::from(i64::MIN) + (width * u128::from(sample)) as i128) as i64);
        let to = i128::from(from.0) + width as i128;
        let (count, last) = sample_from(source, table, from, to)?;
        found += count;
        spanned += (last.unwrap_or(to) - i128::from(from.0)).unsigned_abs();
    }
    let estimate = u128::from(found).saturating_mul(1 << 64) / spanned.max(1);
    Ok(u64::try_from(estimate).unwrap_or(u64::MAX))
}

/// Counts partitions with tokens above `from` and below `to`, up to [`SAMPLE_PARTITIONS`]; returns the token of the last one counted if
/// it stopped there.
fn sample_from(
    source: &Source<'_>,
    table: StorageId,
    from: Token,
    to: i128,
) -> Result<(u64, Option<i128>), EngineError> {
    let (mut next, end) = Key::table_range(table, from, Token::MAX);
    let mut count = 0;
    loop {
        let mut partition = None;
        let range = ScanRange { family: source.family, start: &next, end: &end, reversed: false };
        source.engine.scan(&range, Tier::Disk, &mut |key, _| {
            partition = Key::token(key).zip(Key::partition(key)).map(|(token, length)| (token, key[..length].to_vec()));
            Flow::Stop
        })?;
        let Some((token, prefix)) = partition.filter(|(token, _)| i128::from(token.0) < to) else {
            return Ok((count, None));
        };
        count += 1;
        if count == SAMPLE_PARTITIONS {
            return Ok((count, Some(i128::from(token.0))));
        }
        next = Key::prefix_end(&prefix);
    }
}
