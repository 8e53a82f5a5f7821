//! What arrives from peers, handed to the node on the runtime that received it.

use crate::world::ServerWorld;
use henge_base::{Bytes, HostId};
use henge_node::{Core, Node};
use henge_transport::{Class, Handler, Hello, ReplyHandle};
use std::sync::OnceLock;
use std::time::Duration;

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
    fn admit(&self, hello: &Hello) -> Result<(), String> {
        let ours = self.node.get().and_then(|(node, _)| node.cluster());
        match (ours, hello.cluster) {
            (Some(ours), Some(theirs)) if ours != theirs => {
                Err(format!("host {} is of cluster {theirs}, this node of {ours}", hello.host))
            }
            _ => Ok(()),
        }
    }

    fn request(&self, from: HostId, _class: Class, left: Duration, body: Bytes, reply: ReplyHandle) {
        let Some((node, core)) = self.node.get() else { return };
        if left.is_zero() {
            return;
        }
        let (node, core) = (node.clone(), core.clone());
        tokio::spawn(async move { reply.send(node.serve(&core, from, body).await) });
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
