//! Hints on their way to disk.

use crate::ground::context::Context;
use crate::ground::world::World;
use crate::peers::Peers;
use crate::replica::LocalReplica;
use henge_base::{Bytes, HostId};
use henge_storage::Hint;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// Bytes of hints that wait in memory to be written: 64 MiB.
const QUEUE_BYTES_MAX: usize = 64 << 20;
/// Bytes of hints on disk for one peer: 1 GiB.
const STORED_BYTES_MAX: u64 = 1 << 30;

/// Hints that wait to be written to disk: writes that a replica missed, this node's own copy too. Beyond its bounds a hint is dropped and counted, and read repair
/// has to bring the row.
pub(crate) struct HintQueue<W> {
    context: Arc<Context<W>>,
    peers: Arc<Peers<W>>,
    replica: Arc<LocalReplica<W>>,
    waiting: Mutex<Waiting>,
    added: Notify,
    /// Of all hints ever queued, the number that have left the queue: written, or dropped. The oldest leave first.
    left: AtomicU64,
    /// Notified whenever hints have left. A `watch` channel wakes its receivers in an order of chance.
    some_left: Notify,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    hints: Vec<Hint>,
    bytes: usize,
    /// All hints ever queued.
    queued: u64,
}

impl<W: World> HintQueue<W> {
    /// An empty queue.
    pub(crate) fn new(context: Arc<Context<W>>, peers: Arc<Peers<W>>, replica: Arc<LocalReplica<W>>) -> Self {
        let (left, some_left, dropped) = (AtomicU64::new(0), Notify::new(), AtomicU64::new(0));
        HintQueue { context, peers, replica, waiting: Mutex::default(), added: Notify::new(), left, some_left, dropped }
    }

    /// Queues a hint of `mutation` for `to`.
    pub(crate) fn push(&self, to: HostId, mutation: Bytes) {
        let (options, metrics) = (&self.context.options, &self.context.metrics);
        if !options.hinted_handoff || options.faults.drop_hints {
            return;
        }
        let is_own = to == self.context.host();
        if !is_own && self.peers.liveness().down_for(to, self.context.world.mono()) > options.max_hint_window {
            self.count_drop();
            return;
        }
        let mut waiting = self.waiting.lock();
        if waiting.bytes + mutation.len() > QUEUE_BYTES_MAX || self.replica.hint_bytes(to) > STORED_BYTES_MAX {
            self.count_drop();
            return;
        }
        waiting.queued += 1;
        waiting.bytes += mutation.len();
        waiting.hints.push(Hint { to, mutation, created: self.context.wall_us() });
        metrics.hints_created.inc();
        drop(waiting);
        self.added.notify_one();
    }

    /// Waits until a hint is queued. For one task only.
    pub(crate) async fn hint_added(&self) {
        tokio::select! {
            biased;
            () = self.added.notified() => {}
            () = self.replica.write_unapplied() => {}
        }
    }

    /// Takes in what this node's own copy lacks, while nothing can be written to the disk.
    pub(crate) fn gather(&self) {
        for mutation in self.replica.take_unapplied() {
            self.push(self.context.host(), mutation.bytes().clone());
        }
    }

    /// Takes all hints that wait, those of this node's own copy among them.
    pub(crate) fn take(&self) -> Vec<Hint> {
        self.gather();
        let mut waiting = self.waiting.lock();
        waiting.bytes = 0;
        std::mem::take(&mut waiting.hints)
    }

    /// Notes that hints which were taken are on disk.
    pub(crate) fn confirm(&self, count: usize) {
        self.left.fetch_add(count as u64, Ordering::AcqRel);
        self.some_left.notify_waiters();
    }

    /// Waits until all hints that are owed now are on disk, or dropped.
    pub(crate) async fn wait_until_written(&self) {
        self.gather();
        let queued = self.waiting.lock().queued;
        loop {
            let some_left = self.some_left.notified();
            if self.left.load(Ordering::Acquire) >= queued {
                return;
            }
            some_left.await;
        }
    }

    /// The number of hints that were dropped.
    pub(crate) fn drop_count(&self) -> u64 {
        self.dropped.load(Ordering::Acquire)
    }

    fn count_drop(&self) {
        self.context.metrics.hints_dropped.inc();
        self.dropped.fetch_add(1, Ordering::AcqRel);
    }

    /// Takes hints back that could not be written, before those that came meanwhile. What is beyond the bound is dropped and counted.
    pub(crate) fn put_back(&self, hints: Vec<Hint>) {
        let mut waiting = self.waiting.lock();
        let mut back = Vec::with_capacity(hints.len() + waiting.hints.len());
        for hint in hints {
            if waiting.bytes + hint.mutation.len() > QUEUE_BYTES_MAX {
                self.count_drop();
                self.confirm(1);
                continue;
            }
            waiting.bytes += hint.mutation.len();
            back.push(hint);
        }
        back.append(&mut waiting.hints);
        waiting.hints = back;
    }
}
