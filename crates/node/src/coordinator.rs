//! One core's way into the node: what the coordinator asks of it, and what peers ask of it.
//!
//! A core owns two tasks. The *writer* turns the combiner when this core found it free; the *tail* drives what must go on
//! after a request was answered or dropped: calls to peers and the hints they end in.

pub(crate) mod batches;
pub(crate) mod counters;
pub(crate) mod hints;
mod replicas;

use crate::client::system_tables;
use crate::client::traces::Trace;
use crate::cluster::system_keyspaces;
use crate::coordinator::hints::HintQueue;
use crate::ground::world::{CallError, Class, Lane, To, World};
use crate::peers::header::{Header, Kind};
use crate::replica::pending::{ReadPending, WritePending, outcome, refusal};
use crate::replica::serve;
use crate::replica::slots::Slots;
use crate::shared::Shared;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use henge_base::{Bytes, HostId, Mono};
use henge_coordinator::{ReadKind, ReadReply, Refusal, ReplicaError, Replicas};
use henge_metadata::Epoch;
use henge_model::{Digest, Mutation, ReadCommand, RowBlock};
use henge_storage::{Store, Tier};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, mpsc, oneshot};

/// A core's handle. Cheap to clone.
pub struct Core<W> {
    pub(crate) shared: Arc<Shared<W>>,
    pub(crate) hints: Arc<HintQueue>,
    slots: Arc<Slots<Result<(), ReplicaError>>>,
    turn: Arc<Notify>,
    tail: mpsc::UnboundedSender<BoxFuture<'static, ()>>,
    tail_length: Arc<AtomicUsize>,
    /// What the request at hand is noted in, if it is traced.
    pub(crate) trace: Option<Arc<Trace>>,
}

impl<W> Clone for Core<W> {
    fn clone(&self) -> Self {
        Core {
            shared: Arc::clone(&self.shared),
            hints: Arc::clone(&self.hints),
            slots: Arc::clone(&self.slots),
            turn: Arc::clone(&self.turn),
            tail: self.tail.clone(),
            tail_length: Arc::clone(&self.tail_length),
            trace: self.trace.clone(),
        }
    }
}

impl<W: World> Core<W> {
    /// Starts a core's tasks; called on the core itself, since tasks stay where they are spawned.
    pub(crate) fn start(
        shared: Arc<Shared<W>>,
        hints: Arc<HintQueue>,
        slots: Arc<Slots<Result<(), ReplicaError>>>,
    ) -> Self {
        let (tail, work) = mpsc::unbounded_channel();
        let tail_length = Arc::new(AtomicUsize::new(0));
        let core = Core { shared, hints, slots, turn: Arc::new(Notify::new()), tail, tail_length, trace: None };
        core.shared.world.spawn("tail", run_tail(work));
        core.shared.world.spawn(
            "writer",
            crate::replica::writer::run(Arc::clone(&core.shared), Arc::clone(&core.slots), Arc::clone(&core.turn)),
        );
        core
    }

    /// The same core, noting what is done in another trace or in none.
    pub(crate) fn with_trace(&self, trace: Option<Arc<Trace>>) -> Core<W> {
        Core { trace, ..self.clone() }
    }

    /// Gives an encoded mutation to the combiner. The one way for user data to reach this node's disk.
    pub(crate) fn apply(&self, mutation: Bytes) -> WritePending {
        if let Err(error) = self.shared.check_room() {
            return WritePending::refused(error);
        }
        let Ok(mutation) = Mutation::decode(mutation) else {
            return WritePending::refused(ReplicaError::Refused(Refusal::Corrupt));
        };
        let mutation = self.shared.options.faults.applied(mutation, self.shared.world.wall_us());
        self.submit(|store, ticket| store.submit(&mutation, ticket)).unwrap_or_else(WritePending::refused)
    }

    /// Gives the combiner what is left of rows once deletions are forgotten; refused if the partition was written meanwhile.
    pub(crate) fn replace(&self, replacement: henge_storage::Replacement) -> WritePending {
        self.submit(|store, ticket| store.replace(replacement, ticket)).unwrap_or_else(WritePending::refused)
    }

    /// Gives something to the combiner, and turns it if nobody else does.
    pub(crate) fn submit(
        &self,
        give: impl FnOnce(&Store, u64) -> Result<bool, henge_storage::WriteError>,
    ) -> Result<WritePending, ReplicaError> {
        let (ticket, receiver) = self.slots.open();
        match give(&self.shared.store, ticket) {
            Ok(free) => {
                if free {
                    self.turn.notify_one();
                }
                Ok(WritePending::Waiting(receiver))
            }
            Err(error) => {
                let error = refusal(&error);
                self.slots.complete(std::iter::once((ticket, Err(error))));
                Err(error)
            }
        }
    }

    /// Sees to it that a row which this read found in many versions is folded. That takes room until compaction has been there.
    pub(crate) fn fold(&self) {
        if self.shared.check_room().is_ok() && self.shared.store.claim_folds() {
            self.turn.notify_one();
        }
    }

    /// Where clients reach a member.
    pub fn rpc_address_of(&self, host: HostId) -> Option<std::net::SocketAddr> {
        self.shared.view.load().state.members.get(&host).map(|m| m.rpc_address)
    }

    /// Sends a mutation to a peer from the tail. `hint` says whether a failure leaves a hint.
    fn send(&self, to: HostId, mutation: Bytes, deadline: Mono, hint: bool) -> WritePending {
        // Before the call, which sends at once: what has left this node must be followed to its end.
        let room = match self.tail_room() {
            Ok(room) => room,
            Err(full) => {
                if hint {
                    self.owe_unsent(to, mutation);
                }
                return WritePending::refused(full);
            }
        };
        let message = self.shared.message(Kind::Write, &mutation);
        let call = self.shared.world.call(To::Host(to), Class::Request, deadline, message);
        let core = self.clone();
        let written = async move {
            let written = core.answered(to, call.await).map(|_| ());
            if hint && written.is_err() {
                core.hints.owe(&core.shared, to, mutation);
            }
            written
        };
        WritePending::Waiting(self.put_in_tail(room, written))
    }

    /// Keeps a hint of a write that was not sent because the tail is full.
    fn owe_unsent(&self, to: HostId, mutation: Bytes) {
        if !self.shared.options.faults.forget_unsent {
            self.hints.owe(&self.shared, to, mutation);
        }
    }

    /// Has the tail do something, whether anybody waits for its outcome or not. Where the tail is full nothing is begun.
    pub(crate) fn in_tail<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<oneshot::Receiver<T>, ReplicaError> {
        Ok(self.put_in_tail(self.tail_room()?, work))
    }

    fn tail_room(&self) -> Result<TailRoom, ReplicaError> {
        TailRoom::reserve(&self.tail_length, self.shared.options.tail_max).ok_or(ReplicaError::NotSent)
    }

    fn put_in_tail<T: Send + 'static>(
        &self,
        room: TailRoom,
        work: impl Future<Output = T> + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (sender, receiver) = oneshot::channel();
        // The tail ends only with the node; then nobody waits for the answer either.
        let _ = self.tail.send(Box::pin(async move {
            let _room = room;
            let _ = sender.send(work.await);
        }));
        receiver
    }

    /// Asks an acceptor. This node's own works from the tail, where nothing stops it halfway.
    fn ask_acceptor(
        &self,
        to: HostId,
        message: Bytes,
        deadline: Mono,
    ) -> impl Future<Output = Result<Bytes, ReplicaError>> + Send + use<W> {
        let core = self.clone();
        async move {
            if to != core.local() {
                let message = core.shared.message(Kind::Paxos, &message);
                let call = core.shared.world.call(To::Host(to), Class::Request, deadline, message);
                return core.answered(to, call.await);
            }
            let request = henge_paxos::Request::decode(&message).map_err(|_| ReplicaError::NotSent)?;
            let own = core.clone();
            let reply = core.in_tail(async move { crate::replica::acceptor::answer(&own, request).await })?;
            Ok(reply.await.map_err(|_| ReplicaError::Unknown)??.encode())
        }
    }

    pub(crate) fn answered(&self, from: HostId, reply: Result<Bytes, CallError>) -> Result<Bytes, ReplicaError> {
        self.note(|| {
            let how = if reply.is_ok() { "REQUEST_RSP message received" } else { "No answer" };
            format!("{how} from {}", self.name_of(from))
        });
        let (header, body) = outcome(reply)?;
        self.shared.liveness.answered(from, self.shared.world.mono());
        self.shared.witness(&header);
        Ok(body)
    }

    /// Reads this node's own copy.
    fn read_here(&self, command: Arc<ReadCommand>, kind: ReadKind) -> ReadPending {
        let ready = |reply| ReadPending::Ready(Some(reply));
        if system_keyspaces::is_computed(command.storage_id) {
            if system_tables::is_slow(command.storage_id) {
                let shared = Arc::clone(&self.shared);
                let job = move || system_tables::read(&shared, &command);
                let block = self.shared.world.disk(Lane::Read, job);
                return ReadPending::Waiting(Box::pin(async move { Ok(ReadReply::Rows(block.await)) }));
            }
            return ready(Ok(ReadReply::Rows(system_tables::read(&self.shared, &command))));
        }
        if command.probe.is_some() {
            return self.read_probed(command, kind);
        }
        match serve::read(&self.shared, &command, kind, Tier::Memory) {
            Err(error) => ready(Err(error)),
            Ok(Some(reply)) => {
                self.fold();
                ready(Ok(reply))
            }
            Ok(None) => {
                let (shared, world) = (Arc::clone(&self.shared), Arc::clone(&self.shared.world));
                let job = world.disk(Lane::Read, move || serve::read(&shared, &command, kind, Tier::Disk));
                ReadPending::Waiting(Box::pin(async move { job.await?.ok_or(ReplicaError::Unknown) }))
            }
        }
    }

    /// Reads what an index of this node's own copy finds.
    fn read_probed(&self, command: Arc<ReadCommand>, kind: ReadKind) -> ReadPending {
        let core = self.clone();
        ReadPending::Waiting(Box::pin(async move {
            crate::work::indexes::ready(&core.shared, &command).await?;
            let shared = Arc::clone(&core.shared);
            let job = core.shared.world.disk(Lane::Read, move || serve::read(&shared, &command, kind, Tier::Disk));
            let reply = job.await;
            core.fold();
            reply?.ok_or(ReplicaError::Unknown)
        }))
    }

    fn read_there(&self, to: HostId, command: &ReadCommand, kind: ReadKind, deadline: Mono) -> ReadPending {
        let message_kind = match kind {
            ReadKind::Rows => Kind::ReadRows,
            ReadKind::Digest => Kind::ReadDigest,
        };
        let message = self.shared.message(message_kind, &command.encode());
        let call = self.shared.world.call(To::Host(to), Class::Request, deadline, message);
        let core = self.clone();
        ReadPending::Waiting(Box::pin(async move {
            let body = core.answered(to, call.await)?;
            match kind {
                ReadKind::Rows => RowBlock::decode(body).map(ReadReply::Rows).map_err(|_| ReplicaError::Unknown),
                ReadKind::Digest => {
                    let digest = <[u8; 16]>::try_from(body.as_ref()).map_err(|_| ReplicaError::Unknown)?;
                    Ok(ReadReply::Digest(Digest(digest)))
                }
            }
        }))
    }

    /// The header's epoch decides whether a request may be served here; a node that is behind catches up first. Gives the epoch
    /// that this node has come to.
    pub(crate) async fn current(&self, from: HostId, header: &Header) -> Epoch {
        crate::cluster::catch_up::towards(&self.shared, header.epoch, To::Host(from)).await;
        self.shared.epoch()
    }
}

/// A place in a core's tail, free again when it is dropped.
struct TailRoom {
    taken: Arc<AtomicUsize>,
}

impl TailRoom {
    /// Takes one of `max` places.
    fn reserve(taken: &Arc<AtomicUsize>, max: usize) -> Option<TailRoom> {
        let room = TailRoom { taken: Arc::clone(taken) };
        // Counted first: dropping the room takes it back.
        (taken.fetch_add(1, Ordering::Relaxed) < max).then_some(room)
    }
}

impl Drop for TailRoom {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Drives calls to peers until the node ends.
async fn run_tail(mut work: mpsc::UnboundedReceiver<BoxFuture<'static, ()>>) {
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            Some(()) = under_way.next(), if !under_way.is_empty() => {}
            next = work.recv() => match next {
                Some(call) => under_way.push(call),
                None => return,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_the_tail_are_as_many_as_told_and_are_given_back() {
        let taken = Arc::default();
        let rooms: Vec<_> = (0..3).map(|_| TailRoom::reserve(&taken, 2)).collect();
        assert_eq!(rooms.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false]);
        drop(rooms);
        assert!(TailRoom::reserve(&taken, 1).is_some());
        assert_eq!(taken.load(Ordering::Relaxed), 0);
    }
}
