//! Messages from peers, handed to the node on the runtime that received them.

use crate::world::ServerWorld;
use henge_node::{Bytes, Core, HostId, Node};
use henge_transport::{Class, Handler, Hello, Refusal, ReplyHandle};
use std::sync::OnceLock;
use std::time::Duration;
use tracing::Instrument;

/// The handler of the node's endpoint. It is made before the node, which needs the endpoint.
#[derive(Default)]
pub(crate) struct Peers {
    node: OnceLock<(Node<ServerWorld>, Core<ServerWorld>)>,
}

impl Peers {
    /// Sets who answers, once.
    pub(crate) fn connect(&self, node: Node<ServerWorld>, core: Core<ServerWorld>) {
        let _ = self.node.set((node, core));
    }
}

impl Handler for Peers {
    fn admit(&self, hello: &Hello) -> Result<(), Refusal> {
        let ours = self.node.get().and_then(|(node, _)| node.cluster());
        match (ours, hello.cluster) {
            (Some(ours), Some(theirs)) if ours != theirs => {
                Err(Refusal::OtherCluster { host: hello.host, theirs, ours })
            }
            _ => Ok(()),
        }
    }

    fn request(&self, from: HostId, class: Class, left: Duration, body: Bytes, reply: ReplyHandle) {
        let Some((node, core)) = self.node.get() else { return };
        if left.is_zero() {
            return;
        }
        let (node, core) = (node.clone(), core.clone());
        let span = tracing::debug_span!("peer request", peer = %from, class = ?class, bytes = body.len());
        let serve = async move { reply.send(node.serve(&core, from, body).await) };
        tokio::spawn(serve.instrument(span));
    }

    fn tell(&self, from: HostId, body: Bytes) {
        if let Some((node, _)) = self.node.get() {
            node.hear(from, &body);
        }
    }

    fn round_trip(&self, peer: HostId, _class: Class, time: Duration) {
        if let Some((node, _)) = self.node.get() {
            node.metrics().round_trip(peer, time);
        }
    }
}
