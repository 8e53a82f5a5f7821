//! The seam below a coordinator, over the scripted cluster.

use super::{Does, Fake, ScriptedAnswer, datacenter, host, key};
use crate::{
    BoxedFuture, Count, Datacenter, Event, Faults, KeyspacePlacement, Local, LoggedBatch, ProposalTurn, QueuedRound,
    ReadKind, ReadReply, ReadTurn, Recipient, ReplicaError, Replicas, SpeculationBudget, Standing, Turn, Work,
    WriteError, WriteType,
};
use henge_base::{Bytes, HostId, Micros, Mono};
use henge_model::{Percentile, Projection, ReadCommand, RowBlock, RowSink, SharedMutation, TokenRange};
use henge_paxos::{Permission, Reply, Request, SharedRequest};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A turn that nobody waits for.
struct FreeTurn;

impl Turn for FreeTurn {
    fn mark(&self) -> u64 {
        0
    }

    fn publish(&self, _: u64, _: &[(Arc<ReadCommand>, RowBlock)]) {}
}

impl Replicas for Fake {
    type Write = ScriptedAnswer<Result<(), ReplicaError>>;
    type Read = ScriptedAnswer<Result<ReadReply, ReplicaError>>;

    fn local(&self) -> HostId {
        host(1)
    }

    fn datacenter(&self, host: HostId) -> Option<Datacenter> {
        self.nodes.lock().unwrap().get(&host)?.datacenter
    }

    fn datacenter_named(&self, name: &str) -> Option<Datacenter> {
        let datacenter = Some(datacenter(name.chars().next()?));
        let nodes = self.nodes.lock().unwrap();
        nodes.values().any(|node| node.datacenter == datacenter).then_some(datacenter)?
    }

    fn spans_datacenters(&self) -> bool {
        let nodes = self.nodes.lock().unwrap();
        let here = nodes[&host(1)].datacenter;
        nodes.values().any(|node| node.datacenter != here)
    }

    fn alive(&self, host: HostId) -> bool {
        self.nodes.lock().unwrap()[&host].alive
    }

    fn distance(&self, host: HostId) -> u32 {
        match host == self.local() {
            true => 0,
            false => 1 + u32::from(self.datacenter(host) != self.datacenter(self.local())),
        }
    }

    fn standing(&self, host: HostId, _: Work, now: Mono) -> Standing {
        let node = &self.nodes.lock().unwrap()[&host];
        Standing {
            is_silent: node.standing.is_silent || node.silent_from.is_some_and(|from| now >= from),
            ..node.standing
        }
    }

    fn answer_time(&self, host: HostId, _: Work, _: Percentile) -> Option<Duration> {
        self.nodes.lock().unwrap()[&host].answer_time
    }

    fn budget(&self) -> &SpeculationBudget {
        &self.budget
    }

    fn probe(&self, Recipient { host: to, .. }: Recipient, _: &Arc<ReadCommand>, _: Work) {
        self.log_message("probe", to);
    }

    fn keyspace_placement(&self, _: &str) -> Option<KeyspacePlacement> {
        self.newest.lock().unwrap().clone()
    }

    fn holds(&self, placed: &KeyspacePlacement, _: TokenRange) -> bool {
        self.newest.lock().unwrap().as_ref().is_none_or(|newest| newest.epoch == placed.epoch)
    }

    fn catch_up(&self) -> BoxedFuture<()> {
        self.log.lock().unwrap().push("catch-up".to_owned());
        let behind = self.ahead.lock().unwrap().take();
        if behind.is_some() {
            *self.newest.lock().unwrap() = behind;
        }
        Box::pin(std::future::ready(()))
    }

    fn mono(&self) -> Mono {
        Mono(self.clock.load(Ordering::Relaxed))
    }

    fn try_local(&self, _: &ReadCommand, _: &Projection, _: &mut dyn RowSink) -> Local {
        Local::Miss
    }

    fn write(&self, Recipient { host: to, epoch }: Recipient, mutation: &SharedMutation, _: Mono) -> Self::Write {
        self.log_message("write", to);
        let does = self.nodes.lock().unwrap().get_mut(&to).map(|node| node.first_write.take().unwrap_or(node.writes));
        self.apply_mutation(to, mutation.bytes(), self.fence(to, epoch, does.unwrap()))
    }

    /// In the log `write5<4` is a write that node 4 forwards to node 5.
    fn write_forwarded(
        &self,
        by: Recipient,
        others: &[HostId],
        mutation: &SharedMutation,
        deadline: Mono,
    ) -> Vec<Self::Write> {
        let forward = |to: &HostId| {
            let pending = self.write(Recipient { host: *to, ..by }, mutation, deadline);
            let mut log = self.log.lock().unwrap();
            log.last_mut().unwrap().push_str(&format!("<{}", super::name(by.host)));
            pending
        };
        std::iter::once(self.write(by, mutation, deadline)).chain(others.iter().map(forward)).collect()
    }

    fn owe(&self, to: HostId, _: Bytes) {
        self.log_message("owe", to);
    }

    fn keeps_hints_for(&self, _: HostId) -> bool {
        self.hints.is_some()
    }

    fn owe_durably(&self, to: HostId, _: Bytes) -> BoxedFuture<bool> {
        self.log_message("owe", to);
        Box::pin(std::future::ready(self.hints == Some(true)))
    }

    fn mend(&self, Recipient { host: to, epoch }: Recipient, mutation: Bytes, _: Mono) -> Self::Write {
        self.log_message("mend", to);
        let does = self.nodes.lock().unwrap()[&to].mends;
        self.apply_mutation(to, &mutation, self.fence(to, epoch, does))
    }

    fn read(
        &self,
        Recipient { host: to, epoch }: Recipient,
        command: Arc<ReadCommand>,
        kind: ReadKind,
        deadline: Mono,
    ) -> Self::Read {
        self.log_message(if kind == ReadKind::Rows { "rows" } else { "digest" }, to);
        let mut nodes = self.nodes.lock().unwrap();
        let node = nodes.get_mut(&to).unwrap();
        let does = if node.reads.is_empty() { Does::Answers } else { node.reads.remove(0) };
        let does = node.fence(epoch, does);
        let answer = || match kind {
            ReadKind::Rows => ReadReply::Rows(node.block(&command, node.block_rows)),
            ReadKind::Digest => node.digest(&command),
        };
        let lie = RowBlock { rows: vec![(key(1, 1), Bytes::from_static(b"no row"))], context: Vec::new(), more: false };
        self.script(does, answer, ReadReply::Rows(lie)).until(deadline)
    }

    fn paxos(
        &self,
        Recipient { host: to, epoch }: Recipient,
        request: SharedRequest,
        _: Mono,
    ) -> BoxedFuture<Result<Reply, ReplicaError>> {
        // Whoever lies answers another request.
        let (what, lie) = match request.request() {
            Request::Prepare { .. } => ("prepare", Reply::Done),
            Request::Propose { .. } => ("propose", Reply::Permitted(Permission::default())),
            Request::Commit { .. } => ("commit", Reply::Permitted(Permission::default())),
        };
        self.log_message(what, to);
        let mut nodes = self.nodes.lock().unwrap();
        let node = nodes.get_mut(&to).unwrap();
        let does = if node.paxos.is_empty() { Does::Answers } else { node.paxos.remove(0) };
        let does = node.fence(epoch, does);
        Box::pin(self.script(does, || node.vote(request.request().clone()), lie))
    }

    fn commit(&self, Recipient { host: to, .. }: Recipient, request: SharedRequest, _: Bytes, _: Mono) -> Self::Write {
        self.log_message("commit", to);
        let mut nodes = self.nodes.lock().unwrap();
        let node = nodes.get_mut(&to).unwrap();
        let does = node.writes;
        let vote = || _ = node.vote(request.request().clone());
        self.script(does, vote, ())
    }

    fn count_at(&self, leader: HostId, count: Count) -> BoxedFuture<Result<(), WriteError>> {
        self.log_message("count", leader);
        let (consistency, received, block_for, write_type) = (count.consistency, 0, 1, WriteType::Counter);
        Box::pin(std::future::ready(match self.nodes.lock().unwrap()[&leader].writes {
            Does::Refuses(refusal) => {
                let failures = vec![(leader, refusal)];
                Err(WriteError::Failure { consistency, received, block_for, failures, write_type })
            }
            Does::Answers => Ok(()),
            _ => Err(WriteError::Timeout { consistency, received, block_for, write_type }),
        }))
    }

    fn log_batch(
        &self,
        _: Vec<Bytes>,
        created: Micros,
        _: Mono,
    ) -> BoxedFuture<Result<LoggedBatch, (HostId, ReplicaError)>> {
        self.log.lock().unwrap().push("log".to_owned());
        Box::pin(std::future::ready(self.batch_log.map(|()| LoggedBatch { created, number: 1, hosts: vec![host(2)] })))
    }

    fn settle_batch(&self, _: LoggedBatch, _: Mono) {
        self.log.lock().unwrap().push("settle".to_owned());
    }

    fn queue(&self, round: QueuedRound) -> BoxedFuture<ProposalTurn> {
        let rows = self.published.lock().unwrap().pop();
        let turn = rows.map_or_else(|| ProposalTurn::Own(Box::new(FreeTurn)), ProposalTurn::Rows);
        debug_assert!(!round.reads.is_empty());
        Box::pin(std::future::ready(turn))
    }

    fn queue_read(&self, _: QueuedRound) -> BoxedFuture<ReadTurn> {
        let others = std::mem::take(&mut *self.sharing.lock().unwrap());
        Box::pin(std::future::ready(ReadTurn::Own(Box::new(FreeTurn), others)))
    }

    fn stamp(&self, after: Micros) -> Option<Micros> {
        let late = self.late_stamps.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |late| late.checked_sub(1));
        if late.is_ok() {
            return None;
        }
        Some(self.stamps.fetch_max(after, Ordering::Relaxed).max(after) + 1)
            .inspect(|stamp| self.stamps.store(*stamp, Ordering::Relaxed))
    }

    fn random(&self) -> u64 {
        7
    }

    fn pause(&self, time: Duration) -> BoxedFuture<()> {
        Box::pin(self.timer(time))
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.timer(time)
    }

    fn count(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }

    fn faults(&self) -> Faults {
        self.faults
    }
}
