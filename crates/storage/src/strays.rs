//! Removal of what dropped and truncated tables leave on disk: rows, tombstones, index entries and the state of acceptors. A storage id
//! is never used twice, so nothing writes to it again.

use crate::{Engine, EngineError, Family, Flow, ScanRange, Tier};
use henge_base::Bytes;
use henge_model::{Key, StorageId};
use std::collections::BTreeSet;

/// Removes everything of unknown tables, and returns how many tables that were. Each table costs one seek.
///
/// `known` is asked after a row of the table was found, never before: a table may be created and written to meanwhile, and is known
/// before its first row is written.
pub(crate) fn remove(engine: &dyn Engine, known: impl Fn(StorageId) -> bool) -> Result<usize, EngineError> {
    let mut removed = BTreeSet::new();
    for family in Family::ALL.into_iter().filter(|family| family.is_of_tables()) {
        let mut start = Bytes::new();
        while let Some(table) = next_table(engine, family, &start)? {
            let low = table.0.to_be_bytes();
            let high = Key::prefix_end(&low);
            if !known(table) {
                engine.remove(family, &low, &high)?;
                removed.insert(table);
            }
            if high.is_empty() {
                break;
            }
            start = high.into();
        }
    }
    Ok(removed.len())
}

fn next_table(engine: &dyn Engine, family: Family, start: &[u8]) -> Result<Option<StorageId>, EngineError> {
    let mut found = Ok(None);
    engine.scan(&ScanRange { family, start, end: &[], reversed: false }, Tier::Disk, &mut |key, _| {
        let nameless = || EngineError::Corrupt(format!("a key of {} bytes names no table", key.len()));
        found = Key::storage_id(key).map(Some).ok_or_else(nameless);
        Flow::Stop
    })?;
    found
}
