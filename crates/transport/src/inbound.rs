//! Connections from peers. Whatever a peer sends, at most its own connection ends.

use crate::frame::Kind;
use crate::handler::{Class, Hello, ReplyHandle};
use crate::hello::{self, HelloError};
use crate::limits::{HANDSHAKE_TIMEOUT, INBOUND_CONNECTIONS_MAX};
use crate::outbox::Outbox;
use crate::state::EndpointState;
use crate::steering::class_hint;
use crate::stream;
use henge_base::BytesMut;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// Connections from peers, by the threads that serve them.
pub(crate) struct InboundConnections {
    control: Arc<ServingThread>,
    cores: Vec<Arc<ServingThread>>,
}

/// A thread that serves connections, and how many.
struct ServingThread {
    runtime: Handle,
    connections: AtomicUsize,
}

impl InboundConnections {
    /// None yet.
    pub(crate) fn new(control: Handle, cores: &[Handle]) -> InboundConnections {
        let thread = |runtime: Handle| Arc::new(ServingThread { runtime, connections: AtomicUsize::new(0) });
        InboundConnections { control: thread(control), cores: cores.iter().cloned().map(thread).collect() }
    }

    /// The number of connections.
    pub(crate) fn count(&self) -> usize {
        let threads = std::iter::once(&self.control).chain(&self.cores);
        threads.map(|thread| thread.connections.load(Ordering::Relaxed)).sum()
    }

    /// The thread for a connection of a class: the core that received it, or the one with the fewest if the control thread did. Control stays
    /// there, for no request must delay it.
    fn thread_for(&self, class: Option<Class>, received_by: Option<usize>) -> &Arc<ServingThread> {
        if let Some(core) = received_by.and_then(|core| self.cores.get(core)) {
            return core;
        }
        match class {
            Some(Class::Request | Class::Bulk) => {
                let least = self.cores.iter().min_by_key(|core| core.connections.load(Ordering::Relaxed));
                least.unwrap_or(&self.control)
            }
            Some(Class::Control) | None => &self.control,
        }
    }
}

/// Accepts connections until the endpoint, of the control thread or of a core, is closed.
pub(crate) async fn accept(
    port: quinn::Endpoint,
    core: Option<usize>,
    state: Arc<EndpointState>,
    inbound: Arc<InboundConnections>,
) {
    while let Some(incoming) = port.accept().await {
        if inbound.count() >= INBOUND_CONNECTIONS_MAX {
            incoming.refuse();
            continue;
        }
        let thread = Arc::clone(inbound.thread_for(class_hint(&incoming.orig_dst_cid()), core));
        thread.connections.fetch_add(1, Ordering::Relaxed);
        let (state, runtime) = (Arc::clone(&state), thread.runtime.clone());
        // The connection is accepted in the task, so that its encryption runs on the same thread.
        runtime.spawn(async move {
            let address = incoming.remote_address();
            if let Err(error) = serve(&state, incoming).await {
                state.log_refusal(address.ip(), &error);
            }
            thread.connections.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// A connection from a peer after the exchange of hellos.
struct InboundConnection {
    connection: quinn::Connection,
    sender: quinn::SendStream,
    receiver: quinn::RecvStream,
    input: BytesMut,
    hello: Hello,
}

async fn serve(state: &EndpointState, incoming: quinn::Incoming) -> Result<(), HelloError> {
    let lost = || HelloError::Lost("no hello in time".to_owned());
    let accepted = timeout(HANDSHAKE_TIMEOUT, accept_hello(state, incoming)).await.map_err(|_| lost())??;
    let InboundConnection { connection, sender, mut receiver, input, hello } = accepted;
    let outbox = Arc::new(Outbox::default());
    let write = stream::write(&outbox, sender, |_| {});
    let read = stream::read(&mut receiver, input, |head, body| match head.kind {
        Kind::Request => {
            let reply = ReplyHandle::new(Arc::clone(&outbox), head.correlation);
            let left = Duration::from_millis(u64::from(head.budget_ms));
            state.handler.request(hello.host, hello.class, left, body, reply);
        }
        Kind::Tell => state.handler.tell(hello.host, body),
        Kind::Hello | Kind::Reply | Kind::NoReply => {}
    });
    let ended = tokio::select! {
        () = write => Ok(()),
        ended = read => ended.map_err(HelloError::from),
        error = state.distrust(&connection) => Err(HelloError::Distrusted(error)),
    };
    outbox.close();
    if let Err(error) = &ended {
        connection.close(1u32.into(), error.to_string().as_bytes());
    }
    ended
}

async fn accept_hello(state: &EndpointState, incoming: quinn::Incoming) -> Result<InboundConnection, HelloError> {
    let lost = |reason: String| HelloError::Lost(reason);
    let address = incoming.remote_address();
    let connection = incoming.await.map_err(|e| HelloError::from_connection_error(&e))?;
    let (mut sender, mut receiver) = connection.accept_bi().await.map_err(|e| HelloError::from_connection_error(&e))?;
    let mut input = BytesMut::new();
    let heard = hello::receive(&connection, &mut receiver, &mut input, address).await;
    let admitted = heard.and_then(|hello| Ok(state.handler.admit(&hello).map(|()| hello)?));
    let hello = match admitted {
        Ok(hello) => hello,
        Err(error) => {
            connection.close(1u32.into(), error.to_string().as_bytes());
            // Kept open until the peer has received the reason.
            connection.closed().await;
            return Err(error);
        }
    };
    let ours = hello::encode(hello.class, state.cluster(), &state.options.release);
    sender.write_all(&ours).await.map_err(|e| lost(e.to_string()))?;
    Ok(InboundConnection { connection, sender, receiver, input, hello })
}
