//! The admin port: carries an operator's requests over HTTP to [`Operations`].

use crate::caller::Caller;
use crate::operations::Operations;
use crate::operations::reports::{ReportRoutes, each_report};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use henge_operator::{Failure, FailureKind, Operation, OperationId, OperationRequest, Report, route};
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of the largest request.
const BODY_BYTES_MAX: usize = 64 << 10;

type SharedOperations = State<Arc<Operations>>;
type Answer<T> = Result<Json<T>, Refusal>;

/// The routes.
pub(crate) fn router(operations: Arc<Operations>) -> Router {
    each_report(Router::new())
        .route(route::OPERATIONS, get(list).post(start))
        .route(route::OPERATION, get(watch).delete(abort))
        .route(route::SNAPSHOT, axum::routing::delete(clear_snapshot))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(refuse_pages))
        .with_state(operations)
}

impl ReportRoutes for Router<Arc<Operations>> {
    fn add<R: Report>(self, answer: fn(&Operations, &R::Selection) -> Result<R, Failure>) -> Self {
        let report = move |State(operations): SharedOperations, Query(selection): Query<R::Selection>| {
            run_blocking(operations, move |operations| answer(operations, &selection))
        };
        self.route(R::PATH, get(report))
    }
}

/// A failure as an HTTP response.
struct Refusal(Failure);

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Refusal {
        Refusal(failure)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self.0.kind {
            FailureKind::Invalid => StatusCode::BAD_REQUEST,
            FailureKind::NotFound => StatusCode::NOT_FOUND,
            FailureKind::Exists => StatusCode::CONFLICT,
            FailureKind::Forbidden => StatusCode::FORBIDDEN,
            FailureKind::Timeout => StatusCode::REQUEST_TIMEOUT,
            FailureKind::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(self.0)).into_response()
    }
}

/// Refuses requests that a web page can make a browser send (cross-site request forgery, DNS rebinding): they have an Origin, lack
/// henge-admin, or name another Host.
async fn refuse_pages(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let refuse = |reason: &str| Refusal(Failure::new(FailureKind::Forbidden, reason)).into_response();
    match () {
        () if headers.contains_key(header::ORIGIN) => refuse("requests of web pages are refused"),
        () if !host.is_some_and(is_loopback) => refuse("the Host must be an address of loopback, or localhost"),
        () if !headers.contains_key(route::HEADER) => refuse("requests need the header henge-admin"),
        () => next.run(request).await,
    }
}

/// True for `localhost`, `127.0.0.1`, `[::1]` and their like, with a port or without.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(name, _)| name),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn unknown() -> Refusal {
    Refusal(Failure::new(FailureKind::NotFound, "this release has no such request"))
}

/// Runs a job that may read or write the disk, on a thread for blocking work.
async fn run_blocking<T: Send + 'static>(
    operations: Arc<Operations>,
    job: impl FnOnce(&Operations) -> Result<T, Failure> + Send + 'static,
) -> Answer<T> {
    match tokio::task::spawn_blocking(move || job(&operations)).await {
        Ok(outcome) => Ok(Json(outcome?)),
        Err(error) => Err(Refusal(Failure::new(FailureKind::Failed, error))),
    }
}

async fn list(State(operations): SharedOperations) -> Json<Vec<Operation>> {
    Json(operations.list())
}

async fn start(
    State(operations): SharedOperations,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<(StatusCode, Json<Operation>), Refusal> {
    let request: OperationRequest =
        serde_json::from_slice(&body).map_err(|error| Failure::new(FailureKind::Invalid, error))?;
    if let OperationRequest::Snapshot { name } = &request
        && !route::is_name(name)
    {
        return Err(Failure::new(FailureKind::Invalid, format!("{name:?} cannot name a snapshot")).into());
    }
    Ok((StatusCode::ACCEPTED, Json(operations.start(request, caller)?)))
}

#[derive(Deserialize)]
struct Wait {
    wait_millis: Option<u64>,
}

async fn watch(
    State(operations): SharedOperations,
    Path(id): Path<u64>,
    Query(wait): Query<Wait>,
) -> Answer<Operation> {
    let wait = Duration::from_millis(wait.wait_millis.unwrap_or(0)).min(route::WAIT_MAX);
    Ok(Json(operations.watch(OperationId(id), wait).await?))
}

async fn abort(
    State(operations): SharedOperations,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Answer<Operation> {
    Ok(Json(operations.abort(OperationId(id), caller)?))
}

async fn clear_snapshot(
    State(operations): SharedOperations,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Answer<()> {
    run_blocking(operations, move |operations| operations.clear_snapshot(&name, caller)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_counts_as_host() {
        for host in ["localhost", "LocalHost:7199", "127.0.0.1", "127.8.0.1:7199", "[::1]:7199", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "192.0.2.1:7199",
            "[2001:db8::1]:7199",
            "127.0.0.1.example.org",
            "localhost.example.org",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
