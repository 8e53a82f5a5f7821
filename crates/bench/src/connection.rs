//! One blocking connection.

use anyhow::{Context, bail};
use henge_base::{Bytes, BytesMut};
use henge_protocol::{
    AuthResponse, ClientCodec, Execute, Incoming, Prepare, Query, QueryParameters, Request, Response, Startup, Version,
};
use henge_shell::{Access, Wire};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

const READ_BYTES: usize = 256 << 10;

/// A connection after STARTUP.
pub(crate) struct Connection {
    stream: Wire,
    codec: ClientCodec,
    input: BytesMut,
    chunk: Vec<u8>,
}

/// A prepared statement.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) id: Bytes,
    pub(crate) metadata_id: Option<Bytes>,
}

impl Connection {
    /// Connects, starts up, and logs in where the server asks for it.
    pub(crate) fn open(access: &Access, address: SocketAddr, version: Version) -> anyhow::Result<Connection> {
        let stream = access.connect(address)?;
        let codec = ClientCodec::new(version);
        let mut connection = Connection { stream, codec, input: BytesMut::new(), chunk: vec![0; READ_BYTES] };
        match connection.request(&Request::Startup(Startup::new("henge bench", env!("CARGO_PKG_VERSION"), None)))? {
            Response::Ready => Ok(connection),
            Response::Authenticate(_) => connection.log_in(access),
            other => bail!("STARTUP was answered with {other:?}"),
        }
    }

    fn log_in(mut self, access: &Access) -> anyhow::Result<Connection> {
        let (role, password) =
            access.credentials().context("the server asks for a role and its password (-u and -p)")?;
        let token = AuthResponse::plain_token(role, password);
        match self.request(&Request::AuthResponse(AuthResponse { token: Some(&token) }))? {
            Response::AuthSuccess(_) => Ok(self),
            Response::Error(error) => bail!("{error}"),
            other => bail!("AUTH_RESPONSE was answered with {other:?}"),
        }
    }

    /// Runs a statement and waits for its end.
    pub(crate) fn run(&mut self, text: &str) -> anyhow::Result<()> {
        match self.request(&Request::Query(Query { text, parameters: QueryParameters::default() }))? {
            Response::Error(error) => bail!("{text}: {error}"),
            _ => Ok(()),
        }
    }

    /// Prepares a statement.
    pub(crate) fn prepare(&mut self, text: &str) -> anyhow::Result<Statement> {
        match self.request(&Request::Prepare(Prepare { text, keyspace: None }))? {
            Response::Prepared(prepared) => Ok(Statement { id: prepared.id, metadata_id: prepared.metadata_id }),
            other => bail!("PREPARE was answered with {other:?}"),
        }
    }

    /// Puts an EXECUTE into the output.
    pub(crate) fn queue<'a>(
        &mut self,
        stream: i16,
        statement: &'a Statement,
        parameters: QueryParameters<'a>,
    ) -> anyhow::Result<()> {
        let execute = Execute { id: &statement.id, metadata_id: statement.metadata_id.as_deref(), parameters };
        Ok(self.codec.send(stream, &Request::Execute(execute))?)
    }

    /// Puts a QUERY into the output.
    pub(crate) fn queue_text<'a>(
        &mut self,
        stream: i16,
        text: &'a str,
        parameters: QueryParameters<'a>,
    ) -> anyhow::Result<()> {
        Ok(self.codec.send(stream, &Request::Query(Query { text, parameters }))?)
    }

    /// Sends what is queued.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        let output = self.codec.output();
        let length = output.len();
        self.stream.write_all(output)?;
        self.stream.flush()?;
        self.codec.consume(length);
        Ok(())
    }

    /// Waits for bytes until the timeout, or without one; true if some came.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> anyhow::Result<bool> {
        self.stream.set_read_timeout(timeout.map(|p| p.max(Duration::from_micros(10))))?;
        match self.stream.read(&mut self.chunk) {
            Ok(0) => bail!("the server closed the connection"),
            Ok(count) => {
                self.input.extend_from_slice(&self.chunk[..count]);
                Ok(true)
            }
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The next response in the input.
    pub(crate) fn next(&mut self) -> anyhow::Result<Option<Incoming>> {
        Ok(self.codec.receive(&mut self.input)?)
    }

    fn request(&mut self, request: &Request<'_>) -> anyhow::Result<Response> {
        self.codec.send(0, request)?;
        self.flush()?;
        loop {
            if let Some(incoming) = self.next()? {
                return Ok(incoming.response);
            }
            self.wait(Some(Duration::from_secs(30)))?;
        }
    }
}
