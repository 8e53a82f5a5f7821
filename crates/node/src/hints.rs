//! Hints: writes that a replica missed, kept on disk until it has them.
//!
//! A hint is queued in memory when it is owed, and synced in batches by one task; delivery reads them back from disk, oldest
//! first, and deletes what the replica acknowledged. Bounded per node: beyond the bound a hint is dropped and counted, and
//! read repair has to bring the row.

use crate::header::Kind;
use crate::pending::outcome;
use crate::shared::Shared;
use crate::world::{Class, Lane, To, World};
use henge_base::{Bytes, HostId};
use henge_coordinator::{Refusal, ReplicaError};
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
/// How often delivery looks for peers that are up and owed something.
const LOOK_EVERY: Duration = Duration::from_secs(5);
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

/// Writes queued hints to disk, synced.
pub(crate) async fn keep<W: World>(shared: Arc<Shared<W>>, queue: Arc<HintQueue>) {
    loop {
        queue.wake.notified().await;
        loop {
            let hints = queue.take();
            if hints.is_empty() {
                break;
            }
            let count = hints.len();
            let job = Arc::clone(&shared);
            if let Err(error) = shared.world.disk(Lane::Background, move || job.store.add_hints(hints)).await {
                tracing::error!(%error, count, "hints could not be kept");
                shared.metrics.hints_dropped.inc_by(count as u64);
                if error.is_fatal() {
                    shared.world.fatal(&error.to_string());
                }
            }
        }
    }
}

/// Delivers hints to peers that are up.
pub(crate) async fn deliver<W: World>(shared: Arc<Shared<W>>, queue: Arc<HintQueue>) {
    loop {
        let look = shared.world.sleep_until(shared.within(LOOK_EVERY));
        tokio::select! {
            biased;
            () = queue.deliver.notified() => {}
            () = look => {}
        }
        for peer in shared.liveness.up().iter() {
            while shared.liveness.is_up(*peer) && deliver_some(&shared, *peer).await {}
        }
    }
}

/// Sends a batch; says whether to go on with this peer.
async fn deliver_some<W: World>(shared: &Arc<Shared<W>>, peer: HostId) -> bool {
    let job = Arc::clone(shared);
    let read = shared.world.disk(Lane::Background, move || job.store.hints_of(peer, DELIVERY_BATCH)).await;
    let hints = match read {
        Ok(hints) if hints.is_empty() => return false,
        Ok(hints) => hints,
        Err(error) => {
            tracing::error!(%error, %peer, "hints cannot be read");
            return false;
        }
    };
    let total = hints.len();
    let calls = hints.into_iter().map(|(id, hint)| send(shared, peer, id, hint));
    let finished: Vec<HintId> = futures_util::future::join_all(calls).await.into_iter().flatten().collect();
    let all = finished.len() == total;
    shared.metrics.hints_delivered.inc_by(finished.len() as u64);
    let job = Arc::clone(shared);
    let deleted = shared.world.disk(Lane::Background, move || job.store.delete_hints(&finished)).await;
    // Fewer than a batch may still not be the last: large hints are read a few at a time.
    all && deleted.is_ok()
}

/// Sends one hint; gives its id when it is settled: applied, or for a table that is gone.
async fn send<W: World>(shared: &Arc<Shared<W>>, peer: HostId, id: HintId, hint: Hint) -> Option<HintId> {
    let message = shared.message(Kind::Write, &hint.mutation);
    let reply = shared.world.call(To::Host(peer), Class::Bulk, shared.within(PATIENCE), message).await;
    match outcome(reply) {
        Ok(_) => Some(id),
        Err(ReplicaError::Refused(Refusal::UnknownTable | Refusal::Fenced)) => {
            // The peer knows at least our epoch, so a table unknown to it is dropped for good; and what was issued before its
            // fence never passes it.
            shared.metrics.hints_dropped.inc();
            Some(id)
        }
        Err(_) => None,
    }
}
