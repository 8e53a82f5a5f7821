//! The bytes of a connection, encrypted or not.

use crate::target::Target;
use anyhow::Context;
use rustls::{ClientConnection, StreamOwned};
use rustls_pki_types::ServerName;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;

/// A stream.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    /// Connects.
    pub(crate) fn open(target: &Target) -> anyhow::Result<Stream> {
        let place = format!("{}:{}", target.host, target.port);
        let address = (target.host.as_str(), target.port).to_socket_addrs().ok().and_then(|mut found| found.next());
        let address = address.with_context(|| format!("{place} is no address"))?;
        let stream =
            TcpStream::connect_timeout(&address, target.connect).with_context(|| format!("connecting to {place}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(target.request))?;
        let Some(config) = &target.tls else { return Ok(Stream::Plain(stream)) };
        let name = ServerName::try_from(target.host.clone())
            .with_context(|| format!("{:?} cannot be the name in a certificate", target.host))?;
        let connection = ClientConnection::new(Arc::clone(config), name)?;
        Ok(Stream::Tls(Box::new(StreamOwned::new(connection, stream))))
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
