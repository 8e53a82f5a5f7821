//! The trees of this replica: sums of what it holds of each part of a table that sessions compare, kept in memory, and read again where
//! rows were written. After a start all of it is read once.

use crate::peers::messages::repair::ComparedPart;
use henge_base::Micros;
use henge_model::{Digester, Key, StorageId, TokenRange};
use henge_repair::{Leaf, LeafSum, Tree, leaf_of, spans};
use henge_storage::{ContentScan, Flow, ReadError, Store};
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};

/// Parts of one table that are kept. The one that was asked for the longest time ago makes room.
const PARTS_MAX: usize = 256;
/// Runs of leaves that are read together.
const RUNS_MAX: usize = 256;
/// Bytes of rows, and runs, that one job on a disk lane reads.
const JOB_BYTES_MAX: usize = 1 << 20;
const JOB_SCANS_MAX: usize = 512;

/// A run of leaves: the first and the last.
type Run = (u32, u32);

/// All trees.
#[derive(Debug, Default)]
pub(crate) struct Trees {
    tables: Mutex<BTreeMap<StorageId, TableTrees>>,
    /// One reads at a time: this is background work, and others wait for their turn.
    pub(super) turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct TableTrees {
    bits: u8,
    parts: BTreeMap<Vec<TokenRange>, PartTree>,
    /// The number of times that any part was asked for.
    asked: u64,
}

#[derive(Debug)]
struct PartTree {
    tree: Tree,
    /// The session whose pass over the stale leaves is under way, or was the last.
    session: Micros,
    asked: u64,
}

impl Trees {
    /// Begins a session's pass, unless it is under way: what was written up to now is read again. True if it began.
    pub(super) fn begin_pass(&self, store: &Store, part: &ComparedPart, session: Micros) -> bool {
        let mut tables = self.tables.lock();
        let table = tables.entry(part.table).or_default();
        if table.bits < part.bits {
            // Sums by fewer bits can be made of sums by more, not the other way round.
            *table = TableTrees { bits: part.bits, parts: BTreeMap::new(), asked: table.asked };
            store.track_writes(part.table, part.bits);
        }
        table.take_marks(store, part.table);
        table.asked += 1;
        let (asked, bits) = (table.asked, table.bits);
        let new = || PartTree { tree: Tree::new(bits, part.ranges.clone(), part.purge_before), session: 0, asked };
        let found = table.parts.entry(part.ranges.clone()).or_insert_with(new);
        found.asked = asked;
        if found.session == session {
            return false;
        }
        found.session = session;
        found.tree.set_purge_before(part.purge_before);
        if table.parts.len() > PARTS_MAX
            && let Some(oldest) = table.parts.iter().min_by_key(|(_, part)| part.asked).map(|(key, _)| key.clone())
        {
            table.parts.remove(&oldest);
        }
        true
    }

    /// Takes in what was written since, so that leaves can be read again.
    pub(super) fn take_marks(&self, store: &Store, table: StorageId) {
        if let Some(trees) = self.tables.lock().get_mut(&table) {
            trees.take_marks(store, table);
        }
    }

    /// Does something with the tree of a part; `None` if it is kept no more.
    pub(super) fn with<T>(&self, part: &ComparedPart, act: impl FnOnce(&mut Tree) -> T) -> Option<T> {
        let mut tables = self.tables.lock();
        let found = tables.get_mut(&part.table)?.parts.get_mut(&part.ranges)?;
        Some(act(&mut found.tree))
    }

    /// Takes stale leaves to be read. They are stale again if the runs are dropped before they were read.
    pub(super) fn take_runs<'a>(&'a self, part: &'a ComparedPart) -> Option<TakenRuns<'a>> {
        let take = |tree: &mut Tree| std::iter::from_fn(|| tree.take_stale_run()).take(RUNS_MAX).collect();
        let runs: Vec<Run> = self.with(part, take)?;
        (!runs.is_empty()).then_some(TakenRuns { trees: self, part, runs })
    }

    /// As [`Trees::take_runs`], of these leaves only.
    pub(super) fn take_leaves<'a>(&'a self, part: &'a ComparedPart, leaves: &[u32]) -> Option<TakenRuns<'a>> {
        let take =
            |tree: &mut Tree| leaves.iter().filter(|leaf| tree.take_stale(**leaf)).map(|leaf| (*leaf, *leaf)).collect();
        let runs: Vec<Run> = self.with(part, take)?;
        (!runs.is_empty()).then_some(TakenRuns { trees: self, part, runs })
    }

    /// The oldest and the newest time of deletions that are still stored: the time of the newest that is left out already, and of the
    /// oldest that is not.
    pub(super) fn deletion_times(&self, table: StorageId) -> Option<(i64, i64)> {
        let tables = self.tables.lock();
        let parts = tables.get(&table)?.parts.values();
        Some(parts.fold((i64::MIN, i64::MAX), |(left_out, kept), part| {
            (left_out.max(part.tree.newest_left_out()), kept.min(part.tree.oldest_kept()))
        }))
    }

    /// Forgets tables that are not `known`.
    pub(super) fn retain(&self, store: &Store, known: impl Fn(StorageId) -> bool) {
        self.tables.lock().retain(|table, _| known(*table));
        store.untrack_writes(known);
    }
}

impl TableTrees {
    fn take_marks(&mut self, store: &Store, table: StorageId) {
        for leaf in store.take_written(table) {
            self.parts.values_mut().for_each(|part| part.tree.mark_stale(leaf));
        }
    }
}

/// Leaves that are being read.
pub(super) struct TakenRuns<'a> {
    trees: &'a Trees,
    part: &'a ComparedPart,
    runs: Vec<Run>,
}

impl TakenRuns<'_> {
    /// The way through their rows.
    pub(super) fn reader(&self) -> Option<RunReader> {
        let (bits, purge_before) = self.trees.with(self.part, |tree| (tree.bits(), tree.purge_before()))?;
        let scan = |run: &Run| spans(&self.part.ranges, run.0, run.1, bits);
        let scans = self.runs.iter().flat_map(scan).map(|tokens| ContentScan::of(self.part.table, tokens)).collect();
        Some(RunReader { scans, bits, purge_before, leaves: BTreeMap::new() })
    }

    /// Sets what was read.
    pub(super) fn set(mut self, mut leaves: BTreeMap<u32, Leaf>) {
        let runs = std::mem::take(&mut self.runs);
        self.trees.with(self.part, |tree| {
            for run in runs {
                let behind = run.1.checked_add(1).map(|next| leaves.split_off(&next));
                tree.set_run(run, std::mem::replace(&mut leaves, behind.unwrap_or_default()));
            }
        });
    }
}

impl Drop for TakenRuns<'_> {
    fn drop(&mut self) {
        let runs = std::mem::take(&mut self.runs);
        self.trees.with(self.part, |tree| runs.into_iter().for_each(|run| tree.give_back(run)));
    }
}

/// A way through the rows of some leaves.
pub(super) struct RunReader {
    scans: VecDeque<ContentScan>,
    bits: u8,
    purge_before: i64,
    leaves: BTreeMap<u32, Leaf>,
}

impl RunReader {
    /// Reads on, for one job; gives the bytes that it read, and the rows.
    pub(super) fn step(&mut self, store: &Store) -> Result<(usize, u64), ReadError> {
        let (mut bytes, mut rows, mut digester) = (0, 0, Digester::of_stored(self.purge_before));
        let (leaves, bits) = (&mut self.leaves, self.bits);
        for _ in 0..JOB_SCANS_MAX {
            let Some(scan) = self.scans.front_mut() else { break };
            store.scan_content(scan, JOB_BYTES_MAX - bytes, &mut |key, view, row| {
                bytes += key.len() + row.len();
                rows += 1;
                if let Some((token, hash)) = Key::token(key).zip(digester.stored_row(key, view)) {
                    leaves.entry(leaf_of(token, bits)).or_default().add(hash);
                }
                Flow::Continue
            })?;
            if scan.has_ended() {
                self.scans.pop_front();
            }
            if bytes >= JOB_BYTES_MAX {
                break;
            }
        }
        Ok((bytes, rows))
    }

    /// The leaves, once all was read.
    pub(super) fn into_leaves(self) -> Result<BTreeMap<u32, Leaf>, RunReader> {
        if self.scans.is_empty() { Ok(self.leaves) } else { Err(self) }
    }
}

/// The sum of an empty part.
pub(super) const NO_ROWS: LeafSum = LeafSum { sum: 0, rows: 0 };
