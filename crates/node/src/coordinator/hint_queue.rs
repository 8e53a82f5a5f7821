//! Hints on their way to disk.

use crate::ground::context::Context;
use crate::ground::world::World;
use crate::peers::Peers;
use crate::replica::LocalReplica;
use henge_base::{Bytes, HostId};
use henge_storage::Hint;
use parking_lot::Mutex;
use std::sync::Arc;
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
}

#[derive(Default)]
struct Waiting {
    hints: Vec<Hint>,
    bytes: usize,
}

impl<W: World> HintQueue<W> {
    /// An empty queue.
    pub(crate) fn new(context: Arc<Context<W>>, peers: Arc<Peers<W>>, replica: Arc<LocalReplica<W>>) -> Self {
        HintQueue { context, peers, replica, waiting: Mutex::default(), added: Notify::new() }
    }

    /// Queues a hint of `mutation` for `to`.
    pub(crate) fn push(&self, to: HostId, mutation: Bytes) {
        let (options, metrics) = (&self.context.options, &self.context.metrics);
        if !options.hinted_handoff || options.faults.drop_hints {
            return;
        }
        let is_own = to == self.context.host();
        if !is_own && self.peers.liveness().down_for(to, self.context.world.mono()) > options.max_hint_window {
            metrics.hints_dropped.inc();
            return;
        }
        let mut waiting = self.waiting.lock();
        if waiting.bytes + mutation.len() > QUEUE_BYTES_MAX || self.replica.hint_bytes(to) > STORED_BYTES_MAX {
            metrics.hints_dropped.inc();
            return;
        }
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
        std::mem::take(&mut *self.waiting.lock()).hints
    }

    /// Takes hints back that could not be written, before those that came meanwhile. What is beyond the bound is dropped and counted.
    pub(crate) fn put_back(&self, hints: Vec<Hint>) {
        let mut waiting = self.waiting.lock();
        let mut back = Vec::with_capacity(hints.len() + waiting.hints.len());
        for hint in hints {
            if waiting.bytes + hint.mutation.len() > QUEUE_BYTES_MAX {
                self.context.metrics.hints_dropped.inc();
                continue;
            }
            waiting.bytes += hint.mutation.len();
            back.push(hint);
        }
        back.append(&mut waiting.hints);
        waiting.hints = back;
    }
}
