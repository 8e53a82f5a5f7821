//! The voters on one partition.

use super::doubts::Doubts;
use crate::candidate::Candidate;
use crate::lateness::patience;
use crate::plan::{Target, WritePlan};
use crate::plan_epoch::{newer_placement, newest};
use crate::required::Shortage;
use crate::stamp::stamp;
use crate::tally::Tally;
use crate::under_way::UnderWay;
use crate::{
    BoxedFuture, KeyspacePlacement, ProposalTurn, QueuedRound, ReadTurn, Refusal, ReplicaError, Replicas, Work,
    WriteError, WriteType,
};
use henge_base::{Bytes, HostId, Micros, Mono};
use henge_model::{Consistency, ReadCommand, Token, TokenRange};
use henge_paxos::{Ballot, Reply, Scope, SharedRequest};
use henge_ring::Hosts;
use smallvec::SmallVec;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// The longest wait before a round is begun again.
const BACK_OFF_MAX_MS: u64 = 100;

/// The replicas whose rows a round reads.
fn readers(placed: &KeyspacePlacement, token: Token) -> SmallVec<[HostId; 3]> {
    placed.placement.replicas(token).map_or(Hosts::NONE, |range| range.read).iter().collect()
}

/// The voters on a partition. A quorum is a majority of the replicas, and one more for each pending replica, so that
/// quorums before and after a change of placement meet.
pub(crate) struct Electorate<'a, R> {
    pub(crate) replicas: &'a R,
    /// The beginning of the partition's keys.
    pub(crate) key: Bytes,
    pub(crate) consistency: Consistency,
    pub(crate) deadline: Mono,
    pub(crate) plan: WritePlan,
    pub(crate) placed: KeyspacePlacement,
    pub(crate) token: Token,
    /// The voters whose rows are read.
    natural: SmallVec<[HostId; 3]>,
    /// Rounds so far that gave way to others.
    superseded: u32,
    /// Values of this request whose outcome is not known.
    pub(crate) doubts: Doubts,
}

impl<'a, R: Replicas> Electorate<'a, R> {
    pub(crate) fn new(
        replicas: &'a R,
        placed: KeyspacePlacement,
        token: Token,
        key: Bytes,
        consistency: Consistency,
        deadline: Mono,
    ) -> Result<Self, Shortage> {
        let placed = newest(replicas, placed, TokenRange::of_one(token));
        let plan = WritePlan::new(replicas, &placed, token, consistency)?;
        let natural = readers(&placed, token);
        let (superseded, doubts) = (0, Doubts::default());
        Ok(Electorate { replicas, key, consistency, deadline, plan, placed, token, natural, superseded, doubts })
    }

    /// True if the voters are those of the newest epoch that this node knows.
    pub(crate) fn holds(&self) -> bool {
        self.replicas.holds(&self.placed, TokenRange::of_one(self.token))
    }

    /// Takes over the voters of a newer epoch, once this node has caught up with those that refused a request for its epoch. False if it
    /// knows none that has others. A round that was begun is void then: a new one has to be promised by the new voters.
    pub(crate) async fn renew(&mut self) -> Result<bool, WriteError> {
        let tokens = TokenRange::of_one(self.token);
        let Some(placed) = newer_placement(self.replicas, &self.placed, tokens).await else { return Ok(false) };
        let plan = WritePlan::new(self.replicas, &placed, self.token, self.consistency);
        let consistency = self.consistency;
        let unavailable = |Shortage { required, alive }| WriteError::Unavailable { consistency, required, alive };
        self.plan = plan.map_err(unavailable)?;
        self.natural = readers(&placed, self.token);
        self.placed = placed;
        Ok(true)
    }

    /// Waits until no other round of this node on the partition is under way, or the rows are known. `None` if time is up before that.
    pub(crate) async fn turn(&self, reads: &[Arc<ReadCommand>]) -> Option<ProposalTurn> {
        self.in_time(self.replicas.queue(self.queued_round(reads))).await
    }

    /// The same for a read, which another one may answer.
    pub(crate) async fn read_turn(&self, command: &Arc<ReadCommand>) -> Option<ReadTurn> {
        self.in_time(self.replicas.queue_read(self.queued_round(std::slice::from_ref(command)))).await
    }

    fn queued_round(&self, reads: &[Arc<ReadCommand>]) -> QueuedRound {
        QueuedRound { key: self.key.clone(), level: self.consistency, reads: reads.to_vec() }
    }

    /// The end of a wait; `None` if time is up before that.
    async fn in_time<T>(&self, mut wait: BoxedFuture<T>) -> Option<T> {
        let left = self.deadline.0.saturating_sub(self.replicas.mono().0);
        let mut time_up = None;
        poll_fn(|context| match wait.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => {
                let time_up = time_up.get_or_insert_with(|| self.replicas.pause(Duration::from_micros(left)));
                time_up.as_mut().poll(context).map(|()| None)
            }
        })
        .await
    }

    /// The number of votes that decide.
    pub(crate) fn quorum(&self) -> usize {
        self.plan.required.block_for() as usize
    }

    /// The voters that are up.
    pub(crate) fn voters(&self) -> impl Iterator<Item = Candidate> + '_ {
        let candidate = |target: &Target| Some(Candidate { host: target.host, group: target.group? });
        self.plan.targets.iter().filter(|target| target.alive).filter_map(candidate)
    }

    pub(crate) fn holds_rows(&self, host: HostId) -> bool {
        self.natural.contains(&host)
    }

    /// Sends a request to all voters that are up. The tally takes answers of any kind; the caller tells good ones from bad.
    pub(crate) fn ask<'r>(
        &'r self,
        request: impl Fn(Candidate) -> SharedRequest,
    ) -> (Tally<'r>, UnderWay<Candidate, BoxedFuture<Result<Reply, ReplicaError>>>) {
        let mut tally = Tally::new(&self.plan.required);
        let mut under_way = UnderWay::new();
        for voter in self.voters() {
            tally.count_request(voter.group);
            let asked = self.replicas.paxos(self.plan.recipient(voter.host), request(voter), self.deadline);
            under_way.push(voter, asked);
        }
        (tally, under_way)
    }

    /// Ends when voters are late.
    pub(crate) fn patience(&self, voters: impl Iterator<Item = Candidate>, work: Work) -> BoxedFuture<()> {
        let hosts = voters.map(|voter| voter.host);
        self.replicas.pause(patience(self.replicas, hosts, work, self.deadline))
    }

    /// A ballot after another.
    pub(crate) async fn ballot(&self, after: Micros) -> Result<Ballot, WriteError> {
        let scope = if self.consistency == Consistency::LocalSerial { Scope::Local } else { Scope::Global };
        let micros = stamp(self.replicas, after, self.deadline).await.ok_or_else(|| self.timeout(0))?;
        Ok(Ballot { micros, scope, node: self.replicas.random() })
    }

    /// Waits for a random time after a round gave way to another, longer each time.
    pub(crate) async fn back_off(&mut self) -> Result<(), WriteError> {
        self.replicas.count(crate::Event::Superseded);
        self.superseded = self.superseded.saturating_add(1);
        self.check_time(0)?;
        let longest = (2u64 << self.superseded.min(10)).min(BACK_OFF_MAX_MS) * 1_000;
        self.replicas.pause(Duration::from_micros(self.replicas.random() % longest)).await;
        Ok(())
    }

    /// Checks a reply. A voter that has promised a ballot from the future counts as one that refuses, or it would keep all others from
    /// deciding until that time has come.
    pub(crate) fn check_reply(&self, reply: Result<Reply, ReplicaError>) -> Result<Reply, ReplicaError> {
        match reply? {
            Reply::Rejected { by } if !self.replicas.accepts_stamp(by) => {
                Err(ReplicaError::Refused(Refusal::ClockAhead))
            }
            reply => Ok(reply),
        }
    }

    /// The answer when time is up and nothing was proposed.
    pub(crate) fn check_time(&self, received: u32) -> Result<(), WriteError> {
        if self.replicas.mono() < self.deadline {
            return Ok(());
        }
        Err(self.timeout(received))
    }

    /// The answer of a conditional write of which a value may have been decided, or may be yet.
    pub(crate) fn undecided_error(&self) -> WriteError {
        let (received, block_for) = (self.doubts.acceptances(), self.quorum() as u32);
        WriteError::Undecided { consistency: self.consistency, received, block_for }
    }

    /// The error with which a conditional write ends, given that of its last round: nothing definite may be said in doubt.
    pub(crate) fn error_in_doubt(&self, error: WriteError) -> WriteError {
        if self.doubts.exist() { self.undecided_error() } else { error }
    }

    pub(crate) fn timeout(&self, received: u32) -> WriteError {
        let (consistency, block_for) = (self.consistency, self.plan.required.block_for());
        WriteError::Timeout { consistency, received, block_for, write_type: WriteType::Cas }
    }
}
