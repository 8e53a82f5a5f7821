//! Messages between nodes, and the peers that send and answer them.
//!
//! - `header`: the bytes before every message; `message`: what a message is; `messages`: all of them.
//! - `liveness`: who seems up; `load`: what each peer has under way here.
//! - `address_book`: where each peer is.
//! - `latency`, `answer_times`: how fast each peer answers.
//! - `sightings`: which process of each peer is admitted; `doubts`: the peers that doubt this one;
//!   `stale_refusals`: those that are ahead of it.

pub(crate) mod address_book;
pub(crate) mod answer_times;
pub(crate) mod ask_error;
mod call_answer;
pub(crate) mod doubts;
pub(crate) mod header;
mod latency;
pub(crate) mod liveness;
pub(crate) mod load;
pub(crate) mod message;
pub(crate) mod messages;
pub(crate) mod sightings;
mod stale_refusals;

pub(crate) use call_answer::CallAnswer;

use crate::ground::context::Context;
use crate::ground::world::{CallError, Class, To, World};
use address_book::AddressBook;
use answer_times::{PeerAnswerTimes, TimedRequest};
use ask_error::AskError;
use doubts::Doubts;
use futures_util::FutureExt;
use header::{Header, Kind, STEPS_WANTED};
use henge_base::{Bytes, HostId, Mono};
use henge_coordinator::{Recipient, Refusal, ReplicaError, Work};
use henge_metadata::Epoch;
use liveness::Liveness;
use load::{LoadLimit, PeerLoad, RequestInFlight};
use message::{Body, Footing, Message};
use messages::metadata::{Gossip, Probe, ProbeReply};
use sightings::Sightings;
use stale_refusals::StaleRefusals;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// A request that ends as long after its deadline as this was held up here.
const LATE_TIMER: Duration = Duration::from_millis(500);

/// The other nodes, as this one talks to them. It needs no view of the cluster, only the epoch that messages carry.
pub(crate) struct Peers<W> {
    context: Arc<Context<W>>,
    addresses: AddressBook,
    liveness: Liveness,
    answer_times: PeerAnswerTimes,
    load: PeerLoad,
    sightings: Sightings,
    doubts: Doubts,
    refusers: StaleRefusals,
}

impl<W: World> Peers<W> {
    /// Nobody has been heard of yet.
    pub(crate) fn new(context: Arc<Context<W>>) -> Self {
        Peers {
            context,
            addresses: AddressBook::default(),
            liveness: Liveness::default(),
            answer_times: PeerAnswerTimes::default(),
            load: PeerLoad::default(),
            sightings: Sightings::default(),
            doubts: Doubts::default(),
            refusers: StaleRefusals::default(),
        }
    }

    /// The addresses of other members.
    pub(crate) fn addresses(&self) -> &AddressBook {
        &self.addresses
    }

    /// The processes of other members that are admitted.
    pub(crate) fn sightings(&self) -> &Sightings {
        &self.sightings
    }

    /// The peers that doubt this process.
    pub(crate) fn doubts(&self) -> &Doubts {
        &self.doubts
    }

    /// The replica that refused a request as stale and was furthest ahead in the metadata, with its epoch.
    pub(crate) fn furthest_refuser(&self) -> Option<(Epoch, HostId)> {
        self.refusers.furthest()
    }

    /// Notes that a replica refused a request as stale in a message of its own.
    pub(crate) fn note_stale_refusal(&self, from: HostId, epoch: Epoch) {
        self.refusers.note(from, epoch);
    }

    /// Takes in the sender of a message; false if its process is not the one that is admitted, and the message needs one that is.
    pub(crate) fn sight(&self, from: HostId, header: &Header, footing: Footing) -> bool {
        footing == Footing::Any
            || self.context.options.faults.admit_older_copies
            || self.sightings.sight(from, header.start, header.clock)
    }

    /// The members that seem up.
    pub(crate) fn liveness(&self) -> &Liveness {
        &self.liveness
    }

    /// The answers of peers, measured.
    pub(crate) fn answer_times(&self) -> &PeerAnswerTimes {
        &self.answer_times
    }

    /// Has the requests to these members recorded, and forgets those to others.
    pub(crate) fn watch(&self, members: impl Iterator<Item = HostId> + Clone) {
        self.liveness.watch(members.clone());
        self.answer_times.watch(members);
    }

    /// A reply: the body of one that was served, or the reason why it was not, and this node's steps if they were asked for. It is written in
    /// the version of the request if the cluster's is above: the asker may be one that finds out by it that its release is too old.
    pub(crate) fn reply(&self, asked_in: u8, outcome: Result<Bytes, Refusal>, steps: &[u8]) -> Bytes {
        let (status, body) = match outcome {
            Ok(body) => (Ok(()), body),
            Err(refusal) => (Err(refusal), Bytes::new()),
        };
        // What does not fit is as good as not asked for.
        let (length, steps) = u16::try_from(steps.len()).map_or((0, &[][..]), |length| (length, steps));
        let header = self.header(Kind::Reply, status);
        let header = Header { steps: length, version: header.version.min(asked_in), ..header };
        if steps.is_empty() { header.with_body(&body) } else { header.with_body(&[steps, &body].concat()) }
    }

    /// A request with this node's epoch and clock in its header.
    fn request<M: Message>(&self, message: &M) -> Bytes {
        self.request_of(self.context.epoch(), 0, message)
    }

    /// A request with the epoch of its plan.
    fn request_of<M: Message>(&self, epoch: Epoch, steps: u16, message: &M) -> Bytes {
        Header { epoch, steps, ..self.header(M::KIND, Ok(())) }.with_body(&message.encode())
    }

    fn header(&self, kind: Kind, status: Result<(), Refusal>) -> Header {
        let (epoch, clock) = (self.context.epoch(), self.context.clock.last());
        let versions = &self.context.versions;
        let newest = versions.speaks().newest;
        let version = if self.context.options.faults.write_newest { newest } else { versions.active() };
        // A header has a byte for it; a version beyond is none that anybody reads.
        let version = u8::try_from(version).unwrap_or(u8::MAX);
        Header { version, newest, kind, status, epoch, clock, start: self.context.identity.start, steps: 0 }
    }

    /// Sends a request to a member, at once, by the links of its class. A reply is evidence that the member is up.
    pub(crate) fn call<M: Message>(
        self: &Arc<Self>,
        to: HostId,
        deadline: Mono,
        message: &M,
    ) -> impl Future<Output = Result<M::Reply, ReplicaError>> + Send + use<W, M> {
        self.call_by(M::CLASS, to, deadline, message)
    }

    /// As [`Peers::call`], by other links than those of the message's class.
    pub(crate) fn call_by<M: Message>(
        self: &Arc<Self>,
        class: Class,
        to: HostId,
        deadline: Mono,
        message: &M,
    ) -> impl Future<Output = Result<M::Reply, ReplicaError>> + Send + use<W, M> {
        let (sent, to) = (self.context.world.mono(), Recipient { host: to, epoch: self.context.epoch() });
        let call = self.call_measured((class, to), (sent, deadline), message, Measures::default());
        call.map(|answer| answer.outcome)
    }

    /// As [`Peers::call`], of a request with a plan: the header has the plan's epoch, which may be older than this node's.
    pub(crate) fn call_planned<M: Message>(
        self: &Arc<Self>,
        to: Recipient,
        deadline: Mono,
        message: &M,
    ) -> impl Future<Output = Result<M::Reply, ReplicaError>> + Send + use<W, M> {
        self.call_traced(to, deadline, message, false).map(|answer| answer.outcome)
    }

    /// As [`Peers::call_planned`]; the peer tells its steps if `is_traced`.
    pub(crate) fn call_traced<M: Message>(
        self: &Arc<Self>,
        to: Recipient,
        deadline: Mono,
        message: &M,
        is_traced: bool,
    ) -> impl Future<Output = CallAnswer<M::Reply>> + Send + use<W, M> {
        let (sent, measures) = (self.context.world.mono(), Measures { request: None, is_traced });
        self.call_measured((M::CLASS, to), (sent, deadline), message, measures)
    }

    /// As [`Peers::call_planned`], of a request to a replica, whose time is measured; the replica tells its steps if `is_traced`.
    pub(crate) fn call_replica<M: Message>(
        self: &Arc<Self>,
        work: Work,
        to: Recipient,
        deadline: Mono,
        message: &M,
        is_traced: bool,
    ) -> impl Future<Output = CallAnswer<M::Reply>> + Send + use<W, M> {
        let sent = self.context.world.mono();
        let measures = Measures { request: Some(self.answer_times.begin(to.host, work, sent)), is_traced };
        self.call_measured((M::CLASS, to), (sent, deadline), message, measures)
    }

    fn call_measured<M: Message>(
        self: &Arc<Self>,
        (class, Recipient { host: to, epoch }): (Class, Recipient),
        (sent, deadline): (Mono, Mono),
        message: &M,
        measures: Measures,
    ) -> impl Future<Output = CallAnswer<M::Reply>> + Send + use<W, M> {
        let mut call = MeasuredCall { peers: Arc::clone(self), request: measures.request };
        let request = self.request_of(epoch, if measures.is_traced { STEPS_WANTED } else { 0 }, message);
        let reply = self.context.world.call(To::Host(to), class, deadline, request);
        // No async block: it would hold the call twice, and is moved with every request.
        reply.map(move |reply| {
            let now = call.peers.record_outcome(to, class, (sent, deadline), &reply);
            call.end(&reply, now);
            let (steps, body) = call.peers.body_of(to, reply, M::FOOTING);
            // If it cannot be read the replica did as it was asked, and what it says of it is lost.
            let outcome = body.and_then(|body| M::Reply::decode(body).map_err(|_| ReplicaError::Unknown));
            CallAnswer { outcome, steps }
        })
    }

    /// Records whether a peer answered, and returns the time: a refusal is an answer too. Where the time ran out long ago this process
    /// stood still, and the peer is not to blame. A request that was not sent says nothing.
    fn record_outcome(
        &self,
        to: HostId,
        class: Class,
        (sent, deadline): (Mono, Mono),
        reply: &Result<Bytes, CallError>,
    ) -> Mono {
        let now = self.context.world.mono();
        match reply {
            Ok(_) => {
                self.addresses.record_call(to, true);
                self.liveness.record_answer(to, class, now);
            }
            Err(CallError::Unknown) if now.since(deadline) < LATE_TIMER => {
                self.liveness.record_silence(to, class, sent, now);
            }
            Err(CallError::NotSent) => self.addresses.record_call(to, false),
            Err(CallError::Unknown) => {}
        }
        now
    }

    /// The steps that a peer tells in a reply, and the reply's body.
    fn body_of(
        &self,
        from: HostId,
        reply: Result<Bytes, CallError>,
        footing: Footing,
    ) -> (Bytes, Result<Bytes, ReplicaError>) {
        let split = |reply: Bytes| {
            let (header, rest) = Header::split(&reply, self.context.versions.speaks())?;
            header.split_steps(rest).map(|(steps, body)| (header, steps, body))
        };
        match reply.map(split) {
            Ok(Ok((header, steps, body))) => (steps, self.take_reply(from, header, footing).map(|()| body)),
            Err(CallError::NotSent) => (Bytes::new(), Err(ReplicaError::NotSent)),
            Ok(Err(_)) | Err(CallError::Unknown) => (Bytes::new(), Err(ReplicaError::Unknown)),
        }
    }

    /// Takes in what the header of a reply says.
    fn take_reply(&self, from: HostId, header: Header, footing: Footing) -> Result<(), ReplicaError> {
        self.note_doubt(from, header.status);
        if header.status == Err(Refusal::StaleEpoch) {
            self.refusers.note(from, header.epoch);
        }
        header.status.map_err(ReplicaError::Refused)?;
        // What a process did that is not admitted, perhaps on an older copy of its disk, counts for nothing.
        if !self.sight(from, &header, footing) {
            return Err(ReplicaError::Unknown);
        }
        self.context.witness(header.clock);
        Ok(())
    }

    /// Notes that a peer does not admit this process.
    fn note_doubt(&self, of: HostId, status: Result<(), Refusal>) {
        if status == Err(Refusal::Superseded) {
            self.doubts.add(of);
        }
    }

    /// Asks a peer about the cluster's own business. It may be no member yet.
    pub(crate) async fn ask<M: Message>(&self, to: To, question: &M, timeout: Duration) -> Result<M::Reply, AskError> {
        self.ask_for_header(to, question, timeout).await.map(|(_, reply)| reply)
    }

    /// Asks who is there; gives the number of the process's start with the answer.
    pub(crate) async fn probe(&self, to: To, timeout: Duration) -> Result<(u32, ProbeReply), AskError> {
        let probe = Probe { seeds: Vec::new() };
        self.ask_for_header(to, &probe, timeout).await.map(|(header, reply)| (header.start, reply))
    }

    async fn ask_for_header<M: Message>(
        &self,
        to: To,
        question: &M,
        timeout: Duration,
    ) -> Result<(Header, M::Reply), AskError> {
        let (sent, deadline) = (self.context.world.mono(), self.context.deadline_after(timeout));
        let reply = self.context.world.call(to, M::CLASS, deadline, self.request(question)).await;
        if let To::Host(host) = to {
            self.record_outcome(host, M::CLASS, (sent, deadline), &reply);
        }
        let reply = reply?;
        let (header, body) =
            Header::split(&reply, self.context.versions.speaks()).map_err(|_| AskError::Unreadable(reply.len()))?;
        if let To::Host(host) = to {
            self.note_doubt(host, header.status);
        }
        header.status.map_err(AskError::Refused)?;
        if let To::Host(host) = to
            && !self.sight(host, &header, M::FOOTING)
        {
            return Err(AskError::Unadmitted);
        }
        self.context.witness(header.clock);
        let bytes = body.len();
        M::Reply::decode(body).map(|reply| (header, reply)).map_err(|_| AskError::Unreadable(bytes))
    }

    /// Sends gossip, which nobody answers.
    pub(crate) fn gossip(&self, to: HostId, message: &Gossip) {
        self.context.world.tell(to, self.request(message));
    }

    /// Counts a peer's request as under way. The cluster's own business is always taken in.
    pub(crate) fn admit(&self, from: HostId, class: Class, bytes: usize) -> Result<Option<RequestInFlight>, Refusal> {
        if class == Class::Control {
            return Ok(None);
        }
        let options = &self.context.options;
        let most = LoadLimit { requests: options.peer_requests_max, bytes: options.peer_bytes_max };
        match self.load.admit(from, bytes, most) {
            Some(request) => Ok(Some(request)),
            None => {
                self.context.metrics.peer_requests_refused.inc();
                Err(Refusal::Overloaded)
            }
        }
    }
}

/// The times of a request that are measured.
#[derive(Default)]
struct Measures {
    /// Of a request to a replica, here.
    request: Option<TimedRequest>,
    /// True if the replica is to tell its steps.
    is_traced: bool,
}

/// A call, with the measuring of a request to a replica. One that is dropped was too slow for whoever waited for it.
struct MeasuredCall<W: World> {
    peers: Arc<Peers<W>>,
    request: Option<TimedRequest>,
}

impl<W: World> MeasuredCall<W> {
    fn end(&mut self, reply: &Result<Bytes, CallError>, now: Mono) {
        let Some(request) = self.request.take() else { return };
        match reply {
            Ok(_) => request.end(now),
            Err(CallError::Unknown) => request.give_up(now),
            Err(CallError::NotSent) => request.cancel(),
        }
    }
}

impl<W: World> Drop for MeasuredCall<W> {
    fn drop(&mut self) {
        if let Some(request) = self.request.take() {
            request.give_up(self.peers.context.world.mono());
        }
    }
}
