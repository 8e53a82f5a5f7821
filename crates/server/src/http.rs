//! Metrics and health over HTTP.

use crate::metrics::ServerMetrics;
use crate::world::ServerWorld;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use henge_node::{MetricRegistry, Node};
use henge_storage::Store;
use henge_transport::Endpoint;
use std::sync::Arc;

/// The sources of the pages.
#[derive(Clone)]
pub(crate) struct Pages {
    pub(crate) node: Node<ServerWorld>,
    pub(crate) store: Arc<Store>,
    pub(crate) endpoint: Endpoint,
    pub(crate) metrics: Arc<ServerMetrics>,
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
    let metrics = pages.node.metrics();
    let rendered = metrics.registry().render(|| {
        metrics.take_engine(&pages.store.figures());
        pages.metrics.take_transport(&pages.endpoint.figures());
    });
    match rendered {
        Ok(body) => ([(header::CONTENT_TYPE, MetricRegistry::content_type())], body).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
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
