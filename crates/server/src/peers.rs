//! Messages from peers, handed to the node on the thread that received them.

use crate::world::ServerWorld;
use henge_node::{Bytes, Core, HostId, Node};
use henge_transport::{Class, Handler, Hello, Refusal, ReplyHandle, current_core};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Waker};
use std::time::Duration;
use tracing::Instrument;

/// The handler of the node's endpoint. It is made before the node, which needs the endpoint.
#[derive(Default)]
pub(crate) struct Peers {
    serving: OnceLock<Serving>,
}

/// The node as each thread that peers' connections run on has it.
struct Serving {
    control: Arc<ThreadHandle>,
    cores: Vec<Arc<ThreadHandle>>,
}

/// The node for one thread, shared by the requests there: other threads count no references to it.
struct ThreadHandle {
    node: Node<ServerWorld>,
    core: Core<ServerWorld>,
}

impl Serving {
    /// The handle of the calling thread.
    fn handle(&self) -> &Arc<ThreadHandle> {
        current_core().and_then(|number| self.cores.get(number)).unwrap_or(&self.control)
    }
}

impl Peers {
    /// Sets who answers, once: a node, with a handle for the control thread, and one for each core.
    pub(crate) fn connect(&self, node: Node<ServerWorld>, control: Core<ServerWorld>, cores: Vec<Core<ServerWorld>>) {
        let handle = |core| Arc::new(ThreadHandle { node: node.clone(), core });
        let _ = self.serving.set(Serving { control: handle(control), cores: cores.into_iter().map(handle).collect() });
    }

    fn node(&self) -> Option<&Node<ServerWorld>> {
        self.serving.get().map(|serving| &serving.handle().node)
    }
}

/// Runs a request, at once as far as it waits for nothing: most reads are answered from memory. What waits goes on as a task.
fn run(mut request: Pin<Box<dyn Future<Output = ()> + Send>>) {
    // The task asks again before it waits, so nobody has to be woken for this attempt.
    let mut context = Context::from_waker(Waker::noop());
    // A panic ends the request, as it would end a task, and not the link of its peer.
    let attempt = catch_unwind(AssertUnwindSafe(|| request.as_mut().poll(&mut context)));
    if attempt.is_ok_and(|attempt| attempt.is_pending()) {
        tokio::spawn(request);
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
        let handle = Arc::clone(serving.handle());
        let span = tracing::debug_span!("peer request", peer = %from, class = ?class, bytes = body.len());
        let serve = async move { reply.send(handle.node.serve(&handle.core, from, left, body).await) };
        match span.is_disabled() {
            true => run(Box::pin(serve)),
            false => run(Box::pin(serve.instrument(span))),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn a_request_that_waits_for_nothing_has_ended_when_it_was_received() {
        let ended = Arc::new(AtomicUsize::new(0));
        let count = |ended: &Arc<AtomicUsize>| ended.store(ended.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        let own = Arc::clone(&ended);
        run(Box::pin(async move { count(&own) }));
        assert_eq!(ended.load(Ordering::Relaxed), 1);
        let ((wake, woken), (done, is_done)) = (oneshot::channel::<()>(), oneshot::channel::<()>());
        let own = Arc::clone(&ended);
        run(Box::pin(async move {
            let _ = woken.await;
            count(&own);
            let _ = done.send(());
        }));
        assert_eq!(ended.load(Ordering::Relaxed), 1, "it waits, and nobody with it");
        wake.send(()).unwrap();
        is_done.await.unwrap();
        assert_eq!(ended.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_panic_ends_its_request_alone() {
        let (held, dropped) = oneshot::channel::<()>();
        run(Box::pin(async move {
            let _held = held;
            panic!("for this test");
        }));
        assert!(dropped.await.is_err(), "what it held is released");
    }
}
