//! The answers of the console: its files, the node's reports as they are, the doctor's word, and rows for those who have logged in.

use super::gate::{self, Token, refusal};
use super::query::{LogIn, Run, Sessions};
use crate::client::{Client, Reply};
use crate::doctor;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use henge_console::{CONTENT_SECURITY_POLICY, asset};
use henge_operator::{
    ClusterActivity, ClusterReport, FailureKind, Handoff, MetadataLog, PlanUnderWay, Report, RunningRequest,
    SchemaItem, Snapshot, TableStats, route,
};
use serde::Serialize;
use std::sync::Arc;

/// Bytes of the largest request: a statement.
const BODY_BYTES_MAX: usize = 64 << 10;

/// The reports that a page may ask for. None of them changes anything.
const REPORTS: [&str; 10] = [
    ClusterActivity::PATH,
    ClusterReport::PATH,
    Handoff::PATH,
    MetadataLog::PATH,
    PlanUnderWay::PATH,
    Vec::<RunningRequest>::PATH,
    Vec::<SchemaItem>::PATH,
    Vec::<Snapshot>::PATH,
    Vec::<TableStats>::PATH,
    route::OPERATIONS,
];

/// Headers of every answer.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

struct Console {
    client: Client,
    token: Token,
    sessions: Sessions,
}

type SharedConsole = State<Arc<Console>>;

/// The console's own part of the page.
#[derive(Serialize)]
struct Facts {
    /// The way to the node.
    place: String,
    release: &'static str,
}

/// The routes.
pub(super) fn router(client: Client, token: Token, sessions: Sessions) -> Router {
    let console = Arc::new(Console { client, token, sessions });
    let reports = Router::new()
        .route("/api/console", get(facts))
        .route("/api/doctor", get(diagnosis))
        .route("/api/reports/{name}", get(report))
        .route("/api/log-in", post(log_in))
        .route("/api/log-out", post(log_out))
        .route("/api/query", post(query))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(&console), refuse_tokenless));
    reports.fallback(get(file)).layer(middleware::from_fn(guard)).with_state(console)
}

/// Refuses requests that are not those of the console's own page, and sets the headers of every answer.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = match gate::refuse_stranger(request.headers()) {
        Some(reason) => refusal(StatusCode::FORBIDDEN, FailureKind::Forbidden, reason),
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Refuses requests without the token. The files need none: they say nothing of the cluster.
async fn refuse_tokenless(State(console): SharedConsole, request: Request, next: Next) -> Response {
    match gate::has_token(request.headers(), &console.token) {
        true => next.run(request).await,
        false => {
            let reason = "this page has no token: open the address that henge admin console has printed";
            refusal(StatusCode::UNAUTHORIZED, FailureKind::Forbidden, reason)
        }
    }
}

/// The node gave no answer.
fn no_answer(error: &anyhow::Error) -> Response {
    refusal(StatusCode::BAD_GATEWAY, FailureKind::Failed, format!("{error:#}"))
}

async fn file(request: Request) -> Response {
    match asset(request.uri().path()) {
        Some(asset) => ([(header::CONTENT_TYPE, asset.content_type)], asset.text).into_response(),
        None => refusal(StatusCode::NOT_FOUND, FailureKind::NotFound, "the console has no such page"),
    }
}

async fn facts(State(console): SharedConsole) -> Json<Facts> {
    Json(Facts { place: console.client.place.to_string(), release: env!("CARGO_PKG_VERSION") })
}

async fn report(State(console): SharedConsole, Path(name): Path<String>) -> Response {
    let path = format!("/{name}");
    if !REPORTS.contains(&path.as_str()) {
        return refusal(StatusCode::NOT_FOUND, FailureKind::NotFound, "the console shows no such report");
    }
    match console.client.get_unread(&path).await {
        Ok(Reply { status, body }) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => no_answer(&error),
    }
}

async fn diagnosis(State(console): SharedConsole) -> Response {
    match doctor::diagnose(&console.client).await {
        Ok(diagnosis) => Json(diagnosis).into_response(),
        Err(error) => no_answer(&error),
    }
}

async fn log_in(State(console): SharedConsole, Json(asked): Json<LogIn>) -> Response {
    console.sessions.log_in(&console.client, asked).await
}

async fn log_out(State(console): SharedConsole, headers: HeaderMap) -> Response {
    console.sessions.log_out(&headers)
}

async fn query(State(console): SharedConsole, headers: HeaderMap, Json(asked): Json<Run>) -> Response {
    console.sessions.run(&headers, asked).await
}
