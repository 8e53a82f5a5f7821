//! One request to the node's admin port.

use anyhow::{Context, anyhow};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long it is tried to connect.
const CONNECT: Duration = Duration::from_secs(5);
/// Largest answer: some thousand tables.
const ANSWER_MAX: usize = 16 << 20;

/// Said of a port where something else listens.
const NO_ADMIN_PORT: &str = "is no admin port, which is 7199 unless admin_port is set otherwise";

/// Where a node is.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Client {
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.ask(Method::GET, path).await
    }

    pub(crate) async fn post(&self, path: &str) -> anyhow::Result<Value> {
        self.ask(Method::POST, path).await
    }

    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.ask(Method::DELETE, path).await
    }

    async fn ask(&self, method: Method, path: &str) -> anyhow::Result<Value> {
        let place = format!("{}:{}", self.host, self.port);
        let connect = TcpStream::connect((self.host.as_str(), self.port));
        let stream =
            tokio::time::timeout(CONNECT, connect).await.map_err(|_| anyhow!("timed out")).and_then(|s| Ok(s?));
        let stream = stream.with_context(|| {
            format!("no node answers on {place}; is it running, and is its admin_port {}?", self.port)
        })?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path).header("host", &place).header("henge-admin", "1");
        let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await;
        let answer = answer.with_context(|| format!("what listens on {place} {NO_ADMIN_PORT}"))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_MAX).collect().await.map_err(|e| anyhow!(e))?.to_bytes();
        let value: Value = serde_json::from_slice(&body)
            .with_context(|| format!("what listens on {place} {NO_ADMIN_PORT}: it answered {status}"))?;
        match value["error"].as_str() {
            Some(error) => Err(anyhow!("{error}")),
            None if status.is_success() => Ok(value),
            None => Err(anyhow!("the node answered {status}")),
        }
    }
}
