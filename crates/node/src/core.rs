//! One core's way into the node: what the coordinator asks of it, and what peers ask of it.
//!
//! A core owns two tasks. The *writer* turns the combiner when this core found it free; the *tail* drives what must go on
//! after a request was answered or dropped: calls to peers and the hints they end in.

use crate::header::{Header, Kind};
use crate::hints::HintQueue;
use crate::pending::{ReadPending, WritePending, outcome, refusal};
use crate::replica;
use crate::shared::Shared;
use crate::slots::Slots;
use crate::system_tables;
use crate::world::{CallError, Class, Lane, To, World};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use henge_base::{Bytes, HostId, Mono};
use henge_coordinator::{Datacenter, Event, Local, Placed, ReadKind, ReadReply, Refusal, ReplicaError, Replicas};
use henge_model::{Digest, Mutation, Projection, ReadCommand, RowBlock, RowSink, RowView, project};
use henge_storage::Tier;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, mpsc, oneshot};

/// Writes to peers that one core may have under way; beyond it a write is refused at once rather than queued.
const TAIL_MAX: usize = 100_000;

/// A core's handle. Cheap to clone.
pub struct Core<W> {
    pub(crate) shared: Arc<Shared<W>>,
    pub(crate) hints: Arc<HintQueue>,
    slots: Arc<Slots<Result<(), ReplicaError>>>,
    turn: Arc<Notify>,
    tail: mpsc::UnboundedSender<BoxFuture<'static, ()>>,
    tail_length: Arc<AtomicUsize>,
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
        let core = Core { shared, hints, slots, turn: Arc::new(Notify::new()), tail, tail_length };
        core.shared.world.spawn("tail", run_tail(work, Arc::clone(&core.tail_length)));
        core.shared.world.spawn(
            "writer",
            crate::writer::run(Arc::clone(&core.shared), Arc::clone(&core.slots), Arc::clone(&core.turn)),
        );
        core
    }

    /// Gives an encoded mutation to the combiner. The one way for user data to reach this node's disk.
    pub(crate) fn apply(&self, mutation: Bytes) -> WritePending {
        if self.shared.disk_full.load(Ordering::Relaxed) {
            return WritePending::refused(ReplicaError::Refused(Refusal::Full));
        }
        let Ok(mutation) = Mutation::decode(mutation) else {
            return WritePending::refused(ReplicaError::Refused(Refusal::Corrupt));
        };
        let mutation = self.shared.options.faults.applied(mutation, self.shared.world.wall_us());
        let (ticket, receiver) = self.slots.open();
        match self.shared.store.submit(&mutation, ticket) {
            Ok(free) => {
                if free {
                    self.turn.notify_one();
                }
                WritePending::Waiting(receiver)
            }
            Err(error) => {
                let error = refusal(&error);
                self.slots.complete(std::iter::once((ticket, Err(error))));
                WritePending::refused(error)
            }
        }
    }

    /// Gives the combiner what is left of rows once deletions are forgotten; refused if the partition was written meanwhile.
    pub(crate) fn replace(&self, replacement: henge_storage::Replacement) -> WritePending {
        let (ticket, receiver) = self.slots.open();
        match self.shared.store.replace(replacement, ticket) {
            Ok(free) => {
                if free {
                    self.turn.notify_one();
                }
                WritePending::Waiting(receiver)
            }
            Err(error) => {
                let error = refusal(&error);
                self.slots.complete(std::iter::once((ticket, Err(error))));
                WritePending::refused(error)
            }
        }
    }

    /// Sees to it that a row which this read found in many versions is folded.
    fn fold(&self) {
        if self.shared.store.claim_folds() {
            self.turn.notify_one();
        }
    }

    /// Where clients reach a member.
    pub fn rpc_address_of(&self, host: HostId) -> Option<std::net::SocketAddr> {
        self.shared.view.load().state.members.get(&host).map(|m| m.rpc_address)
    }

    /// Sends a mutation to a peer from the tail. `hint` says whether a failure leaves a hint.
    fn send(&self, to: HostId, mutation: Bytes, deadline: Mono, hint: bool) -> WritePending {
        if self.tail_length.load(Ordering::Relaxed) >= TAIL_MAX {
            return WritePending::refused(ReplicaError::NotSent);
        }
        let message = self.shared.message(Kind::Write, &mutation);
        let call = self.shared.world.call(To::Host(to), Class::Request, deadline, message);
        let (sender, receiver) = oneshot::channel();
        let core = self.clone();
        let finish = async move {
            let written = core.answered(to, call.await).map(|_| ());
            if hint && written.is_err() {
                core.hints.owe(&core.shared, to, mutation);
            }
            let _ = sender.send(written);
        };
        self.tail_length.fetch_add(1, Ordering::Relaxed);
        // The tail ends only with the node; then nobody waits for the answer either.
        let _ = self.tail.send(Box::pin(finish));
        WritePending::Waiting(receiver)
    }

    fn answered(&self, from: HostId, reply: Result<Bytes, CallError>) -> Result<Bytes, ReplicaError> {
        let (header, body) = outcome(reply)?;
        self.shared.liveness.answered(from, self.shared.world.mono());
        self.shared.witness(&header);
        Ok(body)
    }

    /// Reads this node's own copy.
    fn read_here(&self, command: Arc<ReadCommand>, kind: ReadKind) -> ReadPending {
        let ready = |reply| ReadPending::Ready(Some(reply));
        if system_tables::is_computed(command.storage_id) {
            let block = system_tables::read(&self.shared.view.load(), &self.shared.me, &command);
            return ready(Ok(ReadReply::Rows(block)));
        }
        match replica::read(&self.shared, &command, kind, Tier::Memory) {
            Err(error) => ready(Err(error)),
            Ok(Some(reply)) => {
                self.fold();
                ready(Ok(reply))
            }
            Ok(None) => {
                let (shared, world) = (Arc::clone(&self.shared), Arc::clone(&self.shared.world));
                let job = world.disk(Lane::Read, move || replica::read(&shared, &command, kind, Tier::Disk));
                ReadPending::Waiting(Box::pin(async move { job.await?.ok_or(ReplicaError::Unknown) }))
            }
        }
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

    /// The header's epoch decides whether a request may be served here; a node that is behind catches up first.
    pub(crate) async fn current(&self, from: HostId, header: &Header) {
        if header.epoch > self.shared.epoch() {
            crate::catch_up::towards(&self.shared, header.epoch, Some(To::Host(from))).await;
        }
    }
}

impl<W: World> Replicas for Core<W> {
    type Write = WritePending;
    type Read = ReadPending;

    fn local(&self) -> HostId {
        self.shared.local()
    }

    fn datacenter(&self, host: HostId) -> Option<Datacenter> {
        self.shared.view.load().datacenter(host)
    }

    fn datacenter_named(&self, name: &str) -> Option<Datacenter> {
        self.shared.view.load().datacenter_named(name)
    }

    fn alive(&self, host: HostId) -> bool {
        host == self.local() || self.shared.liveness.is_up(host)
    }

    fn distance(&self, host: HostId) -> u32 {
        if host == self.local() {
            return 0;
        }
        let view = self.shared.view.load();
        if view.datacenter(host) == view.datacenter(self.local()) { 1 } else { 2 }
    }

    fn placed(&self, keyspace: &str) -> Option<Placed> {
        self.shared.view.load().placed(keyspace).cloned()
    }

    fn mono(&self) -> Mono {
        self.shared.world.mono()
    }

    fn try_local(&self, command: &ReadCommand, projection: &Projection, sink: &mut dyn RowSink) -> Local {
        if system_tables::is_computed(command.storage_id) {
            return computed(&self.shared, command, projection, sink);
        }
        match self.shared.store.try_read(command, projection, sink) {
            Ok(henge_storage::Tried::WouldBlock) => Local::Miss,
            Ok(_) => {
                self.fold();
                Local::Done
            }
            // An error takes the long way, where it is counted and another replica may be asked.
            Err(_) => Local::Miss,
        }
    }

    fn write(&self, to: HostId, mutation: Bytes, deadline: Mono) -> WritePending {
        if to == self.local() { self.apply(mutation) } else { self.send(to, mutation, deadline, true) }
    }

    fn owe(&self, to: HostId, mutation: Bytes) {
        self.hints.owe(&self.shared, to, mutation);
    }

    fn mend(&self, to: HostId, mutation: Bytes, deadline: Mono) -> WritePending {
        if to == self.local() { self.apply(mutation) } else { self.send(to, mutation, deadline, false) }
    }

    fn read(&self, to: HostId, command: Arc<ReadCommand>, kind: ReadKind, deadline: Mono) -> ReadPending {
        if to == self.local() { self.read_here(command, kind) } else { self.read_there(to, &command, kind, deadline) }
    }

    fn faults(&self) -> henge_coordinator::Faults {
        henge_coordinator::Faults { quorum_off_by_one: self.shared.options.faults.quorum_off_by_one }
    }

    fn count(&self, event: Event) {
        self.shared.metrics.coordinator_event(event);
    }
}

fn computed<W: World>(
    shared: &Shared<W>,
    command: &ReadCommand,
    projection: &Projection,
    sink: &mut dyn RowSink,
) -> Local {
    let block = system_tables::read(&shared.view.load(), &shared.me, command);
    let mark = sink.mark();
    for (key, row) in &block.rows {
        let pushed = RowView::parse_trusted(row).and_then(|v| project(key, &v, projection, command.now_seconds, sink));
        if pushed.is_err() {
            sink.rollback(mark);
            return Local::Miss;
        }
    }
    Local::Done
}

/// Drives calls to peers until the node ends.
async fn run_tail(mut work: mpsc::UnboundedReceiver<BoxFuture<'static, ()>>, length: Arc<AtomicUsize>) {
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            Some(()) = under_way.next(), if !under_way.is_empty() => { length.fetch_sub(1, Ordering::Relaxed); }
            next = work.recv() => match next {
                Some(call) => under_way.push(call),
                None => return,
            },
        }
    }
}
