//! Connections of browsers: few at once, and none for ever.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Connections at once; more are closed. A browser opens six.
const CONNECTIONS_MAX: usize = 64;
/// The longest time to send the head of a request; also the time that a connection may be idle.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest time that a connection lives.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(600);
/// Bytes of the head of a request.
const HEADER_BYTES_MAX: usize = 16 << 10;
/// The pause after a connection could not be accepted, most often because descriptors have run out.
const RETRY_DELAY: Duration = Duration::from_millis(50);

/// Serves a port until the process ends.
pub(super) async fn serve(listener: TcpListener, router: Router) -> anyhow::Result<()> {
    let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(RETRY_DELAY).await;
            continue;
        };
        let Ok(permit) = Arc::clone(&free).try_acquire_owned() else { continue };
        let router = router.clone();
        tokio::spawn(async move {
            let _permit = permit;
            // An error ends this connection alone.
            let _ = tokio::time::timeout(CONNECTION_TIMEOUT, serve_connection(stream, router)).await;
        });
    }
}

async fn serve_connection(stream: TcpStream, router: Router) -> Result<(), hyper::Error> {
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await
}
