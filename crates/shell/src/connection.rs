//! One blocking connection to a node.

use crate::stream::Stream;
use crate::target::Target;
use anyhow::{Context, bail};
use henge_base::BytesMut;
use henge_protocol::{
    AuthResponse, ClientCodec, ErrorResponse, Query, QueryParameters, Request, Response, Startup, Supported, Version,
};
use std::io::{Read, Write};

const READ_BYTES: usize = 64 << 10;

/// A connection after STARTUP.
pub(crate) struct Connection {
    stream: Stream,
    codec: ClientCodec,
    input: BytesMut,
    /// What the server supports.
    pub(crate) supported: Supported,
}

/// An answer: a result, or the server's error.
pub(crate) type Answer = Result<Response, ErrorResponse>;

impl Connection {
    /// Connects with the newest version that the server speaks.
    pub(crate) fn open(target: &Target) -> anyhow::Result<Connection> {
        let newest = Connection::with(target, Version::V5);
        newest.or_else(|_| Connection::with(target, Version::V4))
    }

    fn with(target: &Target, version: Version) -> anyhow::Result<Connection> {
        let stream = Stream::open(target)?;
        let codec = ClientCodec::new(version);
        let mut connection = Connection { stream, codec, input: BytesMut::new(), supported: Supported::new("") };
        match connection.ask(&Request::Options)? {
            Ok(Response::Supported(supported)) => connection.supported = supported,
            other => bail!("OPTIONS was answered with {other:?}"),
        }
        match connection.ask(&Request::Startup(Startup::new("henge shell", env!("CARGO_PKG_VERSION"), None)))? {
            Ok(Response::Ready) => Ok(connection),
            Ok(Response::Authenticate(_)) => connection.logged_in(target),
            other => bail!("STARTUP was answered with {other:?}"),
        }
    }

    fn logged_in(mut self, target: &Target) -> anyhow::Result<Connection> {
        let Some((user, password)) = &target.credentials else {
            bail!("the server asks for a password: see -u and -p");
        };
        let token = AuthResponse::plain_token(user, password);
        match self.ask(&Request::AuthResponse(AuthResponse { token: Some(&token) }))? {
            Ok(Response::AuthSuccess(_)) => Ok(self),
            Err(error) => bail!("{}", error.message),
            other => bail!("AUTH_RESPONSE was answered with {other:?}"),
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
        self.stream.write_all(output).and_then(|()| self.stream.flush()).context("the connection broke")?;
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
