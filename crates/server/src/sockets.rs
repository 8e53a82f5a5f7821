//! The sockets of a server: bound before anything is opened or written, so that a second server on the same addresses changes nothing.

use crate::config::Config;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use tokio::net::{TcpListener, TcpSocket};

/// Maximum connections that wait to be accepted.
const BACKLOG: u32 = 1_024;

/// An address cannot be bound. Nothing was opened or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SocketError {
    /// Another program has it.
    #[error("{transport} {address} is in use: stop the program that has it, or set another {settings}")]
    InUse {
        /// udp or tcp.
        transport: &'static str,
        /// The address.
        address: SocketAddr,
        /// The settings it comes from.
        settings: &'static str,
    },
    /// The system refuses it.
    #[error("{transport} {address} cannot be bound: {error}; it comes from {settings}")]
    Refused {
        /// udp or tcp.
        transport: &'static str,
        /// The address.
        address: SocketAddr,
        /// The settings it comes from.
        settings: &'static str,
        /// The system's reason.
        error: io::Error,
    },
}

/// An address to bind, with the settings that it comes from.
#[derive(Clone, Copy)]
struct Binding {
    transport: &'static str,
    address: SocketAddr,
    settings: &'static str,
}

impl Binding {
    fn tcp(address: SocketAddr, settings: &'static str) -> Binding {
        Binding { transport: "tcp", address, settings }
    }

    fn into_error(self, error: io::Error) -> SocketError {
        let Binding { transport, address, settings } = self;
        match error.kind() {
            io::ErrorKind::AddrInUse => SocketError::InUse { transport, address, settings },
            _ => SocketError::Refused { transport, address, settings, error },
        }
    }

    fn bind(self) -> Result<TcpSocket, SocketError> {
        let bind = || {
            let socket = if self.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            // A port whose last connections have just been closed is free.
            socket.set_reuseaddr(true)?;
            socket.bind(self.address).map(|()| socket)
        };
        bind().map_err(|error| self.into_error(error))
    }

    fn listen(self) -> Result<TcpListener, SocketError> {
        self.bind()?.listen(BACKLOG).map_err(|error| self.into_error(error))
    }
}

/// The TCP sockets of a server.
pub(crate) struct Sockets {
    pub(crate) clients: ClientSocket,
    pub(crate) metrics: Option<TcpListener>,
    pub(crate) admin: Option<TcpListener>,
}

/// The socket for clients, who are refused until the node serves them.
pub(crate) struct ClientSocket {
    binding: Binding,
    socket: TcpSocket,
}

impl ClientSocket {
    /// Starts to take connections.
    pub(crate) fn listen(self) -> Result<TcpListener, SocketError> {
        self.socket.listen(BACKLOG).map_err(|error| self.binding.into_error(error))
    }
}

impl Sockets {
    /// Binds a server's addresses within a tokio runtime. The address for peers is only checked.
    pub(crate) fn bind(config: &Config) -> Result<Sockets, SocketError> {
        let peers = Binding {
            transport: "udp",
            address: config.node.bound_address(),
            settings: "listen_address or storage_port",
        };
        UdpSocket::bind(peers.address).map_err(|error| peers.into_error(error))?;
        let binding = Binding::tcp(config.node.rpc_address, "rpc_address or native_transport_port");
        let listen =
            |address: Option<SocketAddr>, settings| address.map(|a| Binding::tcp(a, settings).listen()).transpose();
        Ok(Sockets {
            clients: ClientSocket { binding, socket: binding.bind()? },
            metrics: listen(config.metrics, "metrics_address or metrics_port")?,
            admin: listen(config.admin, "admin_address or admin_port")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use std::net::TcpListener as StdListener;

    /// A server of its own address, with these settings.
    fn bind(text: &str) -> Result<Sockets, String> {
        let address = "127.0.37.199";
        let mut settings = Settings::default();
        let own = ["listen_address", "rpc_address", "metrics_address", "admin_address"];
        own.iter().for_each(|name| settings.set(name, address, "test"));
        settings.text(text, "henge.yaml");
        Sockets::bind(&settings.config().unwrap()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_its_setting() {
        let other = StdListener::bind("127.0.37.199:0").unwrap();
        let port = other.local_addr().unwrap().port();
        for setting in ["native_transport_port", "metrics_port", "admin_port"] {
            let error = bind(&format!("{setting}: {port}")).err().unwrap();
            assert!(
                error.contains(&format!("tcp 127.0.37.199:{port} is in use")) && error.contains(setting),
                "{error}"
            );
        }
        let other = UdpSocket::bind("127.0.37.199:0").unwrap();
        let error = bind(&format!("storage_port: {}", other.local_addr().unwrap().port())).err().unwrap();
        assert!(error.contains("udp") && error.contains("storage_port"), "{error}");
        let error = bind("rpc_address: 192.0.2.1\nallow_insecure_clients: true").err().unwrap();
        assert!(error.contains("cannot be bound") && error.contains("rpc_address"), "{error}");
    }
}
