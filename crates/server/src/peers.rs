//! Messages from peers, handed to the node on the thread that received them.

use crate::world::ServerWorld;
use henge_node::{Bytes, Core, HostId, Node};
use henge_transport::{Class, Handler, Hello, Refusal, ReplyHandle, current_core};
use std::sync::OnceLock;
use std::time::Duration;
use tracing::Instrument;

/// The handler of the node's endpoint. It is made before the node, which needs the endpoint.
#[derive(Default)]
pub(crate) struct Peers {
    serving: OnceLock<Serving>,
}

/// The node, with a handle for each thread that peers' connections run on.
struct Serving {
    node: Node<ServerWorld>,
    control: Core<ServerWorld>,
    cores: Vec<Core<ServerWorld>>,
}

impl Serving {
    /// The handle of the calling thread.
    fn core(&self) -> &Core<ServerWorld> {
        current_core().and_then(|number| self.cores.get(number)).unwrap_or(&self.control)
    }
}

impl Peers {
    /// Sets who answers, once: a node, with a handle for the control thread, and one for each core.
    pub(crate) fn connect(&self, node: Node<ServerWorld>, control: Core<ServerWorld>, cores: Vec<Core<ServerWorld>>) {
        let _ = self.serving.set(Serving { node, control, cores });
    }

    fn node(&self) -> Option<&Node<ServerWorld>> {
        self.serving.get().map(|serving| &serving.node)
    }
}

impl Handler for Peers {
    fn admit(&self, hello: &Hello) -> Result<(), Refusal> {
        let ours = self.node().and_then(Node::cluster);
        match (ours, hello.cluster) {
            (Some(ours), Some(theirs)) if ours != theirs => {
                Err(Refusal::OtherCluster { host: hello.host, theirs, ours })
            }
            _ => Ok(()),
        }
    }

    fn request(&self, from: HostId, class: Class, left: Duration, body: Bytes, reply: ReplyHandle) {
        let Some(serving) = self.serving.get() else { return };
        if left.is_zero() {
            return;
        }
        let (node, core) = (serving.node.clone(), serving.core().clone());
        let span = tracing::debug_span!("peer request", peer = %from, class = ?class, bytes = body.len());
        let serve = async move { reply.send(node.serve(&core, from, left, body).await) };
        tokio::spawn(serve.instrument(span));
    }

    fn tell(&self, from: HostId, body: Bytes) {
        if let Some(node) = self.node() {
            node.hear(from, &body);
        }
    }

    fn round_trip(&self, peer: HostId, _class: Class, time: Duration) {
        if let Some(node) = self.node() {
            node.metrics().round_trip(peer, time);
        }
    }
}
