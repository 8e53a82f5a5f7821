//! A node's UDP port with all links to peers and all connections from them.

use crate::call::{Call, CallError};
use crate::core_number::current_core;
use crate::dialer::Dialer;
use crate::handler::{Class, Destination, Handler};
use crate::identity::{Identity, IdentityError};
use crate::inbound::{self, InboundConnections};
use crate::limits::{CLOSE_TIMEOUT, DIALING_CORES_MAX};
use crate::link::Link;
use crate::options::Options;
use crate::port::{Port, dialing_endpoint};
use crate::state::EndpointState;
use crate::tls;
use henge_base::{Bytes, ClusterId, HostId};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;

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

/// An endpoint. Clones share it.
///
/// [`Class::Control`] runs on the runtime in which the endpoint was bound. Requests and bulk of peers run
/// on the cores, each connection on one; a request that a core sends goes through a link of that core.
#[derive(Clone)]
pub struct Endpoint {
    shared: Arc<EndpointParts>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Endpoint")
    }
}

struct EndpointParts {
    listen: SocketAddr,
    state: Arc<EndpointState>,
    /// The port, which peers connect to.
    port: Port,
    inbound: Arc<InboundConnections>,
    /// The end of the own certificate's validity, in seconds since the epoch.
    certificate_expiry: AtomicU64,
    /// The links of threads that belong to no core, and all links of class control and bulk.
    control: Arc<Dialer>,
    /// The links of cores: each core has those at its number, as a remainder.
    cores: Vec<Arc<Dialer>>,
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
    /// The end of the own certificate's validity, in seconds since the epoch.
    pub certificate_expiry_seconds: u64,
}

impl Endpoint {
    /// Binds a UDP address; port 0 chooses a free port. Must be called within a tokio runtime. `cores` are the runtimes of
    /// the cores, each of one thread that [`crate::enter_core`] numbers by its place here; without any, the calling
    /// runtime does all.
    pub fn bind(
        listen: SocketAddr,
        identity: &Identity,
        handler: Arc<dyn Handler>,
        options: Options,
        cores: &[Handle],
    ) -> Result<Endpoint, BindError> {
        let (server, client) = configurations(identity, &options, listen)?;
        let failed = |e| BindError::Socket(listen, e);
        let port = Port::bind(listen, &server, identity, cores).map_err(failed)?;
        let control = dialer(&Handle::current(), listen, identity).map_err(failed)?;
        let dialers = cores.iter().take(DIALING_CORES_MAX).map(|core| dialer(core, listen, identity));
        let seed = u64::from(listen.port()) + 1;
        let certificate_expiry = AtomicU64::new(identity.validity().end_seconds());
        let inbound = Arc::new(InboundConnections::new(Handle::current(), cores));
        let state = Arc::new(EndpointState::new(handler, options, client, identity.trust.clone(), seed));
        let accept = |port: &quinn::Endpoint, core| {
            inbound::accept(port.clone(), core, Arc::clone(&state), Arc::clone(&inbound))
        };
        tokio::spawn(accept(&port.control, None));
        for (number, (port, core)) in port.cores.iter().zip(cores).enumerate() {
            core.spawn(accept(port, Some(number)));
        }
        let shared = Arc::new(EndpointParts {
            listen,
            control,
            cores: dialers.collect::<Result<_, _>>().map_err(failed)?,
            state,
            port,
            inbound,
            certificate_expiry,
        });
        Ok(Endpoint { shared })
    }

    /// The bound address.
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.shared.port.control.local_addr().ok()
    }

    /// Sends a request, from any thread. The request is queued when this returns. The call ends at `deadline` from now
    /// at the latest, give or take the interval at which overdue calls are collected.
    pub fn call(&self, to: Destination, class: Class, deadline: Duration, body: Bytes) -> Call {
        if self.shared.state.is_closed() {
            return Call::Ready(Some(CallError::NotSent));
        }
        self.shared.link(to, class).call(deadline, body)
    }

    /// Sends a message without a reply. It may be lost.
    pub fn tell(&self, to: Destination, body: Bytes) {
        if !self.shared.state.is_closed() {
            self.shared.link(to, Class::Control).tell(body);
        }
    }

    /// Uses another certificate of the same host, and other authorities and revocations, from now on. Connections go on,
    /// but for those of peers that are not trusted any more, which end.
    pub fn replace_identity(&self, identity: &Identity) -> Result<(), IdentityError> {
        let (server, client) = configurations(identity, &self.shared.state.options, self.shared.listen)?;
        self.shared.port.set_server_config(&server);
        self.shared.certificate_expiry.store(identity.validity().end_seconds(), Ordering::Relaxed);
        self.shared.state.replace_identity(client, identity.trust.clone());
        Ok(())
    }

    /// Sets the cluster id that is sent to peers in later hellos.
    pub fn set_cluster(&self, cluster: ClusterId) {
        self.shared.state.set_cluster(cluster);
    }

    /// Ends the links to a host, except for those to the address `except`.
    pub fn forget(&self, host: HostId, except: Option<SocketAddr>) {
        self.shared.dialers().for_each(|dialer| dialer.forget(host, except));
    }

    /// The current figures.
    pub fn figures(&self) -> Figures {
        let links: Vec<Arc<Link>> = self.shared.dialers().flat_map(|dialer| dialer.links()).collect();
        Figures {
            queue_bytes: links.iter().map(|l| l.waiting_bytes()).sum(),
            pending_calls: links.iter().map(|l| l.pending.count()).sum(),
            links: links.len(),
            links_up: links.iter().filter(|l| l.is_up.load(Ordering::Relaxed)).count(),
            inbound: self.shared.inbound.count(),
            refused: self.shared.state.refusals(),
            certificate_expiry_seconds: self.shared.certificate_expiry.load(Ordering::Relaxed),
        }
    }

    /// Ends all links and closes the port; waits up to one second for peers to be notified.
    pub async fn close(&self) {
        self.shared.state.close();
        self.shared.dialers().for_each(|dialer| dialer.end());
        self.shared.port.end();
        let dialed =
            futures_util::future::join_all(self.shared.dialers().map(|dialer| dialer.wait_idle(CLOSE_TIMEOUT)));
        futures_util::future::join(dialed, self.shared.port.wait_idle(CLOSE_TIMEOUT)).await;
    }
}

/// The settings of connections from peers, and of connections to them.
fn configurations(
    identity: &Identity,
    options: &Options,
    listen: SocketAddr,
) -> Result<(quinn::ServerConfig, quinn::ClientConfig), IdentityError> {
    let transport = options.transport(listen);
    let mut server = quinn::ServerConfig::with_crypto(Arc::new(tls::server(identity)?));
    server.transport_config(Arc::clone(&transport));
    let mut client = quinn::ClientConfig::new(Arc::new(tls::client(identity)?));
    client.transport_config(transport);
    Ok((server, client))
}

/// The links of a thread, over a socket of its own: replies wake no other thread, and a stateless reset, whose bytes are random, reaches it.
fn dialer(thread: &Handle, listen: SocketAddr, identity: &Identity) -> std::io::Result<Arc<Dialer>> {
    // The socket's events and the endpoint's task belong to the runtime that is entered.
    let _entered = thread.enter();
    Ok(Arc::new(Dialer::new(dialing_endpoint(listen, identity)?, thread.clone())))
}

impl EndpointParts {
    /// The link by which the calling thread sends to a destination.
    fn link(&self, to: Destination, class: Class) -> Arc<Link> {
        let core = current_core().filter(|_| class == Class::Request && !self.cores.is_empty());
        let dialer = core.map_or(&self.control, |core| &self.cores[core % self.cores.len()]);
        dialer.link(&self.state, to, class)
    }

    fn dialers(&self) -> impl Iterator<Item = &Arc<Dialer>> {
        std::iter::once(&self.control).chain(&self.cores)
    }
}
