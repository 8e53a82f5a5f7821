//! The seam below a coordinator, as this node fills it.

use crate::cluster::system_keyspaces;
use crate::coordinator::trace::{event_text, paxos_name};
use crate::coordinator::{Coordinator, OnFailure, batches, counters};
use crate::ground::world::World;
use crate::replica::admission::{Access, Place};
use crate::replica::pending::{ReadPending, WritePending};
use henge_base::{Bytes, HostId, MAX_DRIFT_US, Micros, Mono};
use henge_coordinator::{
    BoxedFuture, Count, Datacenter, Event, KeyspacePlacement, Local, LoggedBatch, ProposalTurn, QueuedRound, ReadKind,
    ReadTurn, Recipient, ReplicaError, Replicas, SpeculationBudget, Standing, Work, WriteError, WriteType,
};
use henge_model::{
    Mutation, Percentile, Projection, ReadCommand, RowSink, RowView, SharedMutation, TokenRange, project,
};
use henge_paxos::{Reply, SharedRequest};
use std::sync::Arc;
use std::time::Duration;

impl<W: World> Replicas for Coordinator<W> {
    type Write = WritePending;
    type Read = ReadPending;

    fn local(&self) -> HostId {
        self.parts.context.host()
    }

    fn datacenter(&self, host: HostId) -> Option<Datacenter> {
        self.parts.cluster.view().datacenter(host)
    }

    fn datacenter_named(&self, name: &str) -> Option<Datacenter> {
        self.parts.cluster.view().datacenter_named(name)
    }

    fn spans_datacenters(&self) -> bool {
        self.parts.cluster.view().spans_datacenters()
    }

    fn alive(&self, host: HostId) -> bool {
        host == self.local() || self.parts.peers.liveness().is_up(host)
    }

    fn distance(&self, host: HostId) -> u32 {
        if host == self.local() {
            return 0;
        }
        let view = self.parts.cluster.view();
        if view.datacenter(host) == view.datacenter(self.local()) { 1 } else { 2 }
    }

    fn standing(&self, host: HostId, work: Work, now: Mono) -> Standing {
        match host == self.local() {
            true => Standing::default(),
            false => self.parts.peers.answer_times().standing(host, work, now),
        }
    }

    fn answer_time(&self, host: HostId, work: Work, share: Percentile) -> Option<Duration> {
        self.parts.peers.answer_times().answer_time(host, work, share)
    }

    fn budget(&self) -> &SpeculationBudget {
        &self.speculation
    }

    fn probe(&self, to: Recipient, command: &Arc<ReadCommand>, work: Work) {
        self.probe_replica(to, command, work);
    }

    fn keyspace_placement(&self, keyspace: &str) -> Option<KeyspacePlacement> {
        self.parts.cluster.view().keyspace_placement(keyspace).cloned()
    }

    fn holds(&self, placed: &KeyspacePlacement, tokens: TokenRange) -> bool {
        self.parts.cluster.view().holds(placed, tokens)
    }

    fn catch_up(&self) -> BoxedFuture<()> {
        let parts = Arc::clone(&self.parts);
        Box::pin(async move {
            if let Some((epoch, peer)) = parts.follow_refuser() {
                parts.cluster.catch_up_for_request(epoch, peer).await;
            }
        })
    }

    fn mono(&self) -> Mono {
        self.parts.context.world.mono()
    }

    fn try_local(&self, command: &ReadCommand, projection: &Projection, sink: &mut dyn RowSink) -> Local {
        if system_keyspaces::is_computed(command.storage_id) {
            return self.try_computed(command, projection, sink);
        }
        let work = self.begin_own_work("READ_REQ data");
        let outcome = self.replica.try_read(command, projection, sink);
        if outcome == Local::Done {
            self.note(|| "Read from this node's memory".to_owned());
            work.as_ref().map_or(&self.replica, |work| work.replica()).note_answered(command);
        }
        work.into_iter().for_each(|work| if outcome == Local::Done { work.end(&Ok(())) } else { work.discard() });
        outcome
    }

    fn write(&self, to: Recipient, mutation: &SharedMutation, deadline: Mono) -> WritePending {
        self.note(|| format!("Sending MUTATION_REQ message to {}", self.name_of(to.host)));
        if to.host == self.local() {
            let place = Place::of_mutation(mutation.mutation());
            if let Err(error) = self.check_own_fence(to.epoch, place, Access::Write) {
                self.replica.owe(error, mutation.clone());
                return WritePending::from_error(error);
            }
            self.apply_own("MUTATION_REQ", |replica| replica.apply_owing(mutation, deadline))
        } else {
            self.send(to, mutation.bytes().clone(), deadline, OnFailure::OweHint)
        }
    }

    fn write_forwarded(
        &self,
        by: Recipient,
        others: &[HostId],
        mutation: &SharedMutation,
        deadline: Mono,
    ) -> Vec<WritePending> {
        let Some(pending) = self.send_forwarded(by, others, mutation.bytes(), deadline) else {
            let hosts = std::iter::once(by.host).chain(others.iter().copied());
            return hosts.map(|host| self.write(Recipient { host, ..by }, mutation, deadline)).collect();
        };
        self.note(|| {
            let others: Vec<String> = others.iter().map(|host| self.name_of(*host)).collect();
            let to = self.name_of(by.host);
            format!("Sending MUTATION_REQ message to {to}, which forwards it to {}", others.join(", "))
        });
        pending
    }

    fn owe(&self, to: HostId, mutation: Bytes) {
        self.note(|| format!("Adding hint for {}", self.name_of(to)));
        self.parts.hints.push(to, mutation);
    }

    fn keeps_hints_for(&self, host: HostId) -> bool {
        self.parts.hints.takes(host)
    }

    fn owe_durably(&self, to: HostId, mutation: Bytes) -> BoxedFuture<bool> {
        self.note(|| format!("Adding hint for {}", self.name_of(to)));
        let written = self.parts.hints.push_watched(to, mutation);
        Box::pin(async move { written.await.is_ok() })
    }

    fn mend(&self, to: Recipient, mutation: Bytes, deadline: Mono) -> WritePending {
        self.note(|| format!("Sending READ_REPAIR_REQ message to {}", self.name_of(to.host)));
        if to.host == self.local() {
            let place = Mutation::decode(mutation.clone()).ok().and_then(|mutation| Place::of_mutation(&mutation));
            match self.check_own_fence(to.epoch, place, Access::Write) {
                Ok(()) => self.apply_own("READ_REPAIR_REQ", |replica| replica.apply_encoded(mutation)),
                Err(error) => WritePending::from_error(error),
            }
        } else {
            self.send(to, mutation, deadline, OnFailure::OweNothing)
        }
    }

    fn read(&self, to: Recipient, command: Arc<ReadCommand>, kind: ReadKind, deadline: Mono) -> ReadPending {
        self.note(|| {
            let what = if kind == ReadKind::Digest { "digest" } else { "data" };
            format!("Reading {what} from {}", self.name_of(to.host))
        });
        if to.host != self.local() {
            return self.read_remote(to, &command, kind, deadline);
        }
        match system_keyspaces::is_computed(command.storage_id) {
            true => {
                let is_slow = system_keyspaces::is_slow(command.storage_id);
                self.read_computed(command, is_slow)
            }
            false => match self.check_own_fence(to.epoch, Some(Place::of_read(&command)), Access::Read) {
                Ok(()) => self.read_local(command, kind, deadline),
                Err(error) => ReadPending::Ready(Some(Err(error))),
            },
        }
    }

    fn paxos(&self, to: Recipient, request: SharedRequest, deadline: Mono) -> BoxedFuture<Result<Reply, ReplicaError>> {
        self.note(|| format!("Sending {} message to {}", paxos_name(request.request()), self.name_of(to.host)));
        Box::pin(self.ask_acceptor(to, request, deadline))
    }

    fn commit(&self, to: Recipient, request: SharedRequest, mutation: Bytes, deadline: Mono) -> WritePending {
        self.send_commit(to, request, mutation, deadline)
    }

    fn count_at(&self, leader: HostId, count: Count) -> BoxedFuture<Result<(), WriteError>> {
        self.note(|| format!("{} leads the counters", self.name_of(leader)));
        let coordinator = self.clone();
        if leader != self.local() {
            return Box::pin(async move { counters::ask_leader(&coordinator, leader, count).await });
        }
        // From the tail: what was added must reach the others, whether the client waits for it or not.
        let consistency = count.consistency;
        let led = self.in_tail(async move { counters::lead(&coordinator, count).await });
        Box::pin(async move {
            let unknown =
                || WriteError::Timeout { consistency, received: 0, block_for: 1, write_type: WriteType::Counter };
            match led {
                Ok(led) => led.await.unwrap_or_else(|_| Err(unknown())),
                Err(_) => Err(unknown()),
            }
        })
    }

    fn log_batch(
        &self,
        mutations: Vec<Bytes>,
        issued: Micros,
        deadline: Mono,
    ) -> BoxedFuture<Result<LoggedBatch, (HostId, ReplicaError)>> {
        let coordinator = self.clone();
        Box::pin(async move { batches::log(&coordinator, mutations, issued, deadline).await })
    }

    fn settle_batch(&self, batch: LoggedBatch, deadline: Mono) {
        let is_early = self.parts.context.options.faults.forget_batches_early;
        let deadline = if is_early { self.mono() } else { deadline };
        self.parts.settled_batches.push(batch, deadline);
    }

    fn queue(&self, round: QueuedRound) -> BoxedFuture<ProposalTurn> {
        Box::pin(Arc::clone(&self.parts.proposals).wait(round))
    }

    fn queue_read(&self, round: QueuedRound) -> BoxedFuture<ReadTurn> {
        Box::pin(Arc::clone(&self.parts.proposals).wait_read(round))
    }

    fn stamp(&self, after: Micros) -> Option<Micros> {
        let now = self.parts.context.now();
        let own = self.parts.context.clock.stamp(now).ok()?;
        // What another proposer's clock was ahead is no reason for this node's clock to follow.
        let stamp = own.max(after.saturating_add(1));
        (stamp <= now.wall.saturating_add(MAX_DRIFT_US)).then_some(stamp)
    }

    fn accepts_stamp(&self, stamp: Micros) -> bool {
        let context = &self.parts.context;
        context.clock.check_received(stamp, context.now()).is_ok()
    }

    fn repair_stamp(&self) -> Option<Micros> {
        // The time of a repair decides between no versions: it only has to be later than what was purged.
        let context = &self.parts.context;
        context.clock.check(context.now()).map_or_else(|_| Some(context.wall_us()), |()| self.stamp(0))
    }

    fn random(&self) -> u64 {
        self.parts.context.world.random("paxos")
    }

    fn pause(&self, time: Duration) -> BoxedFuture<()> {
        Box::pin(self.parts.context.world.sleep_until(self.parts.context.deadline_after(time)))
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send + 'static + use<W> {
        self.parts.context.world.sleep_until(self.parts.context.deadline_after(time))
    }

    fn limits(&self) -> henge_coordinator::Limits {
        self.parts.context.options.limits.requests
    }

    fn faults(&self) -> henge_coordinator::Faults {
        let faults = self.parts.context.options.faults;
        henge_coordinator::Faults {
            quorum_off_by_one: faults.quorum_off_by_one,
            ignore_accepted: faults.ignore_accepted,
            unlogged_batches: faults.unlogged_batches,
            trust_indexes: faults.trust_indexes,
            mend_at_zero: faults.mend_at_zero,
            wait_for_silent: faults.wait_for_silent,
            majority_of_all: faults.majority_of_all,
            skip_pending: faults.skip_pending,
            mend_readers_only: faults.mend_readers_only,
            trust_unread_commits: faults.trust_unread_commits,
            number_pages: faults.number_pages,
        }
    }

    fn count(&self, event: Event) {
        self.parts.context.metrics.coordinator_event(event);
        if self.trace.is_some() {
            event_text(event).into_iter().for_each(|text| self.note(|| text.to_owned()));
        }
    }

    fn note(&self, activity: impl FnOnce() -> String) {
        Coordinator::note(self, activity);
    }

    fn count_batch(&self, write_type: WriteType, partitions: usize) {
        self.parts.context.metrics.batches.add(write_type, partitions);
    }
}

impl<W: World> Coordinator<W> {
    fn try_computed(&self, command: &ReadCommand, projection: &Projection, sink: &mut dyn RowSink) -> Local {
        if system_keyspaces::is_slow(command.storage_id) {
            return Local::Miss;
        }
        let block = self.parts.computed.read(command);
        let mark = sink.mark();
        for (key, row) in &block.rows {
            let row = RowView::parse_trusted(row);
            let pushed = row.and_then(|row| project(key, &row, projection, command.now_seconds, sink));
            if pushed.is_err() {
                sink.rollback(mark);
                return Local::Miss;
            }
        }
        Local::Done
    }
}
