//! The seam below a coordinator: what it asks of the node it runs on.

use crate::{
    Count, Datacenter, Faults, KeyspacePlacement, Limits, LoggedBatch, ProposalTurn, QueuedRound, ReadTurn,
    ReplicaError, SpeculationBudget, Standing, Work, WriteError, WriteType,
};
use henge_base::{Bytes, HostId, Micros, Mono};
use henge_model::{Digest, Percentile, Projection, ReadCommand, RowBlock, RowSink, SharedMutation, TokenRange};
use henge_paxos::{Reply, SharedRequest};
use henge_ring::Epoch;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A future of a rare path, whose type nobody needs to know.
pub type BoxedFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The outcome of a read from this node's own memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Local {
    /// The rows are in the sink.
    Done,
    /// The answer is not in memory; the sink is as it was. Ask again through [`Replicas::read`].
    Miss,
    /// This node holds no copy.
    Remote,
}

/// The answer of a replica to a read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadReply {
    /// Its rows.
    Rows(RowBlock),
    /// A hash of what its rows would be.
    Digest(Digest),
}

/// The form in which a replica is asked to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadKind {
    /// The rows themselves.
    Rows,
    /// Only their digest.
    Digest,
}

/// A replica that is sent a request, with the epoch of the plan that names it. The replica refuses what was planned before its range
/// changed hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The replica.
    pub host: HostId,
    /// The epoch of the plan.
    pub epoch: Epoch,
}

/// The node a coordinator runs on.
///
/// Every future handed out resolves by its deadline at the latest, so a coordinator needs no timer for it. Dropping a future
/// cancels nothing: a write goes on, and a hint owed for it is the node's business, not the caller's.
pub trait Replicas: Send + Sync + 'static {
    /// A write under way.
    type Write: Future<Output = Result<(), ReplicaError>> + Send + Unpin;
    /// A read under way.
    type Read: Future<Output = Result<ReadReply, ReplicaError>> + Send + Unpin;

    /// This node.
    fn local(&self) -> HostId;
    /// The datacentre of a member, if it is known.
    fn datacenter(&self, host: HostId) -> Option<Datacenter>;
    /// The number of a datacentre's name, if any member stands there.
    fn datacenter_named(&self, name: &str) -> Option<Datacenter>;
    /// True if members stand in several datacentres.
    fn spans_datacenters(&self) -> bool {
        false
    }
    /// True if the failure detector considers a member up. This node is always up.
    fn alive(&self, host: HostId) -> bool;
    /// Orders replicas of a read: lower is nearer. This node is nearest, its datacentre next.
    fn distance(&self, host: HostId) -> u32;
    /// The latest experience with a replica.
    fn standing(&self, _host: HostId, _work: Work, _now: Mono) -> Standing {
        Standing::default()
    }
    /// The time in which a replica answers this share of its requests; `None` if too little is known.
    fn answer_time(&self, _host: HostId, _work: Work, _share: Percentile) -> Option<Duration> {
        None
    }
    /// The budget of speculative requests, which all reads of a core share.
    fn budget(&self) -> &SpeculationBudget;
    /// Asks a replica that was late, if it has not been asked lately, so that its standing follows its answers. Nobody waits for it.
    fn probe(&self, _to: Recipient, _command: &Arc<ReadCommand>, _work: Work) {}
    /// A keyspace's placement at the newest epoch this node knows.
    fn keyspace_placement(&self, keyspace: &str) -> Option<KeyspacePlacement>;
    /// True if these tokens have the replicas that a placement gives them, by the newest epoch this node knows.
    fn holds(&self, placed: &KeyspacePlacement, tokens: TokenRange) -> bool;
    /// Catches up with replicas that refused a request for its epoch. Ends within a fraction of a second, whether it did or not.
    fn catch_up(&self) -> BoxedFuture<()>;
    /// The monotonic clock.
    fn mono(&self) -> Mono;

    /// Reads from this node's own memory, without waiting.
    fn try_local(&self, command: &ReadCommand, projection: &Projection, sink: &mut dyn RowSink) -> Local;
    /// Sends a mutation to a replica, or applies it here, where it is neither encoded nor decoded. Under way when it returns. Unless it
    /// is applied, the node keeps a hint for it.
    fn write(&self, to: Recipient, mutation: &SharedMutation, deadline: Mono) -> Self::Write;
    /// As [`Replicas::write`] to several replicas of one datacentre: `by` is sent the mutation, and forwards it to the `others`. Each
    /// acknowledges for itself; their writes come in this order, that of `by` first.
    fn write_forwarded(
        &self,
        by: Recipient,
        others: &[HostId],
        mutation: &SharedMutation,
        deadline: Mono,
    ) -> Vec<Self::Write> {
        let hosts = std::iter::once(by.host).chain(others.iter().copied());
        hosts.map(|host| self.write(Recipient { host, ..by }, mutation, deadline)).collect()
    }
    /// Keeps a hint for a replica that is known to be down: nothing is sent.
    fn owe(&self, to: HostId, mutation: Bytes);
    /// True if a hint for a replica would be kept now.
    fn keeps_hints_for(&self, _host: HostId) -> bool {
        false
    }
    /// As [`Replicas::owe`]; true once the hint is on this node's disk, false if it will not be.
    fn owe_durably(&self, to: HostId, mutation: Bytes) -> BoxedFuture<bool> {
        self.owe(to, mutation);
        Box::pin(std::future::ready(false))
    }
    /// Repairs a replica with an encoded mutation: as `write`, but no hint is owed when it fails.
    fn mend(&self, to: Recipient, mutation: Bytes, deadline: Mono) -> Self::Write;
    /// Asks a replica, or reads here.
    fn read(&self, to: Recipient, command: Arc<ReadCommand>, kind: ReadKind, deadline: Mono) -> Self::Read;
    /// Asks a replica's acceptor, this node's own included. A reply that cannot be read is [`ReplicaError::Unknown`].
    fn paxos(&self, to: Recipient, request: SharedRequest, deadline: Mono) -> BoxedFuture<Result<Reply, ReplicaError>>;
    /// Sends a decision to a replica's acceptor. It goes on in the node if the future is dropped; unless it succeeds, a hint
    /// of the mutation is owed.
    fn commit(&self, to: Recipient, request: SharedRequest, mutation: Bytes, deadline: Mono) -> Self::Write;
    /// Has a replica, or this node, lead additions to counters.
    fn count_at(&self, leader: HostId, count: Count) -> BoxedFuture<Result<(), WriteError>>;
    /// Has nodes keep a batch until [`Replicas::settle_batch`]; after a while they write it themselves. An error names one of them that
    /// did not.
    fn log_batch(
        &self,
        mutations: Vec<Bytes>,
        issued: Micros,
        deadline: Mono,
    ) -> BoxedFuture<Result<LoggedBatch, (HostId, ReplicaError)>>;
    /// Removes a batch that met its level from the batch logs, once all its writes have ended, which they have by `deadline`, and what is
    /// owed of it is on disk. Nothing is awaited: writing a batch twice changes nothing.
    fn settle_batch(&self, batch: LoggedBatch, deadline: Mono);
    /// Waits until no other round of this node on the partition is in progress, or another one has told how the rows are. Whose turn is
    /// next is left to chance.
    fn queue(&self, round: QueuedRound) -> BoxedFuture<ProposalTurn>;
    /// The same for a SERIAL read, which shares the round of another one that waits too.
    fn queue_read(&self, round: QueuedRound) -> BoxedFuture<ReadTurn>;
    /// The next stamp of this node's clock, later than `after`. `None` if the clock's lease does not reach so far yet.
    fn stamp(&self, after: Micros) -> Option<Micros>;
    /// True if the time of a stamp or a ballot is not further ahead than clocks may differ by.
    fn accepts_stamp(&self, _stamp: Micros) -> bool {
        true
    }
    /// The time at which a read repair is issued. Reads go on where no stamps are issued for a wrong clock; `None` as above.
    fn repair_stamp(&self) -> Option<Micros> {
        self.stamp(0)
    }
    /// A random number; the simulator seeds it.
    fn random(&self) -> u64;
    /// A future that ends after a time.
    fn pause(&self, time: Duration) -> BoxedFuture<()>;
    /// The same without an allocation.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send + 'static + use<Self>;
    /// Notes something in the trace of the request, if it has one.
    fn note(&self, _activity: impl FnOnce() -> String) {}
    /// Counts what a coordinator did besides its answer.
    fn count(&self, event: Event);
    /// Counts a batch and its partitions: logged, unlogged or of counters.
    fn count_batch(&self, _write_type: WriteType, _partitions: usize) {}
    /// The bounds of requests.
    fn limits(&self) -> Limits {
        Limits::default()
    }
    /// Deliberate bugs; none outside the simulator.
    fn faults(&self) -> Faults {
        Faults::default()
    }
}

/// Events that metrics count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Digests differed.
    DigestMismatch,
    /// A replica was sent rows it lacked.
    ReadRepair,
    /// A replica that is about to own a range was sent rows that a read found, or another one in its place.
    Handover,
    /// A replica's answer ran out before the limit and more was asked of it.
    ShortRead,
    /// A round of Paxos gave way to another.
    Superseded,
    /// A value that another round had left unfinished was decided.
    Finished,
    /// One replica more was asked, since another was slower than it is as a rule.
    Speculation,
    /// The budget did not allow that.
    SpeculationLimit,
    /// Another replica was asked in place of one that was silent.
    SilentReplica,
    /// A replica that was late was asked to find out if it still is.
    Probe,
    /// A write was sent to a replica of another datacentre, to be forwarded there.
    Forward,
    /// Replicas were sent such a write after all, since they had not confirmed it in time.
    LateForward,
}
