//! One socket with all its links: those we dial, and those from peers.

use crate::handler::{Call, CallError, Class, Destination, Handler};
use crate::identity::{Identity, IdentityError};
use crate::inbound;
use crate::limits::REFUSED;
use crate::link::{self, Link};
use crate::options::Options;
use crate::tls;
use henge_base::{Bytes, ClusterId, HostId};
use parking_lot::Mutex;
use quinn_proto::RandomConnectionIdGenerator;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// Length of the connection ids that this endpoint gives out.
const CONNECTION_ID_BYTES: usize = 8;
/// Largest UDP payload taken.
const PAYLOAD_BYTES: u16 = 65_000;

/// An endpoint could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address cannot be had.
    #[error("udp {0} cannot be bound: {1}")]
    Socket(SocketAddr, std::io::Error),
    /// The identity cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// An endpoint. Clones share it; its tasks run on the runtime that it was bound in.
#[derive(Clone)]
pub struct Endpoint {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Endpoint")
    }
}

pub(crate) struct Shared {
    pub(crate) quinn: quinn::Endpoint,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) options: Options,
    pub(crate) inbound: AtomicUsize,
    client: quinn::ClientConfig,
    cluster: Mutex<Option<ClusterId>>,
    links: Mutex<BTreeMap<(Destination, Class), Arc<Link>>>,
    refused: Mutex<BTreeSet<(IpAddr, String)>>,
    refusals: AtomicU64,
    chance: AtomicU64,
    closed: AtomicBool,
    runtime: tokio::runtime::Handle,
}

/// Figures for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Bytes that wait to be sent.
    pub queue_bytes: usize,
    /// Calls under way.
    pub pending_calls: usize,
    /// Links that were ever used.
    pub links: usize,
    /// Links that are connected.
    pub links_up: usize,
    /// Connections from peers.
    pub inbound: usize,
    /// Connections that were refused or broke, either way.
    pub refused: u64,
}

impl Endpoint {
    /// Binds a UDP address, port 0 for any, within a tokio runtime.
    pub fn bind(
        listen: SocketAddr,
        identity: &Identity,
        handler: Arc<dyn Handler>,
        options: Options,
    ) -> Result<Endpoint, BindError> {
        let transport = options.transport(listen);
        let mut server = quinn::ServerConfig::with_crypto(Arc::new(tls::server(identity)?));
        server.transport_config(Arc::clone(&transport));
        let mut client = quinn::ClientConfig::new(Arc::new(tls::client(identity)?));
        client.transport_config(transport);
        let shared = Arc::new(Shared {
            quinn: socket(listen, server, identity).map_err(|e| BindError::Socket(listen, e))?,
            handler,
            cluster: Mutex::new(options.cluster),
            options,
            inbound: AtomicUsize::new(0),
            client,
            links: Mutex::default(),
            refused: Mutex::default(),
            refusals: AtomicU64::new(0),
            chance: AtomicU64::new(u64::from(listen.port()) + 1),
            closed: AtomicBool::new(false),
            runtime: tokio::runtime::Handle::current(),
        });
        tokio::spawn(inbound::accept(Arc::clone(&shared)));
        Ok(Endpoint { shared })
    }

    /// The address that was bound.
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.shared.quinn.local_addr().ok()
    }

    /// Sends a request. It is under way when this returns, from any thread; the call ends at the deadline (counted from now) at the latest,
    /// or some ten milliseconds after it.
    pub fn call(&self, to: Destination, class: Class, deadline: Duration, body: Bytes) -> Call {
        if self.shared.is_closed() {
            return Call::Ready(Some(CallError::NotSent));
        }
        self.link(to, class).call(deadline, body)
    }

    /// Sends a message that nobody answers and that may be lost.
    pub fn tell(&self, to: Destination, body: Bytes) {
        if !self.shared.is_closed() {
            self.link(to, Class::Control).tell(body);
        }
    }

    fn link(&self, to: Destination, class: Class) -> Arc<Link> {
        let mut links = self.shared.links.lock();
        if let Some(link) = links.get(&(to, class)) {
            return Arc::clone(link);
        }
        let link = Arc::new(Link::new(to, class));
        links.insert((to, class), Arc::clone(&link));
        drop(links);
        self.shared.runtime.spawn(link::run(Arc::clone(&self.shared), Arc::clone(&link)));
        link
    }

    /// Sets the cluster that peers are told of from now on.
    pub fn set_cluster(&self, cluster: ClusterId) {
        *self.shared.cluster.lock() = Some(cluster);
    }

    /// Ends the links to a host at addresses other than `address`, or all of them.
    pub fn forget(&self, host: HostId, except: Option<SocketAddr>) {
        let mut links = self.shared.links.lock();
        let gone: Vec<_> =
            links.keys().filter(|(to, _)| to.host == Some(host) && Some(to.address) != except).copied().collect();
        for key in gone {
            if let Some(link) = links.remove(&key) {
                link.end();
            }
        }
    }

    /// Figures for metrics.
    pub fn figures(&self) -> Figures {
        let links = self.shared.links.lock();
        Figures {
            queue_bytes: links.values().map(|l| l.waiting_bytes()).sum(),
            pending_calls: links.values().map(|l| l.pending.count()).sum(),
            links: links.len(),
            links_up: links.values().filter(|l| l.up.load(Ordering::Relaxed)).count(),
            inbound: self.shared.inbound.load(Ordering::Relaxed),
            refused: self.shared.refusals.load(Ordering::Relaxed),
        }
    }

    /// Says goodbye to peers; waits a second at most.
    pub async fn close(&self) {
        self.shared.closed.store(true, Ordering::Release);
        for link in std::mem::take(&mut *self.shared.links.lock()).into_values() {
            link.end();
        }
        self.shared.quinn.close(0u32.into(), b"shutting down");
        let _ = tokio::time::timeout(Duration::from_secs(1), self.shared.quinn.wait_idle()).await;
    }
}

fn socket(listen: SocketAddr, server: quinn::ServerConfig, identity: &Identity) -> std::io::Result<quinn::Endpoint> {
    // A node that was killed tells peers at their next packet that their connections are gone (RFC 9000, 10.3): they connect anew at
    // once, where they would go on sending into the void until the idle timeout. Hence a key that outlives the process.
    let mut config = quinn::EndpointConfig::new(Arc::new(identity.reset_key()));
    config.cid_generator(|| Box::new(RandomConnectionIdGenerator::new(CONNECTION_ID_BYTES)));
    config.max_udp_payload_size(PAYLOAD_BYTES).map_err(std::io::Error::other)?;
    let socket = std::net::UdpSocket::bind(listen)?;
    quinn::Endpoint::new(config, Some(server), socket, Arc::new(quinn::TokioRuntime))
}

impl Shared {
    pub(crate) fn client_config(&self) -> quinn::ClientConfig {
        self.client.clone()
    }

    pub(crate) fn cluster(&self) -> Option<ClusterId> {
        *self.cluster.lock()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// A fraction, different each time; nothing depends on its quality.
    pub(crate) fn jitter(&self) -> f64 {
        let seed = self.chance.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        henge_base::Random::new(seed).below(1_000) as f64 / 1_000.0
    }

    /// Logs why a peer and we do not talk: once for each address and reason.
    pub(crate) fn refused(&self, address: IpAddr, reason: &str) {
        self.refusals.fetch_add(1, Ordering::Relaxed);
        let mut refused = self.refused.lock();
        if refused.len() < REFUSED && refused.insert((address, reason.to_owned())) {
            tracing::warn!(peer = %address, "no connection between nodes: {reason}");
        }
    }
}
