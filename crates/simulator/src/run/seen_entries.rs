//! The entries of the metadata log that machines had, for comparing those of others with them.

use henge_node::Position;
use std::collections::BTreeMap;

/// The entries of the metadata log that any machine ever had.
#[derive(Debug, Default)]
pub(super) struct SeenEntries {
    by_index: BTreeMap<u64, Position>,
    compared: BTreeMap<usize, u64>,
}

impl SeenEntries {
    /// Fails with the entry that was seen in this one's place.
    pub(super) fn compare(&mut self, position: Position) -> Result<(), Position> {
        let seen = *self.by_index.entry(position.epoch.index).or_insert(position);
        if seen == position { Ok(()) } else { Err(seen) }
    }

    /// The index up to which a machine's log was compared.
    pub(super) fn compared_index(&self, machine: usize) -> u64 {
        self.compared.get(&machine).copied().unwrap_or(0)
    }

    /// Notes the index up to which it was.
    pub(super) fn set_compared(&mut self, machine: usize, index: u64) {
        self.compared.insert(machine, index);
    }
}
