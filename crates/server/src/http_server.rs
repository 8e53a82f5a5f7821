//! An HTTP server for few clients: the number of connections is bounded, and an idle one is closed.

use crate::caller::Caller;
use crate::descriptors::AcceptErrors;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;

/// Connections of one port at once; more are closed.
const CONNECTIONS_MAX: usize = 64;
/// The longest time that a client takes to send the head of a request; also the time that a connection may be idle.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time from the head of a request to its answer, beyond the longest wait for an operation.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest time that a connection lives.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(600);
/// Bytes of the head of a request.
const HEADER_BYTES_MAX: usize = 16 << 10;
/// The pause after a connection could not be accepted, most often because descriptors have run out.
const RETRY_DELAY: Duration = Duration::from_millis(50);

/// A socket that takes connections.
pub(crate) trait Accept {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    fn accept_one(&self) -> impl Future<Output = io::Result<(Self::Stream, Caller)>> + Send;
}

impl Accept for TcpListener {
    type Stream = TcpStream;

    async fn accept_one(&self) -> io::Result<(TcpStream, Caller)> {
        let (stream, address) = self.accept().await?;
        Ok((stream, Caller::Address(address)))
    }
}

impl Accept for UnixListener {
    type Stream = UnixStream;

    async fn accept_one(&self) -> io::Result<(UnixStream, Caller)> {
        let (stream, _) = self.accept().await?;
        let caller = Caller::of(&stream);
        Ok((stream, caller))
    }
}

/// Serves a port or a Unix socket until the process ends. Each request has its [`Caller`] as an extension.
pub(crate) async fn serve(listener: impl Accept, router: Router) {
    serve_within(listener, router, HEADER_TIMEOUT).await;
}

async fn serve_within(listener: impl Accept, router: Router, header_timeout: Duration) {
    let router = router.layer(middleware::from_fn(limit_time));
    let mut errors = AcceptErrors::of("http");
    let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let (stream, caller) = match listener.accept_one().await {
            Ok(accepted) => accepted,
            Err(error) => {
                errors.log(&error);
                tokio::time::sleep(RETRY_DELAY).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&free).try_acquire_owned() else { continue };
        let router = router.clone().layer(Extension(caller));
        tokio::spawn(async move {
            let _permit = permit;
            // An error ends this connection alone.
            let _ = tokio::time::timeout(CONNECTION_TIMEOUT, serve_connection(stream, router, header_timeout)).await;
        });
    }
}

async fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    header_timeout: Duration,
) -> Result<(), hyper::Error> {
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await
}

async fn limit_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "the request took too long\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn start(header_timeout: Duration) -> std::net::SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "here\n" }));
        tokio::spawn(serve_within(listener, router, header_timeout));
        address
    }

    #[tokio::test]
    async fn a_connection_that_says_nothing_is_closed() {
        let mut silent = TcpStream::connect(start(Duration::from_millis(20)).await).await.unwrap();
        let mut answer = Vec::new();
        silent.read_to_end(&mut answer).await.unwrap();
        assert!(!String::from_utf8_lossy(&answer).contains("200"));
    }

    #[tokio::test]
    async fn connections_beyond_the_limit_are_closed() {
        let address = start(HEADER_TIMEOUT).await;
        let mut held = Vec::new();
        for _ in 0..CONNECTIONS_MAX {
            held.push(TcpStream::connect(address).await.unwrap());
        }
        let ask = async |mut stream: TcpStream| {
            let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer).await;
            answer
        };
        assert_eq!(ask(TcpStream::connect(address).await.unwrap()).await, "");
        assert!(ask(held.remove(0)).await.ends_with("here\n"));
    }
}
