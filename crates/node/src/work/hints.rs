//! Hints: writes that a replica missed, this node's own copy too. One task writes queued hints to disk, synced, many at once; another reads them back, oldest
//! first, sends them to replicas that are up, and deletes those that are settled.

use crate::coordinator::hint_queue::HintQueue;
use crate::ground::context::Context;
use crate::ground::world::{Class, Lane, World};
use crate::peers::Peers;
use crate::peers::messages::data::Write;
use crate::replica::LocalReplica;
use crate::replica::handle::ReplicaHandle;
use crate::work::once_each::OnceEach;
use crate::work::worker::{Next, StepError, Worker};
use futures_util::FutureExt;
use henge_base::{HostId, Micros};
use henge_coordinator::{Refusal, ReplicaError};
use henge_model::Mutation;
use henge_storage::{Hint, HintId, Store};
use std::sync::Arc;
use std::time::Duration;

/// Hints sent together.
const DELIVERY_BATCH: usize = 128;
/// Hints of one peer that are sent again in vain in one go.
const REFUSED_MAX: usize = 4_096;
/// Between two looks for peers that are up and owed something.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// Between two looks whether a full disk has room again.
const ROOM_WAIT_INTERVAL: Duration = Duration::from_millis(250);
/// A peer may take so long over one hint.
const HINT_TIMEOUT: Duration = Duration::from_secs(5);

/// Writes queued hints to disk, synced. On a full disk they may take half of the reserve; then they wait in the queue, which is bounded.
pub(crate) struct HintWriter<W> {
    pub(crate) context: Arc<Context<W>>,
    pub(crate) replica: Arc<LocalReplica<W>>,
    pub(crate) queue: Arc<HintQueue<W>>,
}

impl<W: World> Worker for HintWriter<W> {
    const NAME: &'static str = "hint_writer";
    const RETRY_DELAY: Duration = ROOM_WAIT_INTERVAL;

    async fn step(&mut self) -> Result<Next, StepError> {
        let is_full = self.context.is_disk_full();
        if is_full && self.context.world.free_bytes() <= self.context.options.disk_reserve / 2 {
            self.queue.gather();
            return Ok(Next::Pause(ROOM_WAIT_INTERVAL));
        }
        let hints = self.queue.take();
        if hints.is_empty() {
            return Ok(Next::Wait);
        }
        let (written, count) = (hints.clone(), hints.len());
        if let Err(error) = self.replica.on_disk(Lane::Background, move |store| store.add_hints(written)).await {
            // Twice written changes nothing, and a disk that is full now may have room soon.
            self.queue.put_back(hints);
            return Err(format!("hints cannot be written: {error}").into());
        }
        self.queue.confirm(count);
        Ok(Next::Step)
    }

    async fn wait(&mut self) {
        self.queue.hint_added().await;
    }
}

/// Delivery of hints.
pub(crate) struct HintDelivery<W> {
    context: Arc<Context<W>>,
    peers: Arc<Peers<W>>,
    replica: ReplicaHandle<W>,
    damaged: OnceEach<HintId>,
}

impl<W: World> Worker for HintDelivery<W> {
    const NAME: &'static str = "hint_delivery";
    const RETRY_DELAY: Duration = LOOK_INTERVAL;

    async fn step(&mut self) -> Result<Next, StepError> {
        for peer in self.peers.liveness().up().iter() {
            self.deliver_all(*peer).await;
        }
        let own = self.context.host();
        if self.replica.hint_bytes(own) > 0 {
            self.deliver_all(own).await;
        }
        Ok(Next::Wait)
    }

    async fn wait(&mut self) {
        tokio::select! {
            biased;
            () = self.peers.liveness().member_came_up() => {}
            () = self.context.pause(LOOK_INTERVAL) => {}
        }
    }
}

/// The outcome of a hint that was sent.
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

impl<W: World> HintDelivery<W> {
    /// Nothing is delivered yet.
    pub(crate) fn new(context: Arc<Context<W>>, peers: Arc<Peers<W>>, replica: ReplicaHandle<W>) -> Self {
        HintDelivery { context, peers, replica, damaged: OnceEach::default() }
    }

    /// Goes once through the hints of a peer, oldest first. A hint that it refuses stays, and keeps none from its turn; a peer that does
    /// not answer, or takes nothing for now, is left alone until the next time.
    async fn deliver_all(&mut self, peer: HostId) {
        let (mut after, mut refused) = (None, 0);
        while self.is_up(peer) && refused < REFUSED_MAX {
            let behind: Option<HintId> = after.take();
            let read = move |store: &Store| store.hints_of(peer, behind.as_ref(), DELIVERY_BATCH);
            let hints = match self.replica.on_disk(Lane::Background, read).await {
                Ok(hints) => hints,
                Err(error) => {
                    tracing::error!(%error, %peer, "hints cannot be read");
                    return;
                }
            };
            let Some((last, _)) = hints.last() else { return };
            after = Some(last.clone());
            match self.deliver_some(peer, hints).await {
                Some(more) => refused += more,
                None => return,
            }
        }
    }

    fn is_up(&self, peer: HostId) -> bool {
        peer == self.context.host() || self.peers.liveness().is_up(peer)
    }

    /// Sends some hints and deletes those that are settled; gives how many were refused. `None`: the peer takes none for now.
    async fn deliver_some(&mut self, peer: HostId, hints: Vec<(HintId, Hint)>) -> Option<usize> {
        let (mut calls, mut settled) = (Vec::with_capacity(hints.len()), Vec::new());
        for (id, hint) in hints {
            if Mutation::decode(hint.mutation.clone()).is_ok() {
                let sent = self.send(peer, &hint);
                calls.push(async move { (id, sent.await) });
            } else if self.may_drop_damaged(&id, &hint) {
                settled.push(id);
            }
        }
        let (mut refused, mut takes) = (0, true);
        for (id, outcome) in futures_util::future::join_all(calls).await {
            match outcome {
                Outcome::Delivered => {
                    self.context.metrics.hints_delivered.inc();
                    settled.push(id);
                }
                Outcome::Void => {
                    self.context.metrics.hints_dropped.inc();
                    settled.push(id);
                }
                Outcome::Refused => refused += 1,
                Outcome::NotNow => takes = false,
            }
        }
        let deleted = self.replica.on_disk(Lane::Background, move |store| store.delete_hints(&settled)).await;
        (takes && deleted.is_ok()).then_some(refused)
    }

    /// Logs and counts a damaged hint once. It is kept for those who look into it; true if it may go now, because it is older than
    /// `max_hint_window`.
    fn may_drop_damaged(&mut self, id: &HintId, hint: &Hint) -> bool {
        if self.damaged.is_new(id) {
            tracing::error!(peer = %hint.to, bytes = hint.mutation.len(), "a hint is damaged and cannot be delivered");
            self.context.metrics.hints_damaged.inc();
        }
        let age = self.context.wall_us().saturating_sub(hint.created);
        age > self.context.options.max_hint_window.as_micros() as Micros
    }

    fn send(&self, peer: HostId, hint: &Hint) -> impl Future<Output = Outcome> + Send + use<W> {
        let deadline = self.context.deadline_after(HINT_TIMEOUT);
        let call = if peer == self.context.host() {
            self.replica.apply_encoded(hint.mutation.clone()).left_future()
        } else {
            self.peers.call_by(Class::Bulk, peer, deadline, &Write(hint.mutation.clone())).right_future()
        };
        async move {
            match call.await {
                Ok(()) => Outcome::Delivered,
                // A peer that does not know our epoch says that it is behind. So the table is dropped; and what was issued before the
                // peer's fence never passes it.
                Err(ReplicaError::Refused(Refusal::UnknownTable | Refusal::Fenced)) => Outcome::Void,
                Err(ReplicaError::Refused(
                    Refusal::Behind
                    | Refusal::Overloaded
                    | Refusal::Stalled
                    | Refusal::Full
                    | Refusal::Unconfirmed
                    | Refusal::Superseded,
                )) => Outcome::NotNow,
                Err(ReplicaError::Refused(_)) => Outcome::Refused,
                Err(ReplicaError::NotSent | ReplicaError::Unknown) => Outcome::NotNow,
            }
        }
    }
}
