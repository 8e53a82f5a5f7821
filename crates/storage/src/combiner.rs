//! The write combiner, as data: writes of all cores gather in one queue, and whoever was told to writes a batch of them at a time.
//!
//! One caller of [`Combiner::submit`] is told to take turns; until a turn says that nothing is left, everybody else only queues. So
//! there is one writer at any time, and while it syncs the next batch gathers.

use crate::limits::{BATCH_BYTES, BATCH_ROWS, QUEUE_BYTES};
use crate::stripes::{Stripe, Stripes};
use crate::{Batch, Engine, Family, Op, SyncMode, WriteError};
use henge_base::Bytes;
use henge_model::merge_encoded;
use parking_lot::Mutex;
use std::collections::VecDeque;

/// The queue and the stripes of the partitions in it.
#[derive(Debug, Default)]
pub(crate) struct Combiner {
    queue: Mutex<Queue>,
    pub(crate) stripes: Stripes,
}

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Item>,
    bytes: usize,
    /// Somebody takes turns.
    writing: bool,
}

#[derive(Debug)]
struct Item {
    ticket: u64,
    family: Family,
    rows: Vec<(Bytes, Bytes)>,
    /// Set for a replacement: the version its stripe must still have.
    unchanged: Option<u64>,
}

impl Item {
    fn bytes(&self) -> usize {
        self.rows.iter().map(|(key, row)| key.len() + row.len()).sum()
    }

    /// All rows of an item are of one partition.
    fn stripe(&self) -> Option<Stripe> {
        self.rows.first().map(|(key, _)| Stripe::of(key))
    }
}

impl Combiner {
    /// Queues rows of one partition. True: the caller has to take turns, until one says that nothing is left.
    pub(crate) fn submit(&self, family: Family, rows: Vec<(Bytes, Bytes)>, ticket: u64) -> Result<bool, WriteError> {
        self.queue(Item { ticket, family, rows, unchanged: None })
    }

    /// Queues a replacement of one row that happens only if no write of its stripe entered since it had `version`.
    pub(crate) fn submit_replacement(
        &self,
        family: Family,
        key: Bytes,
        row: Bytes,
        version: u64,
        ticket: u64,
    ) -> Result<bool, WriteError> {
        self.queue(Item { ticket, family, rows: vec![(key, row)], unchanged: Some(version) })
    }

    fn queue(&self, item: Item) -> Result<bool, WriteError> {
        let bytes = item.bytes();
        let mut queue = self.queue.lock();
        if queue.bytes + bytes > QUEUE_BYTES {
            return Err(WriteError::Stalled);
        }
        if let (Some(stripe), None) = (item.stripe(), item.unchanged) {
            self.stripes.enter(stripe);
        }
        queue.bytes += bytes;
        queue.items.push_back(item);
        Ok(!std::mem::replace(&mut queue.writing, true))
    }

    /// Writes one batch. Says whether there is more; if not, the caller's duty ends.
    pub(crate) fn turn(
        &self,
        engine: &dyn Engine,
        sync: SyncMode,
        done: &mut Vec<(u64, Result<(), WriteError>)>,
    ) -> bool {
        let mut items = self.take();
        self.drop_changed(&mut items, done);
        if !items.is_empty() {
            let outcome = engine.write(&batch_of(&items), sync).map(|_| ()).map_err(WriteError::from);
            for item in items {
                if let (Some(stripe), None) = (item.stripe(), item.unchanged) {
                    self.stripes.leave(stripe);
                }
                done.push((item.ticket, outcome.clone()));
            }
        }
        let mut queue = self.queue.lock();
        queue.writing = !queue.items.is_empty();
        queue.writing
    }

    fn take(&self) -> Vec<Item> {
        let mut queue = self.queue.lock();
        let (mut rows, mut bytes, mut count) = (0, 0, 0);
        for item in &queue.items {
            if count > 0 && (rows + item.rows.len() > BATCH_ROWS || bytes + item.bytes() > BATCH_BYTES) {
                break;
            }
            rows += item.rows.len();
            bytes += item.bytes();
            count += 1;
        }
        queue.bytes -= bytes;
        queue.items.drain(..count).collect()
    }

    /// Replacements whose partition was written meanwhile are refused. The writer is alone, so what holds here holds in the batch;
    /// what enters from now on merges on top of the replacement.
    fn drop_changed(&self, items: &mut Vec<Item>, done: &mut Vec<(u64, Result<(), WriteError>)>) {
        items.retain(|item| {
            let (Some(version), Some(stripe)) = (item.unchanged, item.stripe()) else { return true };
            let unchanged = self.stripes.queued(stripe) == version;
            if !unchanged {
                done.push((item.ticket, Err(WriteError::Changed)));
            }
            unchanged
        });
    }
}

/// One batch of all rows in key order; rows of one key are merged first.
fn batch_of(items: &[Item]) -> Batch {
    let mut rows: Vec<(Family, &Bytes, &Bytes)> = Vec::new();
    let mut ops = Vec::new();
    for item in items {
        match item.unchanged {
            None => rows.extend(item.rows.iter().map(|(key, row)| (item.family, key, row))),
            Some(_) => ops.extend(item.rows.iter().map(|(key, row)| put(item.family, key, row))),
        }
    }
    rows.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    for same in rows.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let (family, key, first) = same[0];
        let value = match same {
            [_] => first.clone(),
            several => merge_encoded(key, several.iter().map(|(_, _, row)| row.as_ref())).into(),
        };
        ops.push(Op::Merge { family, key: key.clone(), value });
    }
    Batch { ops }
}

fn put(family: Family, key: &Bytes, row: &Bytes) -> Op {
    Op::Put { family, key: key.clone(), value: row.clone() }
}
