//! The write combiner, as data: writes of all cores gather in one queue, and one writer at a time writes a batch of them.
//!
//! One caller of [`Combiner::submit`] is told to take turns; until a turn returns that nothing is left, all others only queue.
//! So there is one writer at any time, and the next batch gathers while it syncs.
//!
//! - A *stripe* stands for the partitions of one hash: a write enters it when it is queued and leaves it when it is visible.
//! - A *replacement* takes the place of rows that were read before; it is refused if its stripe was entered since.
//! - A *fold* replaces the versions of one key by their merge, which later reads get cheaper.
//! - A *removal* deletes ranges of keys, as those of a dropped table. *Stale* entries of indexes are deleted key by key.

use crate::folds::Folds;
use crate::limits::{BATCH_BYTES_MAX, BATCH_ROWS_MAX, QUEUE_BYTES_MAX};
use crate::stale::StaleEntries;
use crate::stripes::{Stripe, Stripes};
use crate::written_leaves::WrittenLeaves;
use crate::{Batch, Engine, Family, Op, SyncMode, WriteError};
use henge_base::Bytes;
use henge_model::merge_encoded;
use parking_lot::Mutex;
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows to write: family, key and encoded row of each. Most writes have one row.
pub(crate) type Rows = SmallVec<[(Family, Bytes, Bytes); 1]>;

/// The queue and the stripes of the partitions in it.
#[derive(Debug, Default)]
pub(crate) struct Combiner {
    queue: Mutex<Queue>,
    pub(crate) stripes: Stripes,
    pub(crate) folds: Folds,
    pub(crate) stale: StaleEntries,
    /// Marked once a write is visible.
    pub(crate) written: WrittenLeaves,
    generation: AtomicU64,
}

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Item>,
    bytes: usize,
    /// True if a caller has the duty to take turns.
    has_writer: bool,
    /// True while a turn is in progress.
    turn_in_progress: bool,
}

#[derive(Debug)]
struct Item {
    ticket: u64,
    /// Rows of one partition.
    rows: Rows,
    bytes: usize,
    stripe: Stripe,
    /// Set for a replacement: the version that its stripe must still have.
    expected_version: Option<u64>,
    /// Ranges to remove, and facts to set with that. Such an item has no rows, and a batch to itself.
    removal: Vec<Op>,
}

impl Item {
    fn new(rows: Rows, expected_version: Option<u64>, ticket: u64) -> Item {
        debug_assert!(
            expected_version.is_none() || rows.iter().all(|(_, key, _)| Stripe::of(key) == Stripe::of(&rows[0].1))
        );
        let bytes = rows.iter().map(|(_, key, row)| key.len() + row.len()).sum();
        let stripe = Stripe::of(rows.first().map_or(&[], |(_, key, _)| key));
        Item { ticket, rows, bytes, stripe, expected_version, removal: Vec::new() }
    }
}

impl Combiner {
    /// Queues rows of one partition, made from the tables as known at `generation`; [`WriteError::Changed`] if they have
    /// changed since. If it returns true the caller has to take turns until one returns that nothing is left.
    pub(crate) fn submit(&self, rows: Rows, generation: u64, ticket: u64) -> Result<bool, WriteError> {
        self.enqueue(Item::new(rows, None, ticket), Some(generation))
    }

    /// Queues rows that do not depend on the known tables.
    pub(crate) fn submit_any(&self, rows: Rows, ticket: u64) -> Result<bool, WriteError> {
        self.enqueue(Item::new(rows, None, ticket), None)
    }

    /// The number of changes to the known tables.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Notes that the known tables have changed. Writes made from an earlier state are refused from now on; the lock keeps one
    /// from being queued between the check of its generation and this.
    pub(crate) fn renew(&self) {
        let _queue = self.queue.lock();
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Queues a replacement of rows of one partition that happens only if no write of its stripe entered since it had `version`.
    pub(crate) fn submit_replacement(&self, rows: Rows, version: u64, ticket: u64) -> Result<bool, WriteError> {
        self.enqueue(Item::new(rows, Some(version), ticket), None)
    }

    /// Queues the removal of ranges of keys, and facts to set with that, in a batch of their own: what is queued before is written
    /// before, what comes later stays. A replacement that was read before is refused afterwards.
    pub(crate) fn submit_removal(&self, removal: Vec<Op>, ticket: u64) -> Result<bool, WriteError> {
        self.enqueue(Item { removal, ..Item::new(Rows::new(), None, ticket) }, None)
    }

    /// True if a row to fold or a stale entry was found since this was asked last and nobody writes: the caller has to take turns
    /// then.
    pub(crate) fn claim_folds(&self) -> bool {
        // Both are taken, so that neither is announced again: no short circuit.
        (self.folds.take_announced() | self.stale.take_announced())
            && !std::mem::replace(&mut self.queue.lock().has_writer, true)
    }

    /// The first rule of the queue that is broken, for tests and simulations.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let queue = self.queue.lock();
        let bytes: usize = queue.items.iter().map(|item| item.bytes).sum();
        if bytes != queue.bytes {
            return Err("the bytes of the queue are not those of what is in it");
        }
        if bytes > QUEUE_BYTES_MAX {
            return Err("I40: the queue holds more than it may");
        }
        if !queue.has_writer && !queue.items.is_empty() {
            return Err("writes are queued and nobody has the duty to take turns");
        }
        let waiting = queue.items.iter().filter(|item| item.expected_version.is_none());
        self.stripes.check(waiting.map(|item| item.stripe), !queue.turn_in_progress)
    }

    fn enqueue(&self, item: Item, generation: Option<u64>) -> Result<bool, WriteError> {
        let mut queue = self.queue.lock();
        if generation.is_some_and(|generation| generation != self.generation()) {
            return Err(WriteError::Changed);
        }
        if queue.bytes + item.bytes > QUEUE_BYTES_MAX {
            return Err(WriteError::Stalled);
        }
        if item.expected_version.is_none() {
            self.stripes.enter(item.stripe);
        }
        queue.bytes += item.bytes;
        queue.items.push_back(item);
        Ok(!std::mem::replace(&mut queue.has_writer, true))
    }

    /// Writes one batch. Returns true if there is more, and the caller has to take another turn; if not, its duty ends. While a
    /// turn is in progress another call does nothing: the duty stays with the caller that is in `turn`.
    pub(crate) fn turn(
        &self,
        engine: &dyn Engine,
        sync: SyncMode,
        done: &mut Vec<(u64, Result<(), WriteError>)>,
    ) -> bool {
        let Some(mut items) = self.take() else { return false };
        if let [Item { removal, stripe, ticket, .. }] = &items[..]
            && !removal.is_empty()
        {
            self.stripes.enter_all();
            let outcome = engine.write(&Batch { ops: removal.clone() }, sync).map(|_| ()).map_err(WriteError::from);
            self.written.mark_tables(removal.iter().filter_map(Op::removed_from));
            self.stripes.leave_all();
            self.stripes.leave(*stripe);
            done.push((*ticket, outcome));
            return self.end_turn();
        }
        self.refuse_outdated(&mut items, done);
        // A fold that fails is skipped; an error of the engine shows in the write.
        let folds = self.folds.take(engine).unwrap_or_default();
        let (removals, entered) = self.stale.take(&self.stripes);
        if !items.is_empty() || !folds.is_empty() || !removals.is_empty() {
            let first = folds.into_iter().chain(removals).collect();
            let outcome = engine.write(&assemble_batch(first, &items), sync).map(|_| ()).map_err(WriteError::from);
            entered.into_iter().for_each(|stripe| self.stripes.leave(stripe));
            // All rows of an item are of one partition.
            self.written.mark(items.iter().filter_map(|item| Some(&item.rows.iter().find(|row| row.0.merges())?.1)));
            for item in items {
                self.stripes.leave(item.stripe);
                done.push((item.ticket, outcome.clone()));
            }
        }
        self.end_turn()
    }

    /// Ends a turn; true if there is more to write.
    fn end_turn(&self) -> bool {
        let mut queue = self.queue.lock();
        debug_assert!(queue.turn_in_progress, "one turn at a time");
        queue.turn_in_progress = false;
        queue.has_writer = !queue.items.is_empty() || !self.folds.is_empty() || !self.stale.is_empty();
        queue.has_writer
    }

    /// Begins a turn and returns the items of its batch, oldest first; `None` if a turn is in progress.
    fn take(&self) -> Option<Vec<Item>> {
        let mut queue = self.queue.lock();
        if std::mem::replace(&mut queue.turn_in_progress, true) {
            return None;
        }
        let (mut rows, mut bytes, mut count) = (0, 0, 0);
        for item in &queue.items {
            let is_full = rows + item.rows.len() > BATCH_ROWS_MAX || bytes + item.bytes > BATCH_BYTES_MAX;
            if count > 0 && (is_full || !item.removal.is_empty()) {
                break;
            }
            rows += item.rows.len();
            bytes += item.bytes;
            count += 1;
            if !item.removal.is_empty() {
                break;
            }
        }
        debug_assert!(queue.has_writer, "turns are taken by whoever has the duty");
        queue.bytes -= bytes;
        debug_assert!(count < queue.items.len() || queue.bytes == 0, "an empty queue holds {} bytes", queue.bytes);
        Some(queue.items.drain(..count).collect())
    }

    /// Refuses replacements whose stripe was entered since they were read, by a write or by another replacement; the others enter
    /// it. There is one writer, so this still holds when the batch is written; later writes merge on top of the replacement.
    fn refuse_outdated(&self, items: &mut Vec<Item>, done: &mut Vec<(u64, Result<(), WriteError>)>) {
        items.retain(|item| {
            let kept = item.expected_version.is_none_or(|version| self.stripes.enter_unchanged(item.stripe, version));
            if !kept {
                done.push((item.ticket, Err(WriteError::Changed)));
            }
            kept
        });
    }
}

/// One batch: folds and deletions of stale entries, then replacements, then all rows in key order. A replacement may hold less than
/// what it replaces, so it stands before the writes, which merge on top of it. The rows of one key are merged here; the sort is
/// stable, so that of facts, which are set, the last one queued counts.
fn assemble_batch(first: Vec<Op>, items: &[Item]) -> Batch {
    let (replacements, writes): (Vec<&Item>, Vec<&Item>) =
        items.iter().partition(|item| item.expected_version.is_some());
    let mut ops = first;
    ops.extend(replacements.iter().flat_map(|item| &item.rows).map(put));
    let mut rows: Vec<&(Family, Bytes, Bytes)> = writes.iter().flat_map(|item| &item.rows).collect();
    rows.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    ops.extend(rows.chunk_by(|a, b| (a.0, &a.1) == (b.0, &b.1)).map(merge));
    Batch { ops }
}

/// Merges the rows of one key into one operation. A fact of this node that is queued with them is set, not merged.
fn merge(same: &[&(Family, Bytes, Bytes)]) -> Op {
    let (family, key, first) = same[0];
    if !family.merges() {
        return put(same[same.len() - 1]);
    }
    let value = match same {
        [_] => first.clone(),
        several => merge_encoded(key, several.iter().map(|(_, _, row)| row.as_ref())).into(),
    };
    Op::Merge { family: *family, key: key.clone(), value }
}

/// Sets a row. Empty bytes are no row: a replacement by nothing removes the key, and so does the removal of an entry of the batch log.
fn put((family, key, row): &(Family, Bytes, Bytes)) -> Op {
    if row.is_empty() && family.is_emptied() {
        return Op::Delete { family: *family, key: key.clone() };
    }
    Op::Put { family: *family, key: key.clone(), value: row.clone() }
}
