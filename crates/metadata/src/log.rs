//! The log as a node keeps it in memory: its newest entries, behind the snapshot that stands for the older ones.

use crate::{ClusterState, Epoch, Position, SealedEntry, Snapshot};
use henge_base::Bytes;
use std::collections::VecDeque;

/// Entries that may lie behind the last snapshot.
const TAIL_ENTRIES_MAX: usize = 512;
/// Bytes of entries that may lie behind the last snapshot: 8 MiB.
const TAIL_BYTES_MAX: usize = 8 << 20;
/// Entries that are kept when a snapshot is taken, for peers that are only a little behind.
const KEPT_ENTRIES: usize = 256;
/// Bytes of entries that are kept when a snapshot is taken: 1 MiB.
const KEPT_BYTES: usize = 1 << 20;

/// The newest entries, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// The place that the first entry of the tail follows on.
    base: Position,
    tail: VecDeque<LoggedEntry>,
    tail_bytes: usize,
    /// The newest snapshot; `None` before the first one, when the tail is the whole log.
    snapshot: Option<Snapshot>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct LoggedEntry {
    position: Position,
    bytes: Bytes,
}

/// An answer to a node that wants what follows on its own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogPage {
    /// Encoded entries that follow on it, oldest first; none if this log is no longer.
    Entries {
        /// The entries.
        entries: Vec<Bytes>,
        /// True if the log goes on behind them.
        more: bool,
    },
    /// This log does not reach back so far: a snapshot comes first.
    Snapshot(Snapshot),
    /// The logs differ: this is the entry in place of the asker's last one.
    Fork(Position),
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

/// A broken rule of a log in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogFault {
    /// I28: an entry does not follow on the one before it.
    #[error("entry {found} follows on epoch {last}")]
    Order {
        /// The epoch before.
        last: Epoch,
        /// The entry's.
        found: Epoch,
    },
    /// The bytes that are counted are not those of the entries, so that snapshots come too early or never.
    #[error("the log counts {counted} bytes, and its entries have {held}")]
    Bytes {
        /// The count.
        counted: usize,
        /// The bytes of the entries.
        held: usize,
    },
    /// Nothing stands for the entries up to the first one that the log has, or the snapshot is of none that the log has reached.
    #[error("no snapshot stands for the entries up to {0}")]
    Snapshot(Epoch),
}

impl Log {
    /// A log that begins behind a snapshot.
    pub fn behind(snapshot: Snapshot) -> Log {
        Log { base: snapshot.position, snapshot: Some(snapshot), ..Log::default() }
    }

    /// The end of the log.
    pub fn end(&self) -> Position {
        self.tail.back().map_or(self.base, |last| last.position)
    }

    /// The index of the oldest entry that the log still has.
    pub fn first_index(&self) -> u64 {
        self.base.epoch.index + 1
    }

    /// The snapshot that stands for older entries, if there is one.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }

    /// Adds the next entry.
    pub fn append(&mut self, entry: &SealedEntry) -> Result<(), Gap> {
        let (last, position) = (self.end(), entry.position());
        if !position.epoch.follows(last.epoch) || !entry.follows_on(last.hash) {
            return Err(Gap { last: last.epoch, found: position.epoch });
        }
        self.tail_bytes += entry.bytes().len();
        self.tail.push_back(LoggedEntry { position, bytes: entry.bytes().clone() });
        Ok(())
    }

    /// The place of an entry that the log still has, or that it begins behind.
    pub fn position_at(&self, index: u64) -> Option<Position> {
        if index == self.base.epoch.index {
            return Some(self.base);
        }
        let at = index.checked_sub(self.first_index())?;
        self.tail.get(usize::try_from(at).ok()?).map(|entry| entry.position)
    }

    /// The bytes of an entry that the log still has.
    pub fn entry_at(&self, index: u64) -> Option<Bytes> {
        let at = index.checked_sub(self.first_index())?;
        self.tail.get(usize::try_from(at).ok()?).map(|entry| entry.bytes.clone())
    }

    /// The entries after a place that fit into `bytes_max`. An entry that is longer than that travels alone.
    pub fn page(&self, after: Position, bytes_max: usize) -> LogPage {
        let end = self.end();
        let Some(here) = self.position_at(after.epoch.index) else {
            return match &self.snapshot {
                Some(snapshot) if after.epoch.index < end.epoch.index => LogPage::Snapshot(snapshot.clone()),
                // The asker is ahead of this log, or it is of a later lineage: nothing can be said of it.
                _ => LogPage::Entries { entries: Vec::new(), more: false },
            };
        };
        if here.hash != after.hash {
            return LogPage::Fork(here);
        }
        let skip = (after.epoch.index - self.base.epoch.index) as usize;
        let (mut entries, mut bytes) = (Vec::new(), 0);
        for entry in self.tail.iter().skip(skip) {
            bytes += entry.bytes.len();
            if bytes > bytes_max && !entries.is_empty() {
                return LogPage::Entries { entries, more: true };
            }
            entries.push(entry.bytes.clone());
        }
        LogPage::Entries { entries, more: false }
    }

    /// The first rule that is broken, for tests and simulations.
    pub fn check(&self) -> Result<(), LogFault> {
        let (mut last, mut held) = (self.base.epoch, 0);
        for entry in &self.tail {
            let found = entry.position.epoch;
            if !found.follows(last) {
                return Err(LogFault::Order { last, found });
            }
            last = found;
            held += entry.bytes.len();
        }
        if held != self.tail_bytes {
            return Err(LogFault::Bytes { counted: self.tail_bytes, held });
        }
        let base = self.base.epoch;
        let covered = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.position.epoch.index);
        if (base.index..=last.index).contains(&covered) { Ok(()) } else { Err(LogFault::Snapshot(base)) }
    }

    /// True if a snapshot should stand for most of the log.
    pub fn is_long(&self) -> bool {
        let begun = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.position.epoch.index);
        let behind = self.end().epoch.index.saturating_sub(begun);
        behind > TAIL_ENTRIES_MAX as u64 || (self.tail_bytes > TAIL_BYTES_MAX && behind > 0)
    }

    /// The log with a snapshot of the state at its end, and without older entries but for the last few.
    pub fn with_snapshot(&self, state: &ClusterState) -> Log {
        debug_assert_eq!(state.position(), self.end(), "a snapshot stands for the whole log");
        let mut log = Log { snapshot: Some(Snapshot::of(state)), ..self.clone() };
        while log.tail.len() > KEPT_ENTRIES || log.tail_bytes > KEPT_BYTES {
            let Some(dropped) = log.tail.pop_front() else { break };
            log.tail_bytes -= dropped.bytes.len();
            log.base = dropped.position;
        }
        log
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Change, CommandId, Entry, EntryHash, VersionRange};

    /// Adds entries that take about as many bytes as told, and applies them.
    fn extend(log: &mut Log, state: &mut ClusterState, sizes: &[usize]) {
        for size in sizes {
            let changes = vec![Change::NextStorageId(henge_model::StorageId(5_000)); size / 20];
            let Position { epoch, hash } = log.end();
            let entry =
                Entry { epoch: epoch.next(), previous: hash, origin: CommandId::default(), proposed: 0, changes };
            let entry = entry.seal(1);
            state.apply(&entry).unwrap();
            log.append(&entry).unwrap();
        }
    }

    fn log_of(sizes: &[usize]) -> (Log, ClusterState) {
        let (mut log, mut state) = (Log::default(), ClusterState::default());
        extend(&mut log, &mut state, sizes);
        (log, state)
    }

    fn indexes(page: &LogPage) -> (Vec<u64>, bool) {
        let LogPage::Entries { entries, more } = page else { panic!("{page:?}") };
        let index =
            |bytes: &Bytes| SealedEntry::decode(bytes.clone(), VersionRange::OF_RELEASE).unwrap().entry().epoch.index;
        (entries.iter().map(index).collect(), *more)
    }

    #[test]
    fn pages_are_bounded_by_bytes_and_hold_an_entry_at_least() {
        let (log, _) = log_of(&[300, 300, 300, 5_000, 300]);
        let page = |after| indexes(&log.page(log.position_at(after).unwrap(), 1_000));
        assert_eq!(page(0), (vec![1, 2], true));
        assert_eq!(page(2), (vec![3], true));
        assert_eq!(page(3), (vec![4], true));
        assert_eq!(page(4), (vec![5], false));
        assert_eq!(page(5), (vec![], false));
        let ahead = Position { epoch: Epoch { lineage: 1, index: 99 }, hash: EntryHash::NONE };
        assert_eq!(indexes(&log.page(ahead, 1_000)), (vec![], false));
    }

    #[test]
    fn another_entry_in_its_place_is_a_fork() {
        let (log, _) = log_of(&[300, 300]);
        let other = Position { hash: EntryHash::of(b"other"), ..log.position_at(1).unwrap() };
        assert_eq!(log.page(other, 1_000), LogPage::Fork(log.position_at(1).unwrap()));
    }

    #[test]
    fn a_long_log_is_a_snapshot_and_its_last_entries() {
        let (mut log, mut state) = log_of(&[100; TAIL_ENTRIES_MAX]);
        assert!(!log.is_long());
        extend(&mut log, &mut state, &[100]);
        assert!(log.is_long());
        let log = log.with_snapshot(&state);
        assert!(!log.is_long() && log.tail.len() == KEPT_ENTRIES);
        assert_eq!(log.end(), state.position());
        let snapshot = log.snapshot().unwrap().clone();
        assert_eq!(snapshot.state(VersionRange::OF_RELEASE), Ok(state));
        assert_eq!(log.page(Position::default(), 1_000), LogPage::Snapshot(snapshot.clone()));
        let first = log.first_index();
        assert_eq!(indexes(&log.page(log.position_at(first - 1).unwrap(), 1)).0, [first]);
        assert!(Log::behind(snapshot).page(log.end(), 1_000) == LogPage::Entries { entries: vec![], more: false });
    }

    #[test]
    fn a_log_with_a_gap_a_wrong_count_or_no_beginning_is_found() {
        let (log, state) = log_of(&[300, 300, 300]);
        assert_eq!(log.check(), Ok(()));
        let (mut gap, mut miscounted, mut headless) = (log.clone(), log.clone(), log.clone());
        gap.tail.remove(1);
        let epoch = |index| Epoch { lineage: log.end().epoch.lineage, index };
        assert_eq!(gap.check(), Err(LogFault::Order { last: epoch(1), found: epoch(3) }));
        miscounted.tail_bytes += 1;
        assert_eq!(miscounted.check(), Err(LogFault::Bytes { counted: log.tail_bytes + 1, held: log.tail_bytes }));
        let dropped = headless.tail.pop_front().unwrap();
        (headless.base, headless.tail_bytes) = (dropped.position, headless.tail_bytes - dropped.bytes.len());
        assert_eq!(headless.check(), Err(LogFault::Snapshot(epoch(1))));
        assert_eq!(headless.with_snapshot(&state).check(), Ok(()));
    }

    #[test]
    fn long_entries_fill_a_log_as_many_do() {
        let (mut log, mut state) = log_of(&[]);
        extend(&mut log, &mut state, &[2 * TAIL_BYTES_MAX]);
        assert!(log.is_long());
        let log = log.with_snapshot(&state);
        assert!(log.tail.is_empty() && !log.is_long() && log.end() == state.position());
    }
}
