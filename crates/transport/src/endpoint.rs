//! A UDP socket with all links to peers and all connections from them.

use crate::handler::{Call, CallError, Class, Destination, Handler};
use crate::identity::{Identity, IdentityError};
use crate::inbound;
use crate::limits::LOGGED_REFUSALS_MAX;
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

/// Bytes of the connection ids that this endpoint issues.
const CONNECTION_ID_BYTES: usize = 8;
/// Maximum UDP payload that is received, in bytes.
const PAYLOAD_BYTES_MAX: u16 = 65_000;

/// The reason why an endpoint could not be created.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address cannot be bound.
    #[error("udp {0} cannot be bound: {1}")]
    Socket(SocketAddr, std::io::Error),
    /// The identity cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// An endpoint. Clones share it. Its tasks run on the runtime in which it was bound.
#[derive(Clone)]
pub struct Endpoint {
    shared: Arc<EndpointState>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Endpoint")
    }
}

pub(crate) struct EndpointState {
    pub(crate) quinn: quinn::Endpoint,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) options: Options,
    pub(crate) inbound: AtomicUsize,
    client: quinn::ClientConfig,
    cluster: Mutex<Option<ClusterId>>,
    links: Mutex<BTreeMap<(Destination, Class), Arc<Link>>>,
    refused: Mutex<BTreeSet<(IpAddr, String)>>,
    refusals: AtomicU64,
    jitter_seed: AtomicU64,
    closed: AtomicBool,
    runtime: tokio::runtime::Handle,
}

/// The figures of an endpoint, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Bytes queued for sending.
    pub queue_bytes: usize,
    /// Calls that wait for a reply.
    pub pending_calls: usize,
    /// Links to peers, connected or not.
    pub links: usize,
    /// Links that are connected.
    pub links_up: usize,
    /// Connections from peers.
    pub inbound: usize,
    /// Connections in either direction that were refused or failed.
    pub refused: u64,
}

impl Endpoint {
    /// Binds a UDP address; port 0 chooses a free port. Must be called within a tokio runtime.
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
        let shared = Arc::new(EndpointState {
            quinn: socket(listen, server, identity).map_err(|e| BindError::Socket(listen, e))?,
            handler,
            cluster: Mutex::new(options.cluster),
            options,
            inbound: AtomicUsize::new(0),
            client,
            links: Mutex::default(),
            refused: Mutex::default(),
            refusals: AtomicU64::new(0),
            jitter_seed: AtomicU64::new(u64::from(listen.port()) + 1),
            closed: AtomicBool::new(false),
            runtime: tokio::runtime::Handle::current(),
        });
        tokio::spawn(inbound::accept(Arc::clone(&shared)));
        Ok(Endpoint { shared })
    }

    /// The bound address.
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.shared.quinn.local_addr().ok()
    }

    /// Sends a request, from any thread. The request is queued when this returns. The call ends at `deadline` from now
    /// at the latest, give or take the interval at which overdue calls are collected.
    pub fn call(&self, to: Destination, class: Class, deadline: Duration, body: Bytes) -> Call {
        if self.shared.is_closed() {
            return Call::Ready(Some(CallError::NotSent));
        }
        self.link(to, class).call(deadline, body)
    }

    /// Sends a message without a reply. It may be lost.
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

    /// Sets the cluster id that is sent to peers in later hellos.
    pub fn set_cluster(&self, cluster: ClusterId) {
        *self.shared.cluster.lock() = Some(cluster);
    }

    /// Ends the links to a host, except for those to the address `except`.
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

    /// The current figures.
    pub fn figures(&self) -> Figures {
        let links = self.shared.links.lock();
        Figures {
            queue_bytes: links.values().map(|l| l.waiting_bytes()).sum(),
            pending_calls: links.values().map(|l| l.pending.count()).sum(),
            links: links.len(),
            links_up: links.values().filter(|l| l.is_up.load(Ordering::Relaxed)).count(),
            inbound: self.shared.inbound.load(Ordering::Relaxed),
            refused: self.shared.refusals.load(Ordering::Relaxed),
        }
    }

    /// Ends all links and closes the socket; waits up to one second for peers to be notified.
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
    // The reset key outlives the process: a node that was killed can reset its old connections at the peers' next
    // packet (RFC 9000, 10.3). They connect again at once, and need not wait for the idle timeout.
    let mut config = quinn::EndpointConfig::new(Arc::new(identity.reset_key()));
    config.cid_generator(|| Box::new(RandomConnectionIdGenerator::new(CONNECTION_ID_BYTES)));
    config.max_udp_payload_size(PAYLOAD_BYTES_MAX).map_err(std::io::Error::other)?;
    let socket = std::net::UdpSocket::bind(listen)?;
    quinn::Endpoint::new(config, Some(server), socket, Arc::new(quinn::TokioRuntime))
}

impl EndpointState {
    pub(crate) fn client_config(&self) -> quinn::ClientConfig {
        self.client.clone()
    }

    pub(crate) fn cluster(&self) -> Option<ClusterId> {
        *self.cluster.lock()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// A pseudo-random fraction below one. Nothing depends on its quality.
    pub(crate) fn jitter(&self) -> f64 {
        let seed = self.jitter_seed.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        henge_base::Random::new(seed).below(1_000) as f64 / 1_000.0
    }

    /// Counts a refused connection, and logs it once for each address and reason.
    pub(crate) fn log_refusal(&self, address: IpAddr, reason: &str) {
        self.refusals.fetch_add(1, Ordering::Relaxed);
        let mut refused = self.refused.lock();
        if refused.len() < LOGGED_REFUSALS_MAX && refused.insert((address, reason.to_owned())) {
            tracing::warn!(peer = %address, "no connection between nodes: {reason}");
        }
    }
}
