//! Messages between nodes, and the peers that send and answer them.

pub(crate) mod batch_log;
pub(crate) mod control;
pub(crate) mod counters;
pub(crate) mod header;
pub(crate) mod liveness;
pub(crate) mod load;
pub(crate) mod refusals;

use crate::ground::context::Context;
use crate::ground::world::{CallError, Class, To, World};
use control::{Answer, AskError, Control};
use header::{Header, Kind, Status};
use henge_base::{Bytes, HostId, Mono};
use henge_coordinator::ReplicaError;
use liveness::Liveness;
use load::{PeerLoad, RequestInFlight};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// The other nodes, as this one talks to them. It needs no view of the cluster, only the epoch that messages carry.
pub(crate) struct Peers<W> {
    context: Arc<Context<W>>,
    liveness: Liveness,
    load: PeerLoad,
}

impl<W: World> Peers<W> {
    /// Nobody has been heard of yet.
    pub(crate) fn new(context: Arc<Context<W>>) -> Self {
        Peers { context, liveness: Liveness::default(), load: PeerLoad::default() }
    }

    /// Who seems up.
    pub(crate) fn liveness(&self) -> &Liveness {
        &self.liveness
    }

    /// A request with this node's epoch and clock in its header.
    pub(crate) fn message(&self, kind: Kind, body: &[u8]) -> Bytes {
        self.header(kind, Status::Ok).with_body(body)
    }

    /// A reply.
    pub(crate) fn reply(&self, status: Status, body: &[u8]) -> Bytes {
        self.header(Kind::Reply, status).with_body(body)
    }

    fn header(&self, kind: Kind, status: Status) -> Header {
        Header { kind, status, epoch: self.context.epoch(), clock: self.context.clock.last() }
    }

    /// Sends a request to a member, at once; gives the body of its reply. A reply is evidence that the member is up.
    pub(crate) fn call(
        self: &Arc<Self>,
        to: HostId,
        class: Class,
        deadline: Mono,
        kind: Kind,
        body: &[u8],
    ) -> impl Future<Output = Result<Bytes, ReplicaError>> + Send + use<W> {
        let call = self.context.world.call(To::Host(to), class, deadline, self.message(kind, body));
        let peers = Arc::clone(self);
        async move { peers.body_of(to, call.await) }
    }

    fn body_of(&self, from: HostId, reply: Result<Bytes, CallError>) -> Result<Bytes, ReplicaError> {
        let (header, body) = refusals::outcome(reply)?;
        self.liveness.answered(from, self.context.world.mono());
        self.context.witness(header.clock);
        Ok(body)
    }

    /// Calls a peer about the cluster's own business.
    pub(crate) async fn ask(&self, to: To, question: &Control, timeout: Duration) -> Result<Answer, AskError> {
        let message = self.message(Kind::Control, &control::encode(question));
        let deadline = self.context.deadline_after(timeout);
        let reply = self.context.world.call(to, Class::Control, deadline, message).await?;
        let (header, body) = Header::split(&reply).map_err(|_| AskError::Unreadable(reply.len()))?;
        self.context.witness(header.clock);
        if header.status == Status::Unsupported {
            return Err(AskError::Unsupported);
        }
        control::decode(&body).map_err(|_| AskError::Unreadable(body.len()))
    }

    /// Sends a message of gossip, which nobody answers.
    pub(crate) fn gossip(&self, to: HostId, body: &[u8]) {
        self.context.world.tell(to, self.message(Kind::Gossip, body));
    }

    /// Counts a peer's request as under way. The cluster's own business is always taken in.
    pub(crate) fn admit(&self, from: HostId, kind: Kind, bytes: usize) -> Result<Option<RequestInFlight>, Status> {
        if kind == Kind::Control {
            return Ok(None);
        }
        let options = &self.context.options;
        match self.load.admit(from, bytes, options.peer_requests_max, options.peer_bytes_max) {
            Some(request) => Ok(Some(request)),
            None => {
                self.context.metrics.peer_requests_refused.inc();
                Err(Status::Overloaded)
            }
        }
    }
}
