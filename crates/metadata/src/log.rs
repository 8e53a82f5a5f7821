//! The log as a node keeps it in memory.

use crate::{Entry, Epoch};
use henge_base::Bytes;

/// Entries in order, from the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    entries: Vec<Entry>,
}

/// Encoded entries that follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// The entries, oldest first.
    pub entries: Vec<Bytes>,
    /// True if the log goes on behind them.
    pub more: bool,
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
        // `after` finds entries by their place.
        debug_assert_eq!(entry.epoch.index, self.entries.len() as u64 + 1);
        self.entries.push(entry);
        Ok(())
    }

    /// Entries after an index, oldest first.
    pub fn after(&self, index: u64) -> impl Iterator<Item = &Entry> {
        let skip = usize::try_from(index).unwrap_or(usize::MAX);
        self.entries.iter().skip(skip)
    }

    /// The entries after an index that fit into `bytes_max`. An entry that is longer than that travels alone.
    pub fn page(&self, after: u64, bytes_max: usize) -> LogPage {
        let (mut entries, mut bytes) = (Vec::new(), 0);
        for entry in self.after(after) {
            let encoded = Bytes::from(entry.encode());
            bytes += encoded.len();
            if bytes > bytes_max && !entries.is_empty() {
                return LogPage { entries, more: true };
            }
            entries.push(encoded);
        }
        LogPage { entries, more: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Change;

    /// A log whose entries take about as many bytes as told.
    fn log(sizes: &[usize]) -> Log {
        let mut log = Log::default();
        for (number, size) in sizes.iter().enumerate() {
            let epoch = Epoch { lineage: 1, index: number as u64 + 1 };
            let changes = vec![Change::KeyspaceDropped("x".repeat(*size))];
            log.append(Entry { epoch, proposed: 0, changes }).unwrap();
        }
        log
    }

    fn indexes(page: &LogPage) -> Vec<u64> {
        page.entries.iter().map(|bytes| Entry::decode(bytes).unwrap().epoch.index).collect()
    }

    #[test]
    fn pages_are_bounded_by_bytes_and_hold_an_entry_at_least() {
        let log = log(&[300, 300, 300, 5_000, 300]);
        let page = |after| {
            let page = log.page(after, 1_000);
            (indexes(&page), page.more)
        };
        assert_eq!(page(0), (vec![1, 2], true));
        assert_eq!(page(2), (vec![3], true));
        assert_eq!(page(3), (vec![4], true));
        assert_eq!(page(4), (vec![5], false));
        assert_eq!(page(5), (vec![], false));
        assert_eq!(page(u64::MAX), (vec![], false));
    }
}
