//! Replicas as a coordinator sees them: this node's own, and those of peers.

pub(crate) mod barrier;
pub(crate) mod batches;
pub(crate) mod counters;
pub(crate) mod forwarding;
pub(crate) mod hint_queue;
mod missed_tally;
mod notes;
mod owed_write;
pub(crate) mod proposal_queue;
mod replicas;
pub(crate) mod settled_batches;
mod spans;
mod tail;
pub(crate) mod trace;

use crate::cluster::Cluster;
use crate::ground::context::Context;
use crate::ground::requests_in_flight::{CoreRequests, RequestOfEpoch};
use crate::ground::world::{Lane, To, World};
use crate::peers::Peers;
use crate::peers::message::Message;
use crate::peers::messages::data::{Paxos, ReadDigest, ReadRows, Write};
use crate::peers::messages::repair::OwedReply;
use crate::replica::LocalReplica;
use crate::replica::admission::{Access, Place, check_fence};
use crate::replica::handle::ReplicaHandle;
use crate::replica::pending::{ReadPending, WritePending};
use crate::replica::serve;
use forwarding::ForwardedWrites;
use futures_util::{FutureExt, TryFutureExt};
use henge_base::{Bytes, HostId, Mono};
use henge_coordinator::{
    Event, ReadKind, ReadReply, Recipient, Refusal, ReplicaError, Replicas, SpeculationBudget, Work,
};
use henge_metadata::Epoch;
use henge_model::{ReadCommand, RowBlock};
use henge_paxos::{Reply, SharedRequest};
use hint_queue::HintQueue;
use owed_write::OwedWrite;
use proposal_queue::ProposalQueue;
use settled_batches::SettledBatches;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tail::Tail;
use tokio::sync::oneshot;
use trace::{Trace, paxos_name};

/// The time that a late replica has to answer a probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// Tables that are computed when they are read. They show the whole node, so their rows come from above.
pub(crate) trait ComputedTables: Send + Sync {
    /// Answers a read. Of a slow table (`system_keyspaces::is_slow`) it may touch the disk.
    fn read(&self, command: &ReadCommand) -> RowBlock;
}

/// The parts of a node that its coordinators on all cores share.
pub(crate) struct Parts<W> {
    pub(crate) context: Arc<Context<W>>,
    pub(crate) peers: Arc<Peers<W>>,
    pub(crate) cluster: Arc<Cluster<W>>,
    pub(crate) replica: Arc<LocalReplica<W>>,
    pub(crate) hints: Arc<HintQueue<W>>,
    pub(crate) settled_batches: SettledBatches,
    pub(crate) forwarded: Arc<ForwardedWrites>,
    pub(crate) computed: Arc<dyn ComputedTables>,
    /// One round of this node on a partition at a time: it would only compete with itself.
    pub(crate) proposals: Arc<ProposalQueue<W>>,
}

impl<W: World> Parts<W> {
    /// Begins to catch up with a replica that refused a request for its epoch, and gives the epoch to come to.
    fn follow_refuser(&self) -> Option<(Epoch, To)> {
        let (epoch, host) = self.peers.furthest_refuser()?;
        self.cluster.begin_catch_up(epoch, To::Host(host));
        Some((epoch, To::Host(host)))
    }
}

/// One core's coordinator: what `henge_coordinator` asks of its node. Cheap to clone.
pub struct Coordinator<W> {
    /// In a count of references that other cores do not share: every request takes several.
    #[allow(clippy::redundant_allocation)]
    parts: Arc<Arc<Parts<W>>>,
    replica: ReplicaHandle<W>,
    tail: Tail,
    speculation: Arc<SpeculationBudget>,
    /// The requests of this core, coordinated and served, by epoch.
    requests: Arc<CoreRequests>,
    /// The trace of the request at hand.
    trace: Option<Arc<Trace>>,
}

impl<W> Clone for Coordinator<W> {
    fn clone(&self) -> Self {
        Coordinator {
            parts: Arc::clone(&self.parts),
            replica: self.replica.clone(),
            tail: self.tail.clone(),
            speculation: Arc::clone(&self.speculation),
            requests: Arc::clone(&self.requests),
            trace: self.trace.clone(),
        }
    }
}

impl<W: World> Coordinator<W> {
    /// Starts a core's tasks; called on the core itself, since tasks stay where they are spawned.
    pub(crate) fn start(parts: Arc<Parts<W>>) -> Self {
        let tail = Tail::start(&*parts.context.world, parts.context.options.tail_max);
        let replica = ReplicaHandle::start(Arc::clone(&parts.replica));
        let requests = parts.context.in_flight.add_core();
        Coordinator { parts: Arc::new(parts), replica, tail, speculation: Arc::default(), requests, trace: None }
    }

    /// The ground of the node.
    pub(crate) fn context(&self) -> &Context<W> {
        &self.parts.context
    }

    /// Counts a request as under way by the newest epoch of this node, until the guard is dropped.
    pub(crate) fn begin_request(&self) -> RequestOfEpoch {
        self.requests.begin(self.parts.cluster.epoch())
    }

    /// The cluster.
    pub(crate) fn cluster(&self) -> &Cluster<W> {
        &self.parts.cluster
    }

    /// The parts of the node.
    pub(crate) fn parts(&self) -> &Parts<W> {
        &self.parts
    }

    /// The other members.
    pub(crate) fn peers(&self) -> &Arc<Peers<W>> {
        &self.parts.peers
    }

    /// The hints that this node owes.
    pub(crate) fn hints(&self) -> &HintQueue<W> {
        &self.parts.hints
    }

    /// Waits until the writes whose time is up are applied to this node's copy, which may be late, or owed, with what is owed on disk. False
    /// if that cannot be found out: what rests on it has to be kept.
    pub(crate) async fn settle_owed_writes(&self) -> bool {
        let is_drained = self.replica.drain_queue().await.is_ok();
        self.parts.hints.wait_until_written().await;
        is_drained
    }

    /// The writes that this node owes to others, once what its coordinators have under way is owed or done.
    pub(crate) async fn owed_writes(&self) -> Result<OwedReply, ReplicaError> {
        if !self.settle_owed_writes().await {
            return Err(ReplicaError::Refused(Refusal::Other));
        }
        self.replica.owed().await
    }

    /// Asks a peer, by the epoch of a plan.
    pub(crate) fn call_planned<M: Message>(
        &self,
        to: Recipient,
        message: &M,
        timeout: Duration,
    ) -> impl Future<Output = Result<M::Reply, ReplicaError>> + Send + use<W, M> {
        self.parts.peers.call_planned(to, self.parts.context.deadline_after(timeout), message)
    }

    /// Asks a peer, by the newest epoch that this node knows.
    pub(crate) fn call_now<M: Message>(
        &self,
        to: HostId,
        message: &M,
        timeout: Duration,
    ) -> impl Future<Output = Result<M::Reply, ReplicaError>> + Send + use<W, M> {
        self.parts.peers.call(to, self.parts.context.deadline_after(timeout), message)
    }

    /// The batches of this node that are settled.
    pub(crate) fn settled_batches(&self) -> &SettledBatches {
        &self.parts.settled_batches
    }

    /// This node's own copy.
    pub(crate) fn replica(&self) -> &ReplicaHandle<W> {
        &self.replica
    }

    /// Gives the tail work that goes on if nobody waits for its outcome. Nothing is started if the tail is full.
    pub(crate) fn in_tail<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<oneshot::Receiver<T>, ReplicaError> {
        Ok(self.tail.push(self.tail.reserve()?, work))
    }

    /// Sends a request to a peer, at once, and measures the time that it takes.
    fn call<M: Message>(
        &self,
        work: Work,
        to: Recipient,
        message: &M,
        deadline: Mono,
    ) -> impl Future<Output = Result<M::Reply, ReplicaError>> + Send + use<W, M> {
        self.call_named(None, work, to, message, deadline)
    }

    /// As [`Coordinator::call`], with another name of its span.
    fn call_named<M: Message>(
        &self,
        span_name: Option<&'static str>,
        work: Work,
        to: Recipient,
        message: &M,
        deadline: Mono,
    ) -> impl Future<Output = Result<M::Reply, ReplicaError>> + Send + use<W, M> {
        let traced = self.begin_call(to.host, M::KIND, span_name);
        let call = self.parts.peers.call_replica(work, to, deadline, message, traced.is_some());
        let parts = Arc::clone(&self.parts);
        call.map(move |answered| {
            if matches!(answered.outcome, Err(ReplicaError::Refused(Refusal::StaleEpoch))) {
                parts.follow_refuser();
            }
            if let Some(traced) = traced {
                traced.end(&answered);
            }
            answered.outcome
        })
    }

    /// Sends a mutation to a peer from the tail.
    fn send(&self, to: Recipient, mutation: Bytes, deadline: Mono, on_failure: OnFailure) -> WritePending {
        let place = match self.tail.reserve() {
            Ok(place) => place,
            Err(full) => {
                if on_failure == OnFailure::OweHint {
                    self.owe_unsent(to.host, mutation);
                }
                return WritePending::from_error(full);
            }
        };
        self.count_mutation(to.host, mutation.len());
        let call = self.call(Work::Write, to, &Write(mutation.clone()), deadline);
        let is_owed = on_failure == OnFailure::OweHint;
        let owed = is_owed.then(|| OwedWrite::new(&self.parts.hints, to.host, mutation));
        let written = async move { OwedWrite::settle(owed, call.await.map(|_| ())) };
        WritePending::Waiting(self.tail.push(place, written))
    }

    /// Counts a mutation that is sent to a peer.
    pub(crate) fn count_mutation(&self, to: HostId, bytes: usize) {
        let view = self.parts.cluster.view();
        let is_near = !view.spans_datacenters() || view.datacenter(to) == view.datacenter(self.parts.context.host());
        self.parts.context.metrics.mutation_sent(is_near, bytes);
    }

    /// Keeps a hint of a write that was not sent because the tail is full.
    fn owe_unsent(&self, to: HostId, mutation: Bytes) {
        if !self.parts.context.options.faults.forget_unsent {
            self.parts.hints.push(to, mutation);
        }
    }

    /// Tells an acceptor of a decision from the tail. A replica that misses it, this node's own too, is owed a hint of the rows.
    fn send_commit(&self, to: Recipient, request: SharedRequest, mutation: Bytes, deadline: Mono) -> WritePending {
        self.note(|| format!("Sending PAXOS_COMMIT_REQ message to {}", self.name_of(to.host)));
        let place = match self.tail.reserve() {
            Ok(place) => place,
            Err(full) => {
                self.owe_unsent(to.host, mutation);
                return WritePending::from_error(full);
            }
        };
        let is_owed = to.host != self.parts.context.host() || !self.parts.context.options.faults.forget_own;
        let asked = self.ask_acceptor(to, request, deadline);
        let owed = is_owed.then(|| OwedWrite::new(&self.parts.hints, to.host, mutation));
        let committed = async move { OwedWrite::settle(owed, asked.await.map(|_| ())) };
        WritePending::Waiting(self.tail.push(place, committed))
    }

    /// Asks an acceptor. This node's own works from the tail, where nothing stops it halfway.
    fn ask_acceptor(
        &self,
        to: Recipient,
        request: SharedRequest,
        deadline: Mono,
    ) -> impl Future<Output = Result<Reply, ReplicaError>> + Send + use<W> {
        let coordinator = self.clone();
        async move {
            let name = coordinator.is_traced().then(|| paxos_name(request.request()));
            if to.host != coordinator.parts.context.host() {
                return coordinator.call_named(name, Work::Vote, to, &Paxos(request), deadline).await;
            }
            let (place, access) = (Place::of_key(request.request().key()), serve::access_of(request.request()));
            coordinator.check_own_fence(to.epoch, place, access)?;
            let work = coordinator.begin_own_work(name.unwrap_or_default());
            let replica = work.as_ref().map_or(&coordinator.replica, |work| work.replica()).clone();
            let reply = coordinator.in_tail(async move {
                let reply = replica.answer_proposer(request.request(), deadline).await;
                work.into_iter().for_each(|work| work.end(&reply));
                reply
            })?;
            reply.await.map_err(|_| ReplicaError::Unknown)?
        }
    }

    /// Reads a computed table.
    fn read_computed(&self, command: Arc<ReadCommand>, is_slow: bool) -> ReadPending {
        let tables = Arc::clone(&self.parts.computed);
        if !is_slow {
            return ReadPending::Ready(Some(Ok(ReadReply::Rows(tables.read(&command)))));
        }
        let block = self.parts.context.world.disk(Lane::Read, move || tables.read(&command));
        ReadPending::Waiting(Box::pin(async move { Ok(ReadReply::Rows(block.await)) }))
    }

    /// Reads a peer's copy.
    fn read_remote(&self, to: Recipient, command: &Arc<ReadCommand>, kind: ReadKind, deadline: Mono) -> ReadPending {
        let work = Work::of_read(command);
        match kind {
            ReadKind::Rows => {
                let call = self.call(work, to, &ReadRows(Arc::clone(command)), deadline);
                ReadPending::Waiting(Box::pin(call.map_ok(ReadReply::Rows)))
            }
            ReadKind::Digest => {
                let call = self.call(work, to, &ReadDigest(Arc::clone(command)), deadline);
                ReadPending::Waiting(Box::pin(call.map_ok(ReadReply::Digest)))
            }
        }
    }

    /// Reads this node's own copy, and measures the time that the disk takes.
    fn read_local(&self, command: Arc<ReadCommand>, kind: ReadKind, deadline: Mono) -> ReadPending {
        let work = Work::of_read(&command);
        let read = match self.read_own(kind, |replica| replica.read(command, kind, deadline)) {
            ReadPending::Waiting(read) => read,
            ready => return ready,
        };
        let sent = self.mono();
        let (parts, request) =
            (Arc::clone(&self.parts), self.parts.peers.answer_times().begin(self.local(), work, sent));
        ReadPending::Waiting(Box::pin(async move {
            let reply = read.await;
            request.end(parts.context.world.mono());
            reply
        }))
    }

    /// Refuses a request of this node's own coordinators to its copy, as those of peers are: it may have waited since it was planned.
    pub(crate) fn check_own_fence(
        &self,
        epoch: Epoch,
        place: Option<Place>,
        access: Access,
    ) -> Result<(), ReplicaError> {
        let view = self.parts.cluster.view();
        if view.has_all_moves(epoch) {
            return Ok(());
        }
        let place = place.ok_or(ReplicaError::Refused(Refusal::Corrupt))?;
        check_fence(&view, self.local(), epoch, place, access).map_err(ReplicaError::Refused)
    }

    /// Asks a late replica for a digest from the tail, if it has no such request under way and was not asked lately.
    fn probe_replica(&self, to: Recipient, command: &Arc<ReadCommand>, work: Work) {
        let Some(probe) = self.parts.peers.answer_times().begin_probe(to.host, work, self.mono()) else { return };
        // A full tail has its own ways to find out.
        let Ok(place) = self.tail.reserve() else { return };
        self.count(Event::Probe);
        let deadline = self.context().deadline_after(PROBE_TIMEOUT);
        let call = self.call(work, to, &ReadDigest(Arc::clone(command)), deadline);
        drop(self.tail.push(place, async move {
            let _ = call.await;
            drop(probe);
        }));
    }
}

/// The consequence of a write that a peer does not confirm.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnFailure {
    OweHint,
    OweNothing,
}
