//! Metrics and health over HTTP.

use crate::world::ServerWorld;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use henge_node::Node;
use henge_storage::Store;
use henge_transport::Endpoint;
use prometheus::{Encoder, IntGaugeVec, Opts, TextEncoder};
use std::sync::Arc;

/// What the pages are made from.
#[derive(Clone)]
pub(crate) struct Pages {
    pub(crate) node: Node<ServerWorld>,
    pub(crate) store: Arc<Store>,
    pub(crate) endpoint: Endpoint,
    pub(crate) transport: IntGaugeVec,
}

/// The gauges of the transport, registered with the node's.
pub(crate) fn transport_gauges(node: &Node<ServerWorld>) -> anyhow::Result<IntGaugeVec> {
    let gauges = IntGaugeVec::new(
        Opts::new("henge_transport", "Links between nodes, by figure; bytes or counts."),
        &["figure"],
    )?;
    let registry = node.metrics().registry();
    registry.register(Box::new(gauges.clone()))?;
    registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
    Ok(gauges)
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
    pages.node.metrics().engine(&pages.store.figures());
    let links = pages.endpoint.figures();
    let figures = [
        ("queue_bytes", links.queue_bytes as i64),
        ("pending_calls", links.pending_calls as i64),
        ("links", links.links as i64),
        ("links_up", links.links_up as i64),
        ("inbound", links.inbound as i64),
        ("refused", i64::try_from(links.refused).unwrap_or(i64::MAX)),
    ];
    for (name, value) in figures {
        pages.transport.with_label_values(&[name]).set(value);
    }
    let encoder = TextEncoder::new();
    let mut body = Vec::new();
    match encoder.encode(&pages.node.metrics().registry().gather(), &mut body) {
        Ok(()) => ([(header::CONTENT_TYPE, encoder.format_type().to_owned())], body).into_response(),
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
