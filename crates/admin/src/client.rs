//! Requests to the node's admin port.

use anyhow::{Context, anyhow};
use bytes::Bytes;
use henge_operator::{Failure, Operation, OperationId, OperationRequest, Report, route};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The longest time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest time from a request to its answer: more than a node lets one wait for an operation, or reads the sizes of many tables.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of the largest answer: some ten thousand tables.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Said of a port where something else listens.
const NO_ADMIN_PORT: &str = "is no admin port, which is 7199 unless admin_port is set otherwise";

/// A client of one node's admin port.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) host: String,
    pub(crate) port: u16,
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

    async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.ask(Method::GET, path, Vec::new()).await
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Vec<u8>) -> anyhow::Result<T> {
        let place = format!("{}:{}", self.host, self.port);
        let stream = self.connect(&place).await?;
        // The node refuses names of hosts, which can be bound to any address.
        let host = stream.peer_addr()?.to_string();
        let answer = timeout(ANSWER_TIMEOUT, exchange(stream, method, path, &host, body)).await;
        let (status, body) = answer
            .map_err(|_| anyhow!("{place} did not answer within {} s", ANSWER_TIMEOUT.as_secs()))?
            .with_context(|| format!("what listens on {place} {NO_ADMIN_PORT}"))?;
        let read = if status.is_success() {
            serde_json::from_slice(&body).map(Ok)
        } else {
            serde_json::from_slice::<Failure>(&body).map(Err)
        };
        let read = read.with_context(|| format!("what listens on {place} {NO_ADMIN_PORT}: it answered {status}"))?;
        Ok(read?)
    }

    async fn connect(&self, place: &str) -> anyhow::Result<TcpStream> {
        let connect = TcpStream::connect((self.host.as_str(), self.port));
        let stream = timeout(CONNECT_TIMEOUT, connect).await.map_err(|_| anyhow!("timed out")).and_then(|s| Ok(s?));
        stream
            .with_context(|| format!("no node answers on {place}; is it running, and is its admin_port {}?", self.port))
    }
}

/// The query of a selection. Its values are names and numbers, which stand in a path as they are.
fn query(selection: &Value) -> String {
    let fields = selection.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let parts = fields.map(|(name, value)| match value {
        Value::String(text) => format!("{name}={text}"),
        value => format!("{name}={value}"),
    });
    parts.collect::<Vec<_>>().join("&")
}

async fn exchange(
    stream: TcpStream,
    method: Method,
    path: &str,
    host: &str,
    body: Vec<u8>,
) -> anyhow::Result<(hyper::StatusCode, Bytes)> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header("host", host).header(route::HEADER, "1");
    let answer = sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await.map_err(|error| anyhow!(error))?;
    Ok((status, body.to_bytes()))
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
    }
}
