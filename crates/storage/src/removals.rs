//! Removal of what tables hold in ranges of the ring: rows, tombstones, and the state of acceptors. Entries of indexes go when a query
//! meets them, for rows do not bear them out any more.

use crate::{Engine, EngineError, Family, Flow, Op, ScanRange, Tier};
use henge_base::Bytes;
use henge_model::{Key, StorageId, TokenRange};

/// The families whose keys begin with a storage id and a token.
const FAMILIES: [Family; 4] = [Family::Rows, Family::Timed, Family::Tombstones, Family::Paxos];

/// Ranges of keys that hold something, to be removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRemoval {
    ops: Vec<Op>,
}

impl KeyRemoval {
    /// True if there is nothing to remove.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Adds what another removes.
    pub fn add(&mut self, other: KeyRemoval) {
        self.ops.extend(other.ops);
    }

    /// The operations, with facts that are set in the same batch.
    pub(crate) fn into_ops(self, facts: impl IntoIterator<Item = (String, Bytes)>) -> Vec<Op> {
        let put =
            |(name, value): (String, Bytes)| Op::Put { family: Family::Local, key: name.into_bytes().into(), value };
        self.ops.into_iter().chain(facts.into_iter().map(put)).collect()
    }
}

/// The ranges of keys that hold anything of a table in ranges of the ring. Each costs a seek, and an empty table one for each family.
pub(crate) fn find(engine: &dyn Engine, table: StorageId, ranges: &[TokenRange]) -> Result<KeyRemoval, EngineError> {
    let mut found = KeyRemoval::default();
    let whole = Key::table_range(table, TokenRange::FULL.start, TokenRange::FULL.end);
    for family in FAMILIES {
        if !holds_any(engine, family, &whole)? {
            continue;
        }
        for part in ranges.iter().flat_map(TokenRange::split_at_wrap) {
            let (start, end) = Key::table_range(table, part.start, part.end);
            if holds_any(engine, family, &(start.clone(), end.clone()))? {
                found.ops.push(Op::DeleteRange { family, start: start.into(), end: end.into() });
            }
        }
    }
    Ok(found)
}

fn holds_any(engine: &dyn Engine, family: Family, (start, end): &(Vec<u8>, Vec<u8>)) -> Result<bool, EngineError> {
    let mut is_held = false;
    engine.scan(&ScanRange { family, start, end, reversed: false }, Tier::Disk, &mut |_, _| {
        is_held = true;
        Flow::Stop
    })?;
    Ok(is_held)
}
