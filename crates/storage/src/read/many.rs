//! Reads of several keys, each by itself.

use super::{Source, read_block};
use crate::{ReadError, Tier};
use henge_base::Bytes;
use henge_model::{Key, KeyRange, ReadCommand, RowBlock};
use std::collections::BTreeMap;

/// The rows at `keys`, with their context; `None`: not in memory. Stops once the answer has `max_bytes`.
pub(super) fn read(
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
