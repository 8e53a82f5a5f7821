//! Both ends of a message, as the node above sees them.

use crate::frame::{Head, Kind};
use crate::outbox::{Outbox, Waiting};
use crate::pending::Outcome;
use henge_base::{Bytes, ClusterId, HostId};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;

/// Which connection a message takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Membership, metadata, gossip.
    Control,
    /// Reads and writes.
    Request,
    /// Hints, repair.
    Bulk,
}

impl Class {
    pub(crate) const ALL: [Class; 3] = [Class::Control, Class::Request, Class::Bulk];

    pub(crate) fn number(self) -> u8 {
        self as u8
    }
}

/// Where a message goes. With a host, a peer that presents another certificate is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    /// Who has to answer there; `None`: whoever does.
    pub host: Option<HostId>,
    /// Where.
    pub address: SocketAddr,
}

/// A call ended without a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No byte of it left this node.
    #[error("the message was not sent")]
    NotSent,
    /// It may have arrived, and may have been carried out.
    #[error("the outcome is unknown")]
    Unknown,
}

/// What two nodes tell each other first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The peer, as its certificate says.
    pub host: HostId,
    /// Its cluster, if it is in one.
    pub cluster: Option<ClusterId>,
    /// Its release.
    pub release: String,
    /// What the connection is for.
    pub class: Class,
    /// Where it comes from, or where we reached it.
    pub address: SocketAddr,
}

/// What a node does with what arrives. Called on the reading task: it must not block.
pub trait Handler: Send + Sync + 'static {
    /// Whether to talk to this peer, once per connection, at both ends. An error is the reason, for the log.
    fn admit(&self, hello: &Hello) -> Result<(), String>;
    /// A request; `left` is how long the caller still waits.
    fn request(&self, from: HostId, class: Class, left: Duration, body: Bytes, reply: ReplyHandle);
    /// A message that nobody answers.
    fn tell(&self, from: HostId, body: Bytes);
    /// A call was answered.
    fn round_trip(&self, _peer: HostId, _class: Class, _time: Duration) {}
}

/// Answers one request. Dropped unused, it tells the caller that there will be no reply.
#[derive(Debug)]
pub struct ReplyHandle {
    outbox: Arc<Outbox>,
    correlation: Option<u64>,
}

impl ReplyHandle {
    pub(crate) fn new(outbox: Arc<Outbox>, correlation: u64) -> ReplyHandle {
        ReplyHandle { outbox, correlation: Some(correlation) }
    }

    /// Sends the reply.
    pub fn send(mut self, body: Bytes) {
        self.finish(Kind::Reply, body);
    }

    fn finish(&mut self, kind: Kind, body: Bytes) {
        if let Some(correlation) = self.correlation.take() {
            // A link that is gone or full loses the reply; the caller's deadline ends the call.
            let _ = self.outbox.push(Waiting { head: Head::of(kind, correlation), body, deadline: None });
        }
    }
}

impl Drop for ReplyHandle {
    fn drop(&mut self) {
        self.finish(Kind::NoReply, Bytes::new());
    }
}

/// A call under way. Dropping it cancels nothing.
#[derive(Debug)]
pub enum Call {
    /// Known at once.
    Ready(Option<CallError>),
    /// Sent, or about to be.
    Waiting(oneshot::Receiver<Outcome>),
}

impl Future for Call {
    type Output = Outcome;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        match &mut *self {
            Call::Ready(error) => Poll::Ready(Err(error.take().unwrap_or(CallError::Unknown))),
            Call::Waiting(receiver) => Pin::new(receiver).poll(cx).map(|r| r.unwrap_or(Err(CallError::Unknown))),
        }
    }
}
