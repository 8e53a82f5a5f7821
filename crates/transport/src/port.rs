//! A node's UDP port. The control thread and each core have a socket of their own for it, and the kernel hands each datagram to that of the
//! thread which runs its connection: a request wakes no thread but the one that serves it.

use crate::identity::Identity;
use crate::steering::{ThreadIds, steer};
use crate::udp_socket::QuicRuntime;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// Maximum cores with a socket of the port; connections on it are spread over these. Their number fits a byte, with bytes for each.
const SERVING_CORES_MAX: usize = 64;
/// Maximum UDP payload that is received, in bytes.
const PAYLOAD_BYTES_MAX: u16 = 65_000;

/// The QUIC endpoints of the port.
pub(crate) struct Port {
    /// That of the control thread, which also has what no other one is for.
    pub(crate) control: quinn::Endpoint,
    /// Those of cores, in their order; none where sockets cannot share a port, so that the control thread reads for all.
    pub(crate) cores: Vec<quinn::Endpoint>,
}

impl Port {
    /// Binds an address; port 0 chooses a free port. Must be called within the runtime of the control thread.
    pub(crate) fn bind(
        listen: SocketAddr,
        server: &quinn::ServerConfig,
        identity: &Identity,
        cores: &[Handle],
    ) -> io::Result<Port> {
        let cores = &cores[..cores.len().min(SERVING_CORES_MAX)];
        // The sockets that share a port would share it with another process of the same user as well: this one does not.
        let alone = UdpSocket::bind(listen)?;
        let listen = alone.local_addr()?;
        drop(alone);
        let sockets = shared_sockets(listen, cores.len()).or_else(|error| {
            tracing::info!(%error, "the control thread receives for all cores, since sockets cannot share the port");
            UdpSocket::bind(listen).map(|socket| vec![socket])
        })?;
        let mut sockets = sockets.into_iter();
        let first = sockets.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let control = endpoint(first, Some(server.clone()), identity, None)?;
        let number = cores.len() as u8;
        let of_core = |((core, runtime), socket): ((usize, &Handle), UdpSocket)| {
            // The socket's events and the endpoint's task belong to the runtime that is entered.
            let _entered = runtime.enter();
            endpoint(socket, Some(server.clone()), identity, Some((core as u8, number)))
        };
        let cores = cores.iter().enumerate().zip(sockets).map(of_core).collect::<io::Result<_>>()?;
        Ok(Port { control, cores })
    }

    /// Uses another certificate for connections from now on.
    pub(crate) fn set_server_config(&self, server: &quinn::ServerConfig) {
        self.endpoints().for_each(|endpoint| endpoint.set_server_config(Some(server.clone())));
    }

    /// Closes all connections; peers are notified in the background.
    pub(crate) fn end(&self) {
        self.endpoints().for_each(|endpoint| endpoint.close(0u32.into(), b"shutting down"));
    }

    /// Waits up to `patience` until peers have been notified of the end.
    pub(crate) async fn wait_idle(&self, patience: Duration) {
        let idle = futures_util::future::join_all(self.endpoints().map(|endpoint| endpoint.wait_idle()));
        let _ = tokio::time::timeout(patience, idle).await;
    }

    fn endpoints(&self) -> impl Iterator<Item = &quinn::Endpoint> {
        std::iter::once(&self.control).chain(&self.cores)
    }
}

/// A QUIC endpoint on a free port, for the links that a thread opens.
pub(crate) fn dialing_endpoint(listen: SocketAddr, identity: &Identity) -> io::Result<quinn::Endpoint> {
    endpoint(UdpSocket::bind(SocketAddr::new(listen.ip(), 0))?, None, identity, None)
}

fn endpoint(
    socket: UdpSocket,
    server: Option<quinn::ServerConfig>,
    identity: &Identity,
    core: Option<(u8, u8)>,
) -> io::Result<quinn::Endpoint> {
    // The reset key outlives the process: a node that was killed can reset its old connections at the peers' next
    // packet (RFC 9000, 10.3). They connect again at once, and need not wait for the idle timeout.
    let mut config = quinn::EndpointConfig::new(Arc::new(identity.reset_key()));
    config.cid_generator(move || Box::new(ThreadIds::new(core)));
    config.max_udp_payload_size(PAYLOAD_BYTES_MAX).map_err(io::Error::other)?;
    quinn::Endpoint::new(config, server, socket, Arc::new(QuicRuntime))
}

/// The sockets of a port, the control thread's first: the kernel numbers them as they are bound.
fn shared_sockets(listen: SocketAddr, cores: usize) -> io::Result<Vec<UdpSocket>> {
    let sockets = (0..=cores).map(|_| shared_socket(listen)).collect::<io::Result<Vec<_>>>()?;
    if let (Some(first), 1..) = (sockets.first(), cores) {
        steer(first, cores as u8)?;
    }
    Ok(sockets)
}

fn shared_socket(listen: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(listen), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_port(true)?;
    socket.bind(&listen.into())?;
    Ok(socket.into())
}
