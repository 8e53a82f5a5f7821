//! Clients' connections, each served by the thread of one core.

use crate::connection::{ClientSettings, Connection};
use crate::open_connections::OpenConnection;
use crate::refusals::log_refused_connection;
use crate::socket::{self, Socket};
use crate::world::ServerWorld;
use henge_node::{Core, Node};
use std::io::ErrorKind;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// A core that serves connections of clients.
pub(crate) struct ServingCore {
    connections: mpsc::UnboundedSender<(TcpStream, OpenConnection)>,
    open: Arc<AtomicUsize>,
    served: JoinHandle<()>,
}

impl ServingCore {
    /// Serves connections on the thread of a core.
    pub(crate) fn start(
        runtime: &Handle,
        core: Core<ServerWorld>,
        node: Node<ServerWorld>,
        stop: watch::Receiver<bool>,
        settings: ClientSettings,
    ) -> ServingCore {
        let (connections, arriving) = mpsc::unbounded_channel();
        let open = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&open);
        let served = runtime.spawn(async move {
            serve_all(arriving, &node, &core, &stop, settings, &counted).await;
        });
        ServingCore { connections, open, served }
    }

    /// Connections it serves.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Hands a connection to the core.
    pub(crate) fn hand_over(&self, stream: TcpStream, counted: OpenConnection) {
        self.open.fetch_add(1, Ordering::Relaxed);
        let _ = self.connections.send((stream, counted));
    }

    /// Waits for its connections to end; it must have been told to stop.
    pub(crate) async fn join(self) {
        drop(self.connections);
        let _ = self.served.await;
    }
}

/// Serves connections until no more can arrive and all have ended.
async fn serve_all(
    mut arriving: mpsc::UnboundedReceiver<(TcpStream, OpenConnection)>,
    node: &Node<ServerWorld>,
    core: &Core<ServerWorld>,
    stop: &watch::Receiver<bool>,
    settings: ClientSettings,
    open: &Arc<AtomicUsize>,
) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            stream = arriving.recv() => match stream {
                Some((stream, counted)) => {
                    let (node, core, stop, settings, open) =
                        (node.clone(), core.clone(), stop.clone(), settings.clone(), Arc::clone(open));
                    connections.spawn(async move {
                        serve_one(stream, node, core, stop, settings, open).await;
                        drop(counted);
                    });
                }
                None => break,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
    while connections.join_next().await.is_some() {}
}

async fn serve_one(
    stream: TcpStream,
    node: Node<ServerWorld>,
    core: Core<ServerWorld>,
    mut stop: watch::Receiver<bool>,
    settings: ClientSettings,
    open: Arc<AtomicUsize>,
) {
    let metrics = Arc::clone(node.metrics());
    metrics.connections.inc();
    // A socket without a peer address is closed already.
    let arrived = tokio::net::TcpStream::from_std(stream).and_then(|stream| Ok((stream.peer_addr()?, stream)));
    if let Ok((peer, stream)) = arrived {
        socket::tune(&stream);
        match Socket::accept(stream, settings.tls.as_ref(), &mut stop).await {
            Ok(Some(socket)) => {
                let entry = settings.clients.register(settings.core, peer, socket.tls());
                let connection = Connection::new(core, &node, &settings, peer.ip(), entry);
                if let Err(error) = connection.serve(socket, node.events(), stop).await {
                    tracing::debug!(%error, client = %peer, "a client connection broke");
                }
            }
            Ok(None) => {}
            // What is no TLS, or no certificate that is trusted. Who merely goes away is nobody to warn of.
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                log_refused_connection(peer.ip(), &format!("the TLS handshake failed: {error}"));
            }
            Err(error) => tracing::debug!(%error, client = %peer, "the TLS handshake of a client failed"),
        }
    }
    metrics.connections.dec();
    open.fetch_sub(1, Ordering::Relaxed);
}
