//! One blocking connection to a node.

use anyhow::{Context, bail};
use henge_base::BytesMut;
use henge_protocol::{
    ClientCodec, ErrorResponse, Query, QueryParameters, Request, Response, Startup, Supported, Version,
};
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

const READ_BYTES: usize = 64 << 10;

/// A connection after STARTUP.
pub(crate) struct Connection {
    stream: TcpStream,
    codec: ClientCodec,
    input: BytesMut,
    /// What the server supports.
    pub(crate) supported: Supported,
}

/// An answer: a result, or the server's error.
pub(crate) type Answer = Result<Response, ErrorResponse>;

impl Connection {
    /// Connects with the newest version that the server speaks.
    pub(crate) fn open(host: &str, port: u16, connect: Duration, request: Duration) -> anyhow::Result<Connection> {
        let newest = Connection::with(host, port, connect, request, Version::V5);
        newest.or_else(|_| Connection::with(host, port, connect, request, Version::V4))
    }

    fn with(
        host: &str,
        port: u16,
        connect: Duration,
        request: Duration,
        version: Version,
    ) -> anyhow::Result<Connection> {
        let place = format!("{host}:{port}");
        let address = (host, port).to_socket_addrs().ok().and_then(|mut found| found.next());
        let address = address.with_context(|| format!("{place} is no address"))?;
        let stream = TcpStream::connect_timeout(&address, connect).with_context(|| format!("connecting to {place}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(request))?;
        let codec = ClientCodec::new(version);
        let mut connection = Connection { stream, codec, input: BytesMut::new(), supported: Supported::new("") };
        match connection.ask(&Request::Options)? {
            Ok(Response::Supported(supported)) => connection.supported = supported,
            other => bail!("OPTIONS was answered with {other:?}"),
        }
        match connection.ask(&Request::Startup(Startup::new("henge shell", env!("CARGO_PKG_VERSION"), None)))? {
            Ok(Response::Ready) => Ok(connection),
            Ok(Response::Authenticate(_)) => bail!("the server asks for a password, which this shell cannot give yet"),
            other => bail!("STARTUP was answered with {other:?}"),
        }
    }

    /// The version spoken.
    pub(crate) fn version(&self) -> Version {
        self.codec.version()
    }

    /// Runs a statement.
    pub(crate) fn query<'a>(&mut self, text: &'a str, parameters: QueryParameters<'a>) -> anyhow::Result<Answer> {
        self.ask(&Request::Query(Query { text, parameters }))
    }

    fn ask(&mut self, request: &Request<'_>) -> anyhow::Result<Answer> {
        self.codec.send(0, request)?;
        let output = self.codec.output();
        let length = output.len();
        self.stream.write_all(output).context("the connection broke")?;
        self.codec.consume(length);
        loop {
            if let Some(incoming) = self.codec.receive(&mut self.input)? {
                if incoming.stream != 0 {
                    continue;
                }
                return Ok(match incoming.response {
                    Response::Error(error) => Err(error),
                    response => Ok(response),
                });
            }
            self.receive()?;
        }
    }

    fn receive(&mut self) -> anyhow::Result<()> {
        let mut chunk = [0; READ_BYTES];
        match self.stream.read(&mut chunk) {
            Ok(0) => bail!("the server closed the connection"),
            Ok(count) => self.input.extend_from_slice(&chunk[..count]),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                bail!("no answer in time (see --request-timeout); the outcome is unknown")
            }
            Err(error) => return Err(error).context("the connection broke"),
        }
        Ok(())
    }
}
