//! Metrics and health over HTTP.

use crate::client_tls::ClientTls;
use crate::metrics::{FileFigures, ServerMetrics};
use crate::world::ServerWorld;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use henge_node::{MetricRegistry, Node, RenderError};
use henge_storage::{Snapshots, Store};
use henge_transport::Endpoint;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two looks at the files of snapshots.
const SNAPSHOT_INTERVAL: Duration = Duration::from_secs(60);

/// The sources of the pages.
#[derive(Clone)]
pub(crate) struct Pages {
    pub(crate) node: Node<ServerWorld>,
    pub(crate) store: Arc<Store>,
    pub(crate) endpoint: Endpoint,
    pub(crate) metrics: Arc<ServerMetrics>,
    pub(crate) tls: Option<ClientTls>,
    pub(crate) snapshots: Arc<SnapshotSizes>,
}

/// The size of all snapshots, kept for a while: looking at thousands of files is too much for every scrape.
pub(crate) struct SnapshotSizes {
    snapshots: Snapshots,
    last: Mutex<Option<(Instant, u64)>>,
}

impl SnapshotSizes {
    pub(crate) fn new(snapshots: Snapshots) -> SnapshotSizes {
        SnapshotSizes { snapshots, last: Mutex::default() }
    }

    /// Bytes that removing all would free, as they were within the last minute; the last ones known if the disk cannot be read.
    fn bytes(&self) -> u64 {
        let mut last = self.last.lock();
        if let Some((at, bytes)) = *last
            && at.elapsed() < SNAPSHOT_INTERVAL
        {
            return bytes;
        }
        let known = last.map_or(0, |(_, bytes)| bytes);
        let bytes = self.snapshots.list().map_or(known, |all| all.iter().map(|snapshot| snapshot.own_bytes).sum());
        *last = Some((Instant::now(), bytes));
        bytes
    }
}

/// The routes.
pub(crate) fn router(pages: Pages) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .with_state(pages)
}

async fn metrics(State(pages): State<Pages>) -> Response {
    // It looks at the disk.
    match tokio::task::spawn_blocking(move || render(&pages)).await {
        Ok(Ok(body)) => ([(header::CONTENT_TYPE, MetricRegistry::content_type())], body).into_response(),
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn render(pages: &Pages) -> Result<String, RenderError> {
    let metrics = pages.node.metrics();
    let files = FileFigures {
        client_certificate_expiry_seconds: pages.tls.as_ref().map_or(0, ClientTls::expiry_seconds),
        snapshot_bytes: pages.snapshots.bytes(),
    };
    let sample = || {
        metrics.take_engine(&pages.store.figures());
        metrics.take_node(&pages.node.figures());
        pages.metrics.take_transport(&pages.endpoint.figures());
        pages.metrics.take_files(&files);
        pages.metrics.take_peers(pages.node.host(), pages.node.members());
    };
    metrics.registry().render(sample)
}

/// The process answers: that is all.
async fn livez() -> &'static str {
    "alive\n"
}

async fn readyz(State(pages): State<Pages>) -> Response {
    match pages.node.readiness() {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")).into_response(),
    }
}
