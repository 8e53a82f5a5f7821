//! The log as a node keeps it in memory.

use crate::{Entry, Epoch};

/// Entries in order, from the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    entries: Vec<Entry>,
}

/// An entry does not follow on the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {found} does not follow on epoch {last}")]
pub struct Gap {
    /// The last entry's epoch.
    pub last: Epoch,
    /// The refused entry's.
    pub found: Epoch,
}

impl Log {
    /// Adds the next entry.
    pub fn append(&mut self, entry: Entry) -> Result<(), Gap> {
        let last = self.entries.last().map_or(Epoch { index: 0, ..entry.epoch }, |e| e.epoch);
        if entry.epoch != last.next() {
            return Err(Gap { last, found: entry.epoch });
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Entries after an index, oldest first.
    pub fn after(&self, index: u64) -> impl Iterator<Item = &Entry> {
        let skip = usize::try_from(index).unwrap_or(usize::MAX);
        self.entries.iter().skip(skip)
    }
}
