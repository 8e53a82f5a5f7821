//! Requests to the node's admin port.

use anyhow::{Context, anyhow};
use bytes::Bytes;
use henge_operator::{Failure, Operation, OperationId, OperationRequest, Report, route};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// The longest time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest time from a request to its answer: more than a node lets one wait for an operation, or reads the sizes of many tables.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of the largest answer: some ten thousand tables.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Said of a port where something else listens.
const NO_ADMIN_PORT: &str = "is no admin port, which is 7199 mostly, where admin_port is set";

/// The way to a node.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// The socket in its data directory.
    Socket(PathBuf),
    /// Its admin port.
    Port(String, u16),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Socket(directory) => directory.join(route::SOCKET).display().fmt(f),
            Place::Port(host, port) => write!(f, "{host}:{port}"),
        }
    }
}

/// An answer that has not been read yet.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// A client of one node's admin socket or port.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) place: Place,
}

impl Client {
    pub(crate) async fn start(&self, request: &OperationRequest) -> anyhow::Result<Operation> {
        let body = serde_json::to_vec(request)?;
        self.ask(Method::POST, route::OPERATIONS, body).await
    }

    /// The operation, once it has ended or the longest wait is over.
    pub(crate) async fn watch(&self, id: OperationId) -> anyhow::Result<Operation> {
        let path = format!("{}?wait_millis={}", route::operation(id), route::WAIT_MAX.as_millis());
        self.get(&path).await
    }

    pub(crate) async fn abort(&self, id: OperationId) -> anyhow::Result<Operation> {
        self.ask(Method::DELETE, &route::operation(id), Vec::new()).await
    }

    pub(crate) async fn operations(&self) -> anyhow::Result<Vec<Operation>> {
        self.get(route::OPERATIONS).await
    }

    pub(crate) async fn clear_snapshot(&self, name: &str) -> anyhow::Result<()> {
        self.ask(Method::DELETE, &route::snapshot(name), Vec::new()).await
    }

    /// Asks for a report.
    pub(crate) async fn report<R: Report>(&self, selection: &R::Selection) -> anyhow::Result<R> {
        self.get(&format!("{}?{}", R::PATH, query(&serde_json::to_value(selection)?))).await
    }

    /// The answer to a report's path, as the node gives it.
    pub(crate) async fn get_unread(&self, path: &str) -> anyhow::Result<Reply> {
        self.send(Method::GET, path, Vec::new()).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.ask(Method::GET, path, Vec::new()).await
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Vec<u8>) -> anyhow::Result<T> {
        let place = &self.place;
        let Reply { status, body } = self.send(method, path, body).await?;
        let read = if status.is_success() {
            serde_json::from_slice(&body).map(Ok)
        } else {
            serde_json::from_slice::<Failure>(&body).map(Err)
        };
        let read = read.with_context(|| format!("what listens on {place} {NO_ADMIN_PORT}: it answered {status}"))?;
        Ok(read?)
    }

    async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> anyhow::Result<Reply> {
        let place = &self.place;
        let (stream, host) = self.connect().await?;
        let answer = timeout(ANSWER_TIMEOUT, exchange(stream, method, path, &host, body)).await;
        answer
            .map_err(|_| anyhow!("{place} did not answer within {} s", ANSWER_TIMEOUT.as_secs()))?
            .with_context(|| format!("what listens on {place} {NO_ADMIN_PORT}"))
    }

    /// A connection, and the host to name: the node refuses names, which can be bound to any address.
    async fn connect(&self) -> anyhow::Result<(Box<dyn Stream>, String)> {
        let place = &self.place;
        let connect = async {
            Ok::<(Box<dyn Stream>, String), io::Error>(match place {
                Place::Socket(directory) => (Box::new(connect_within(directory).await?), "localhost".to_owned()),
                Place::Port(host, port) => {
                    let stream = TcpStream::connect((host.as_str(), *port)).await?;
                    let host = stream.peer_addr()?.to_string();
                    (Box::new(stream), host)
                }
            })
        };
        let connected = timeout(CONNECT_TIMEOUT, connect).await.map_err(|_| anyhow!("timed out"));
        connected.and_then(|stream| Ok(stream?)).with_context(|| match place {
            Place::Socket(_) => format!(
                "no node answers on {place}; is it running, is that its data directory (--data-directory), and are you its user?"
            ),
            Place::Port(_, port) => format!("no node answers on {place}; is it running, and is its admin_port {port}?"),
        })
    }
}

/// The query of a selection.
fn query(selection: &Value) -> String {
    let fields = selection.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let parts = fields.map(|(name, value)| match value {
        Value::String(text) => format!("{name}={}", encode(text)),
        value => format!("{name}={value}"),
    });
    parts.collect::<Vec<_>>().join("&")
}

/// A text as it stands in a query: what is no letter, digit or one of `-_.~` by the numbers of its bytes (RFC 3986).
fn encode(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// Connects to the socket in a folder by the folder's descriptor: an address holds 107 bytes, less than a path may have.
async fn connect_within(directory: &Path) -> io::Result<UnixStream> {
    let folder = File::open(directory)?;
    UnixStream::connect(Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(route::SOCKET)).await
}

/// A connection of either kind.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

async fn exchange(
    stream: Box<dyn Stream>,
    method: Method,
    path: &str,
    host: &str,
    body: Vec<u8>,
) -> anyhow::Result<Reply> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header("host", host).header(route::HEADER, "1");
    let answer = sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await.map_err(|error| anyhow!(error))?;
    Ok(Reply { status, body: body.to_bytes() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_operator::{Everything, TableSelection};

    #[test]
    fn a_selection_is_a_query() {
        let text = |selection: &TableSelection| query(&serde_json::to_value(selection).unwrap());
        let keyspace = TableSelection { keyspace: Some("ks".to_owned()), table: None };
        let table = TableSelection { table: Some("t".to_owned()), ..keyspace.clone() };
        assert_eq!(
            [&TableSelection::default(), &keyspace, &table].map(text),
            ["", "keyspace=ks", "keyspace=ks&table=t"]
        );
        assert_eq!(query(&serde_json::to_value(Everything {}).unwrap()), "");
        assert_eq!((encode("dc1:3,dc2:2"), encode("ä b")), ("dc1%3A3%2Cdc2%3A2".to_owned(), "%C3%A4%20b".to_owned()));
    }
}
