//! Hints on their way to disk.

use crate::coordinator::missed_tally::MissedTally;
use crate::ground::context::Context;
use crate::ground::world::World;
use crate::peers::Peers;
use crate::replica::LocalReplica;
use henge_base::{Bytes, HostId, Micros};
use henge_storage::{EngineError, Hint, MissedRange, MissedWrites};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::{Notify, oneshot};

/// Bytes of hints that wait in memory to be written: 64 MiB.
const QUEUE_BYTES_MAX: usize = 64 << 20;

/// Hints that wait to be written to disk: writes that a replica missed, this node's own copy too. Beyond its bounds a hint is dropped,
/// counted, and recorded for a repair.
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
    missed: MissedTally,
    /// True while an operator has delivery paused.
    is_paused: AtomicBool,
    resumed: Notify,
}

#[derive(Default)]
struct Waiting {
    hints: Vec<QueuedHint>,
    bytes: usize,
    /// All hints ever queued.
    queued: u64,
}

/// A hint in memory.
pub(crate) struct QueuedHint {
    pub(crate) hint: Hint,
    /// Told when it is on disk; dropped if it never will be.
    written: Option<oneshot::Sender<()>>,
}

impl QueuedHint {
    /// Tells who waits that it is on disk.
    pub(crate) fn confirm(&mut self) {
        if let Some(written) = self.written.take() {
            // Whoever waited may have gone.
            let _ = written.send(());
        }
    }
}

impl<W: World> HintQueue<W> {
    /// An empty queue.
    pub(crate) fn new(context: Arc<Context<W>>, peers: Arc<Peers<W>>, replica: Arc<LocalReplica<W>>) -> Self {
        HintQueue {
            context,
            peers,
            replica,
            waiting: Mutex::default(),
            added: Notify::new(),
            left: AtomicU64::new(0),
            some_left: Notify::new(),
            dropped: AtomicU64::new(0),
            missed: MissedTally::default(),
            is_paused: AtomicBool::new(false),
            resumed: Notify::new(),
        }
    }

    /// Queues a hint of `mutation` for `to`.
    pub(crate) fn push(&self, to: HostId, mutation: Bytes) {
        self.push_for(to, mutation, None);
    }

    /// As [`HintQueue::push`]; the receiver is told when the hint is on disk, and closed if it never will be.
    pub(crate) fn push_watched(&self, to: HostId, mutation: Bytes) -> oneshot::Receiver<()> {
        let (written, receiver) = oneshot::channel();
        self.push_for(to, mutation, Some(written));
        receiver
    }

    fn push_for(&self, to: HostId, mutation: Bytes, written: Option<oneshot::Sender<()>>) {
        if self.context.options.faults.drop_hints {
            return;
        }
        if !self.context.options.hinted_handoff {
            self.note_missed(to, &mutation);
            return;
        }
        let mut waiting = self.waiting.lock();
        if waiting.bytes + mutation.len() > QUEUE_BYTES_MAX || !self.has_room(to) || !self.is_in_window(to) {
            drop(waiting);
            self.count_drop(to, &mutation);
            return;
        }
        waiting.queued += 1;
        waiting.bytes += mutation.len();
        let hint = Hint { to, mutation, created: self.context.wall_us() };
        let mut queued = QueuedHint { hint, written };
        if self.context.options.faults.ack_any_early {
            queued.confirm();
        }
        waiting.hints.push(queued);
        self.context.metrics.hints_created.inc();
        drop(waiting);
        self.added.notify_one();
    }

    /// True if a hint for a replica would be kept now.
    pub(crate) fn takes(&self, to: HostId) -> bool {
        self.context.options.hinted_handoff && self.has_room(to) && self.is_in_window(to)
    }

    fn has_room(&self, to: HostId) -> bool {
        let options = &self.context.options;
        self.replica.hint_bytes(to) < options.hint_bytes_max && self.replica.hint_total() < options.hint_total_max
    }

    /// True unless a replica has been down for longer than hints are kept for it. Of one that was not up since this node's start, the
    /// oldest hint tells since when it is down at least.
    fn is_in_window(&self, to: HostId) -> bool {
        let liveness = self.peers.liveness();
        if to == self.context.host() || liveness.is_up(to) {
            return true;
        }
        let window = self.context.options.max_hint_window;
        let age = |oldest: Micros| self.context.wall_us().saturating_sub(oldest) > window.as_micros() as Micros;
        let was_down_before = !liveness.was_up(to) && self.replica.oldest_hint(to).is_some_and(age);
        !was_down_before && liveness.down_for(to, self.context.world.mono()) <= window
    }

    /// Waits until a hint is queued, or dropped. For one task only.
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
    pub(crate) fn take(&self) -> Vec<QueuedHint> {
        self.gather();
        let mut waiting = self.waiting.lock();
        waiting.bytes = 0;
        std::mem::take(&mut waiting.hints)
    }

    /// Notes that hints which were taken are on disk.
    pub(crate) fn confirm(&self, mut hints: Vec<QueuedHint>) {
        hints.iter_mut().for_each(QueuedHint::confirm);
        self.count_left(hints.len());
    }

    fn count_left(&self, count: usize) {
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

    /// Counts a hint that is given up, and records it for a repair.
    pub(crate) fn count_drop(&self, to: HostId, mutation: &Bytes) {
        self.context.metrics.hints_dropped.inc();
        self.dropped.fetch_add(1, Ordering::AcqRel);
        self.note_missed(to, mutation);
    }

    /// Records a write that a replica misses and is owed no more.
    pub(crate) fn note_missed(&self, to: HostId, mutation: &Bytes) {
        self.missed.add(to, mutation);
        self.added.notify_one();
    }

    /// Takes the records of writes that replicas miss.
    pub(crate) fn take_missed(&self) -> BTreeMap<MissedRange, MissedWrites> {
        self.missed.take()
    }

    /// Takes records back that could not be written.
    pub(crate) fn put_missed_back(&self, missed: BTreeMap<MissedRange, MissedWrites>) {
        self.missed.put_back(missed);
    }

    /// Takes hints back that could not be written, before those that came meanwhile. What is beyond the bound is dropped and counted.
    pub(crate) fn put_back(&self, hints: Vec<QueuedHint>) {
        let mut waiting = self.waiting.lock();
        let mut back = Vec::with_capacity(hints.len() + waiting.hints.len());
        for queued in hints {
            if waiting.bytes + queued.hint.mutation.len() > QUEUE_BYTES_MAX {
                self.count_drop(queued.hint.to, &queued.hint.mutation);
                self.count_left(1);
                continue;
            }
            waiting.bytes += queued.hint.mutation.len();
            back.push(queued);
        }
        back.append(&mut waiting.hints);
        waiting.hints = back;
    }

    /// Removes all hints for a target, or for all of them; gives their number. Reads and writes the disk.
    pub(crate) fn truncate(&self, target: Option<HostId>) -> Result<u64, EngineError> {
        let is_gone = |queued: &QueuedHint| target.is_none_or(|target| queued.hint.to == target);
        let waiting: Vec<QueuedHint> = {
            let mut waiting = self.waiting.lock();
            let (gone, kept) = std::mem::take(&mut waiting.hints).into_iter().partition(is_gone);
            waiting.hints = kept;
            waiting.bytes = waiting.hints.iter().map(|queued| queued.hint.mutation.len()).sum();
            gone
        };
        waiting.iter().for_each(|queued| self.note_missed(queued.hint.to, &queued.hint.mutation));
        self.count_left(waiting.len());
        let mut count = waiting.len() as u64;
        for target in target.map_or_else(|| self.replica.hinted_peers(), |target| vec![target]) {
            count += self.replica.truncate_hints(target, |hint| self.note_missed(hint.to, &hint.mutation))?;
        }
        self.context.metrics.hints_truncated.inc_by(count);
        Ok(count)
    }

    /// Pauses delivery, or lets it go on.
    pub(crate) fn set_paused(&self, is_paused: bool) {
        self.is_paused.store(is_paused, Ordering::Release);
        self.resumed.notify_one();
    }

    /// True while delivery is paused.
    pub(crate) fn is_paused(&self) -> bool {
        self.is_paused.load(Ordering::Acquire)
    }

    /// Waits until delivery is paused or resumed. For one task only.
    pub(crate) async fn pause_changed(&self) {
        self.resumed.notified().await;
    }
}
