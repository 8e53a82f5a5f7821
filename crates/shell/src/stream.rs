//! The byte stream of a connection, with or without TLS.

use crate::failure::{EARLY_CLOSE_REASON, EXPECTS_NO_TLS_REASON, Failure};
use crate::target::Target;
use rustls::{ClientConnection, StreamOwned};
use rustls_pki_types::ServerName;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

/// The read timeout of a stream, after which a waiting read checks for Ctrl-C and its deadline.
pub(crate) const READ_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// A plain or an encrypted stream.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    /// Connects, including the TLS handshake.
    pub(crate) fn open(target: &Target) -> Result<Stream, Failure> {
        let place = format!("{}:{}", target.host, target.port);
        let unreachable = |reason: String| Failure::Unreachable(reason);
        let mut addresses = (target.host.as_str(), target.port)
            .to_socket_addrs()
            .map_err(|error| unreachable(format!("{} is no address or known host: {error}", target.host)))?;
        let address = addresses.next().ok_or_else(|| unreachable(format!("{} has no address", target.host)))?;
        let stream = TcpStream::connect_timeout(&address, target.connect)
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .and_then(|stream| stream.set_read_timeout(Some(READ_POLL_INTERVAL)).map(|()| stream))
            .map_err(|error| {
                unreachable(format!(
                    "no node serves clients at {place} ({error}): is it running, and is its native_transport_port {}?",
                    target.port
                ))
            })?;
        let Some(config) = &target.tls else { return Ok(Stream::Plain(stream)) };
        let name = ServerName::try_from(target.host.clone())
            .map_err(|_| unreachable(format!("{:?} cannot be the name in a certificate", target.host)))?;
        let connection =
            ClientConnection::new(Arc::clone(config), name).map_err(|error| unreachable(error.to_string()))?;
        let mut stream = Stream::Tls(Box::new(StreamOwned::new(connection, stream)));
        stream.shake_hands(target).map_err(|error| stream.failure(&error, false))?;
        Ok(stream)
    }

    /// The socket below.
    pub(crate) fn socket(&self) -> &TcpStream {
        match self {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => &stream.sock,
        }
    }

    /// Completes the TLS handshake under the connect timeout. The first write would do it too, but under the short read
    /// timeout.
    fn shake_hands(&mut self, target: &Target) -> io::Result<()> {
        let Stream::Tls(tls) = self else { return Ok(()) };
        tls.sock.set_read_timeout(Some(target.connect))?;
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock)?;
        }
        tls.sock.set_read_timeout(Some(READ_POLL_INTERVAL))
    }

    /// The failure for an I/O error. `answered` is true if the server has sent a valid response before.
    pub(crate) fn failure(&self, error: &io::Error, answered: bool) -> Failure {
        let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match (self, of_tls) {
            (Stream::Tls(_), Some(rustls::Error::InvalidMessage(_))) if !answered => {
                Failure::NotCql(EXPECTS_NO_TLS_REASON)
            }
            (Stream::Tls(_), Some(error)) => Failure::Refused(format!("TLS: {error}")),
            // The server may have closed the connection before it read the request.
            _ if !answered => Failure::NotCql(self.early_close_reason()),
            _ => Failure::Lost(error.to_string()),
        }
    }

    /// The failure for the end of the stream.
    pub(crate) fn end_of_stream(&self, answered: bool) -> Failure {
        if answered {
            return Failure::Lost("the server closed the connection".to_owned());
        }
        Failure::NotCql(self.early_close_reason())
    }

    fn early_close_reason(&self) -> &'static str {
        match self {
            Stream::Plain(_) => EARLY_CLOSE_REASON,
            Stream::Tls(_) => EXPECTS_NO_TLS_REASON,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.read(buffer),
            Stream::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.write(bytes),
            Stream::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(stream) => stream.flush(),
            Stream::Tls(stream) => stream.flush(),
        }
    }
}
