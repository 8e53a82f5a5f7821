//! Answers as replicas exchange them: rows, or their digest.

use super::answer::Answer;
use super::{Source, context};
use crate::{ReadError, ScanEnd, Tier};
use henge_base::Bytes;
use henge_model::{Covers, Digest, Digester, Key, KeyRange, ReadCommand, RowBlock, RowView};
use std::collections::BTreeMap;

/// Reads rows as replicas exchange them; `None` if they are not in memory. Stops at the command's limit of live rows, and once the answer
/// has `max_bytes`; an answer that stopped holds a row, for the next one to go on from.
pub(crate) fn read_block(
    source: &Source<'_>,
    command: &ReadCommand,
    tier: Tier,
    max_bytes: usize,
) -> Result<Option<RowBlock>, ReadError> {
    if let KeyRange::Many(keys) = &command.keys {
        return read_keys(source, command, keys, tier, max_bytes);
    }
    if source.tombstones || command.statics {
        return context::read(source, command, tier, max_bytes);
    }
    let mut rows = Vec::new();
    let ended = visit(source, command, tier, max_bytes, &mut |key, row| {
        rows.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(row)));
    })?;
    let more = ended == ScanEnd::Stopped;
    Ok((ended != ScanEnd::WouldBlock).then_some(RowBlock { rows, context: Vec::new(), more }))
}

/// The rows at `keys`, with their context; `None` if one of them is not in memory. Stops once the answer has `max_bytes`.
fn read_keys(
    source: &Source<'_>,
    command: &ReadCommand,
    keys: &[Bytes],
    tier: Tier,
    max_bytes: usize,
) -> Result<Option<RowBlock>, ReadError> {
    let (mut rows, mut context, mut bytes) = (Vec::new(), BTreeMap::new(), 0);
    let mut one = ReadCommand { limit: 1, ..command.clone() };
    for (place, key) in keys.iter().enumerate() {
        one.keys = KeyRange::One(Key(key.clone()));
        let Some(block) = read_block(source, &one, tier, max_bytes)? else { return Ok(None) };
        bytes += block.rows.iter().map(|(key, row)| key.len() + row.len()).sum::<usize>();
        rows.extend(block.rows);
        context.extend(block.context);
        if bytes >= max_bytes && place + 1 < keys.len() {
            return Ok(Some(RowBlock { rows, context: context.into_iter().collect(), more: true }));
        }
    }
    Ok(Some(RowBlock { rows, context: context.into_iter().collect(), more: false }))
}

/// The digest of what [`read_block`] would answer.
pub(crate) fn digest(
    source: &Source<'_>,
    command: &ReadCommand,
    tier: Tier,
    max_bytes: usize,
) -> Result<Option<Digest>, ReadError> {
    let mut digester = Digester::new(command.now_seconds, command.purge_before);
    if source.tombstones || command.statics || matches!(command.keys, KeyRange::Many(_)) {
        let Some(block) = read_block(source, command, tier, max_bytes)? else { return Ok(None) };
        digester.block(&block, &command.columns)?;
        return Ok(Some(digester.finish()));
    }
    let ended = visit(source, command, tier, max_bytes, &mut |key, row| {
        if let Ok(row) = RowView::parse_trusted(row) {
            digester.row(key, &row, &command.columns);
        }
    })?;
    Ok((ended != ScanEnd::WouldBlock).then(|| digester.finish()))
}

/// Calls `row` for each row of an answer, up to its limits.
fn visit(
    source: &Source<'_>,
    command: &ReadCommand,
    tier: Tier,
    max_bytes: usize,
    row: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<ScanEnd, ReadError> {
    let covers = Covers::default();
    let mut answer = Answer::new(source, command, max_bytes, row);
    answer.rows(&source.read_view(tier), source.family, &covers, &command.keys)
}
