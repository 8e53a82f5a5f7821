//! Hints: writes that a replica missed, kept on disk until it has them.
//!
//! A hint is queued in memory when it is owed, and synced in batches by one task; delivery reads them back from disk, oldest
//! first, and deletes what the replica acknowledged. Bounded per node: beyond the bound a hint is dropped and counted, and
//! read repair has to bring the row.

use crate::ground::world::{Class, Lane, To, World};
use crate::peers::header::Kind;
use crate::replica::pending::outcome;
use crate::shared::Shared;
use crate::work::once_each::OnceEach;
use henge_base::{Bytes, HostId, Micros};
use henge_coordinator::{Refusal, ReplicaError};
use henge_model::Mutation;
use henge_storage::{Hint, HintId};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Hints waiting in memory to be written: 64 MiB.
const QUEUE_BYTES_MAX: usize = 64 << 20;
/// Hints on disk for one peer: 1 GiB.
const STORED_BYTES_MAX: u64 = 1 << 30;
/// Hints sent together.
const DELIVERY_BATCH: usize = 128;
/// Hints of one peer that are sent again in vain in one go.
const REFUSED_MAX: usize = 4_096;
/// How often delivery looks for peers that are up and owed something.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Between two looks whether a full disk has room again.
const ROOM_WAIT: Duration = Duration::from_millis(250);
/// How long a peer may take over one hint.
const PATIENCE: Duration = Duration::from_secs(5);

/// Hints on their way to disk.
#[derive(Debug, Default)]
pub(crate) struct HintQueue {
    waiting: Mutex<(Vec<Hint>, usize)>,
    wake: Notify,
    /// Wakes delivery when a peer comes up.
    pub(crate) deliver: Notify,
}

impl HintQueue {
    /// Keeps a hint of `mutation` for `to`.
    pub(crate) fn owe<W: World>(&self, shared: &Shared<W>, to: HostId, mutation: Bytes) {
        if !shared.options.hinted_handoff || shared.options.faults.drop_hints {
            return;
        }
        if shared.liveness.down_for(to, shared.world.mono()) > shared.options.max_hint_window {
            shared.metrics.hints_dropped.inc();
            return;
        }
        let mut waiting = self.waiting.lock();
        if waiting.1 + mutation.len() > QUEUE_BYTES_MAX || shared.store.hint_bytes(to) > STORED_BYTES_MAX {
            shared.metrics.hints_dropped.inc();
            return;
        }
        waiting.1 += mutation.len();
        waiting.0.push(Hint { to, mutation, created: shared.world.wall_us() });
        shared.metrics.hints_created.inc();
        drop(waiting);
        self.wake.notify_one();
    }

    fn take(&self) -> Vec<Hint> {
        let mut waiting = self.waiting.lock();
        waiting.1 = 0;
        std::mem::take(&mut waiting.0)
    }
}

/// Writes queued hints to disk, synced. While the disk is full they wait in the queue, which is bounded.
pub(crate) async fn keep<W: World>(shared: Arc<Shared<W>>, queue: Arc<HintQueue>) {
    loop {
        queue.wake.notified().await;
        loop {
            while shared.check_room().is_err() {
                shared.pause(ROOM_WAIT).await;
            }
            let hints = queue.take();
            if hints.is_empty() {
                break;
            }
            let count = hints.len();
            let job = Arc::clone(&shared);
            if let Err(error) = shared.world.disk(Lane::Background, move || job.store.add_hints(hints)).await {
                tracing::error!(%error, count, "hints could not be kept");
                shared.metrics.hints_dropped.inc_by(count as u64);
            }
        }
    }
}

/// Delivers hints to peers that are up.
pub(crate) async fn deliver<W: World>(shared: Arc<Shared<W>>, queue: Arc<HintQueue>) {
    let mut damaged = OnceEach::default();
    loop {
        let look = shared.world.sleep_until(shared.within(LOOK_EVERY));
        tokio::select! {
            biased;
            () = queue.deliver.notified() => {}
            () = look => {}
        }
        for peer in shared.liveness.up().iter() {
            deliver_all(&shared, *peer, &mut damaged).await;
        }
    }
}

/// Goes once through the hints of a peer, oldest first. A hint that it refuses stays, and keeps none from its turn; a peer that does
/// not answer, or takes nothing for now, is left alone until the next time.
async fn deliver_all<W: World>(shared: &Arc<Shared<W>>, peer: HostId, damaged: &mut OnceEach<HintId>) {
    let (mut after, mut refused) = (None, 0);
    while shared.liveness.is_up(peer) && refused < REFUSED_MAX {
        let (job, behind) = (Arc::clone(shared), after.take());
        let read = move || job.store.hints_of(peer, behind.as_ref(), DELIVERY_BATCH);
        let hints = match shared.world.disk(Lane::Background, read).await {
            Ok(hints) => hints,
            Err(error) => {
                tracing::error!(%error, %peer, "hints cannot be read");
                return;
            }
        };
        let Some((last, _)) = hints.last() else { return };
        after = Some(last.clone());
        match deliver_some(shared, peer, hints, damaged).await {
            Some(more) => refused += more,
            None => return,
        }
    }
}

/// Sends some hints and deletes those that are settled; says how many were refused. `None`: the peer takes none for now.
async fn deliver_some<W: World>(
    shared: &Arc<Shared<W>>,
    peer: HostId,
    hints: Vec<(HintId, Hint)>,
    damaged: &mut OnceEach<HintId>,
) -> Option<usize> {
    let (mut calls, mut finished) = (Vec::with_capacity(hints.len()), Vec::new());
    for (id, hint) in hints {
        if Mutation::decode(hint.mutation.clone()).is_ok() {
            calls.push(async move { (id, send(shared, peer, hint).await) });
        } else if is_over(shared, &id, &hint, damaged) {
            finished.push(id);
        }
    }
    let (mut refused, mut takes) = (0, true);
    for (id, outcome) in futures_util::future::join_all(calls).await {
        match outcome {
            Outcome::Delivered => {
                shared.metrics.hints_delivered.inc();
                finished.push(id);
            }
            Outcome::Void => {
                shared.metrics.hints_dropped.inc();
                finished.push(id);
            }
            Outcome::Refused => refused += 1,
            Outcome::NotNow => takes = false,
        }
    }
    let job = Arc::clone(shared);
    let deleted = shared.world.disk(Lane::Background, move || job.store.delete_hints(&finished)).await;
    (takes && deleted.is_ok()).then_some(refused)
}

/// A damaged hint is kept for those who look into it, and counted and logged once; whether it may go now, which is when it is older
/// than `max_hint_window`.
fn is_over<W: World>(shared: &Shared<W>, id: &HintId, hint: &Hint, damaged: &mut OnceEach<HintId>) -> bool {
    if damaged.is_new(id) {
        tracing::error!(peer = %hint.to, bytes = hint.mutation.len(), "a hint is damaged and cannot be delivered");
        shared.metrics.hints_damaged.inc();
    }
    shared.world.wall_us().saturating_sub(hint.created) > shared.options.max_hint_window.as_micros() as Micros
}

/// What became of a hint that was sent.
enum Outcome {
    /// The replica has it.
    Delivered,
    /// It will never be of use: its table is gone, or deletions of its time have been purged.
    Void,
    /// The replica refuses this one.
    Refused,
    /// The replica takes nothing now, or does not answer.
    NotNow,
}

async fn send<W: World>(shared: &Arc<Shared<W>>, peer: HostId, hint: Hint) -> Outcome {
    let message = shared.message(Kind::Write, &hint.mutation);
    let reply = shared.world.call(To::Host(peer), Class::Bulk, shared.within(PATIENCE), message).await;
    match outcome(reply) {
        Ok(_) => Outcome::Delivered,
        // A peer that does not know our epoch says that it is behind. So the table is dropped; and what was issued before the
        // peer's fence never passes it.
        Err(ReplicaError::Refused(Refusal::UnknownTable | Refusal::Fenced)) => Outcome::Void,
        Err(ReplicaError::Refused(Refusal::Behind | Refusal::Overloaded | Refusal::Stalled | Refusal::Full)) => {
            Outcome::NotNow
        }
        Err(ReplicaError::Refused(_)) => Outcome::Refused,
        Err(ReplicaError::NotSent | ReplicaError::Unknown) => Outcome::NotNow,
    }
}
