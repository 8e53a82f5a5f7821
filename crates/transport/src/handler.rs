//! Sending and receiving messages: the interface to the node.

use crate::frame::{Head, Kind};
use crate::outbox::{Outbox, QueuedFrame};
use henge_base::{Bytes, ClusterId, HostId};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The class of a message. Each class has its own connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Messages of membership, metadata and gossip.
    Control,
    /// Reads and writes.
    Request,
    /// Hints and repair.
    Bulk,
}

impl Class {
    pub(crate) const ALL: [Class; 3] = [Class::Control, Class::Request, Class::Bulk];

    pub(crate) fn number(self) -> u8 {
        self as u8
    }
}

/// The destination of a message. If it names a host, a peer with another host's certificate is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    /// The host that must answer; `None` for any.
    pub host: Option<HostId>,
    /// The address to connect to.
    pub address: SocketAddr,
}

/// The identity that two nodes exchange first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The peer's host id, from its certificate.
    pub host: HostId,
    /// The peer's cluster; `None` if it has none yet.
    pub cluster: Option<ClusterId>,
    /// The peer's release.
    pub release: String,
    /// The class of messages on the connection.
    pub class: Class,
    /// The peer's address: the source of the connection, or the address that was dialled.
    pub address: SocketAddr,
}

/// A peer is not talked to; nothing but hellos was exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is of another cluster.
    #[error(
        "host {host} is of cluster {theirs}, this node of {ours}: each cluster needs addresses and seeds of its own; a node that is to \
         change its cluster needs an empty data directory"
    )]
    OtherCluster {
        /// The peer.
        host: HostId,
        /// Its cluster.
        theirs: ClusterId,
        /// This node's cluster.
        ours: ClusterId,
    },
}

/// The node's treatment of incoming messages. It is called on the reading task and must not block.
pub trait Handler: Send + Sync + 'static {
    /// Accepts or refuses a peer, once per connection, at both ends. The error is the reason; it is logged and sent to
    /// the peer.
    fn admit(&self, hello: &Hello) -> Result<(), Refusal>;
    /// Handles a request. `left` is the time for which the caller still waits.
    fn request(&self, from: HostId, class: Class, left: Duration, body: Bytes, reply: ReplyHandle);
    /// Handles a message without a reply.
    fn tell(&self, from: HostId, body: Bytes);
    /// Called when a peer has answered a call, also without a reply, with the call's duration.
    fn round_trip(&self, _peer: HostId, _class: Class, _time: Duration) {}
}

/// Answers one request. If it is dropped without a reply, the caller is told that there will be none.
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
            // If the link is gone or its queue full, the reply is lost and the caller's deadline ends the call.
            let _ = self.outbox.push(QueuedFrame { head: Head::of(kind, correlation), body, deadline: None });
        }
    }
}

impl Drop for ReplyHandle {
    fn drop(&mut self) {
        self.finish(Kind::NoReply, Bytes::new());
    }
}
