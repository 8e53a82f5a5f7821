//! One message to a collector.

use super::collector::Collector;
use super::endpoint::OtlpEndpoint;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// The longest time from the begin of a connection to the end of its answer.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// A message was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// It may be sent again.
    #[error("{0}")]
    Connection(#[from] io::Error),
    /// It may be sent again.
    #[error("{0}")]
    Http(#[from] hyper::Error),
    /// It may be sent again.
    #[error("no answer within {} seconds", SEND_TIMEOUT.as_secs())]
    Late,
    /// It may be sent again if the status says so.
    #[error("it answered {0}")]
    Refused(StatusCode),
    /// A bug: it is lost.
    #[error("{0}")]
    Unsendable(#[from] hyper::http::Error),
}

impl SendError {
    /// True if the same message may be taken later (OTLP 1.5, failures of OTLP/HTTP).
    pub(super) fn is_passing(&self) -> bool {
        match self {
            SendError::Connection(_) | SendError::Http(_) | SendError::Late => true,
            SendError::Refused(status) => matches!(status.as_u16(), 429 | 502 | 503 | 504),
            SendError::Unsendable(_) => false,
        }
    }
}

/// Sends a message of spans. Returns how many of them the collector refused.
pub(super) async fn send(collector: &Collector, body: Bytes) -> Result<u64, SendError> {
    tokio::time::timeout(SEND_TIMEOUT, connect(collector, body)).await.map_err(|_| SendError::Late)?
}

async fn connect(Collector { endpoint, tls }: &Collector, body: Bytes) -> Result<u64, SendError> {
    let stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await?;
    match tls {
        None => exchange(endpoint, stream, body).await,
        Some((tls, name)) => exchange(endpoint, tls.connect(name.clone(), stream).await?, body).await,
    }
}

async fn exchange<S>(endpoint: &OtlpEndpoint, stream: S, body: Bytes) -> Result<u64, SendError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the answer, or when this is dropped.
    let connection = tokio::spawn(connection);
    let request = Request::post(endpoint.path.as_str())
        .header("host", endpoint.authority())
        .header("content-type", "application/json")
        .header("user-agent", concat!("henge/", env!("CARGO_PKG_VERSION")))
        .header("connection", "close");
    let answer = sender.send_request(request.body(Full::new(body))?).await;
    let answer = answer.inspect_err(|_| connection.abort())?;
    let status = answer.status();
    if !status.is_success() {
        return Err(SendError::Refused(status));
    }
    // What it says beyond its status cannot change that it took the message.
    let said = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    Ok(said.map_or(0, |said| refused_spans(&said.to_bytes())))
}

/// The spans that an answer says were refused.
fn refused_spans(answer: &[u8]) -> u64 {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Answer {
        partial_success: PartialSuccess,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct PartialSuccess {
        rejected_spans: serde_json::Value,
    }
    let answer: Answer = serde_json::from_slice(answer).unwrap_or_default();
    // A number of 64 bits may be a text in the JSON form of protobuf.
    let refused = answer.partial_success.rejected_spans;
    refused.as_u64().or_else(|| refused.as_str()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn send_to(answer: &'static str) -> (Result<u64, SendError>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint: OtlpEndpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4_096];
            let mut length = 0;
            while !request[..length].ends_with(b"{spans}") {
                length += stream.read(&mut request[length..]).await.unwrap();
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let sent = send(&Collector::new(endpoint, None).unwrap(), Bytes::from_static(b"{spans}")).await;
        (sent, served.await.unwrap())
    }

    #[tokio::test]
    async fn a_message_is_posted_and_its_answer_read() {
        let (sent, request) = send_to("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        assert_eq!(sent.unwrap(), 0);
        assert!(request.starts_with("POST /v1/traces HTTP/1.1\r\nhost: 127.0.0.1:"), "{request}");
        assert!(request.contains("content-type: application/json\r\n"), "{request}");
        let partial = "HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n{\"partialSuccess\":{\"rejectedSpans\":\"3\"}}";
        assert_eq!(send_to(partial).await.0.unwrap(), 3);
    }

    #[tokio::test]
    async fn refusals_pass_or_not() {
        let passing = async |answer| send_to(answer).await.0.unwrap_err().is_passing();
        assert!(passing("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").await);
        assert!(!passing("HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n").await);
        let nobody = Collector::new("http://127.0.0.1:1".parse().unwrap(), None).unwrap();
        assert!(send(&nobody, Bytes::new()).await.unwrap_err().is_passing());
    }
}
