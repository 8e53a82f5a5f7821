//! The operator's interface: HTTP and JSON on loopback, for `henge admin`.

use crate::world::ServerWorld;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use henge_model::StorageId;
use henge_node::Node;
use henge_rocks::RocksEngine;
use henge_storage::{Snapshot, SnapshotError, Snapshots, Store, TableStatistics};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// A page in a browser cannot set it: so none can act here in the name of whoever looks at it.
const HEADER: &str = "henge-admin";

/// What can be done to a running node.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) node: Node<ServerWorld>,
    pub(crate) store: Arc<Store>,
    pub(crate) engine: Arc<RocksEngine>,
    pub(crate) snapshots: Arc<Snapshots>,
}

/// The routes.
pub(crate) fn router(admin: Admin) -> Router {
    Router::new()
        .route("/snapshots", get(list))
        .route("/snapshots/{name}", post(take).delete(clear))
        .route("/tables", get(tables))
        .route("/flush", post(flush))
        .route("/compact", post(compact))
        .layer(middleware::from_fn(asked_on_purpose))
        .with_state(admin)
}

async fn asked_on_purpose(request: Request, next: Next) -> Response {
    if request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    failure(StatusCode::FORBIDDEN, format!("requests need the header {HEADER}")).into_response()
}

/// What could not be done, and why.
struct Failure {
    status: StatusCode,
    error: String,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.error }))).into_response()
    }
}

fn failure(status: StatusCode, error: impl ToString) -> Failure {
    Failure { status, error: error.to_string() }
}

/// Runs what may take long where it keeps nobody waiting.
async fn aside<T: Send + 'static>(job: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(job).await {
        Ok(outcome) => outcome,
        Err(error) => Err(wrong(error)),
    }
}

fn wrong(error: impl ToString) -> Failure {
    failure(StatusCode::INTERNAL_SERVER_ERROR, error)
}

fn refused(error: SnapshotError) -> Failure {
    let status = match &error {
        SnapshotError::Name(_) => StatusCode::BAD_REQUEST,
        SnapshotError::Exists(_) => StatusCode::CONFLICT,
        SnapshotError::Engine(_) | SnapshotError::Directory(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    failure(status, error)
}

fn described(snapshot: &Snapshot) -> Value {
    let created = snapshot.created.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let path = std::path::absolute(&snapshot.path).unwrap_or_else(|_| snapshot.path.clone());
    json!({
        "name": snapshot.name, "created_seconds": created, "bytes": snapshot.bytes, "own_bytes": snapshot.own_bytes,
        "path": path.display().to_string(),
    })
}

async fn list(State(admin): State<Admin>) -> Result<Json<Value>, Failure> {
    let snapshots = aside(move || admin.snapshots.list().map_err(refused)).await?;
    Ok(Json(snapshots.iter().map(described).collect()))
}

async fn take(State(admin): State<Admin>, Path(name): Path<String>) -> Result<Json<Value>, Failure> {
    let job = move || {
        let copy = |to: &std::path::Path| admin.engine.checkpoint(to).map_err(|error| error.to_string());
        admin.snapshots.take(&name, copy).map_err(refused)
    };
    aside(job).await.map(|snapshot| Json(described(&snapshot)))
}

async fn clear(State(admin): State<Admin>, Path(name): Path<String>) -> Result<Json<Value>, Failure> {
    aside(move || match admin.snapshots.clear(&name).map_err(refused)? {
        true => Ok(Json(json!({ "cleared": name }))),
        false => Err(failure(StatusCode::NOT_FOUND, format!("there is no snapshot {name}"))),
    })
    .await
}

/// Which tables: all without a name.
#[derive(Debug, Deserialize)]
struct Wanted {
    keyspace: Option<String>,
    table: Option<String>,
}

async fn tables(State(admin): State<Admin>, Query(wanted): Query<Wanted>) -> Result<Json<Value>, Failure> {
    let mut named: Vec<(String, String, StorageId)> = Vec::new();
    for table in admin.node.tables() {
        let is = |name: &String, wanted: &Option<String>| wanted.as_ref().is_none_or(|wanted| wanted == name);
        if is(&table.keyspace, &wanted.keyspace) && is(&table.name, &wanted.table) {
            named.push((table.keyspace.clone(), table.name.clone(), table.storage_id));
        }
    }
    if named.is_empty() && wanted.keyspace.is_some() {
        return Err(failure(StatusCode::NOT_FOUND, "there is no such table"));
    }
    let job = move || {
        let of = |(keyspace, table, storage): &(String, String, StorageId)| {
            admin.store.statistics(*storage).map(|statistics| counted(keyspace, table, statistics))
        };
        named.iter().map(of).collect::<Result<Value, _>>().map_err(wrong)
    };
    aside(job).await.map(Json)
}

fn counted(keyspace: &str, table: &str, statistics: TableStatistics) -> Value {
    let TableStatistics { disk_bytes, partitions } = statistics;
    json!({ "keyspace": keyspace, "table": table, "disk_bytes": disk_bytes, "partitions": partitions })
}

/// Answers the bytes that memory held before.
async fn flush(State(admin): State<Admin>) -> Result<Json<Value>, Failure> {
    aside(move || {
        let memory = admin.store.figures().memtable_bytes;
        admin.store.flush().map_err(wrong)?;
        Ok(Json(json!({ "memory_bytes": memory })))
    })
    .await
}

/// Answers the bytes in files before and after.
async fn compact(State(admin): State<Admin>) -> Result<Json<Value>, Failure> {
    aside(move || {
        admin.store.flush().map_err(wrong)?;
        let before = disk_bytes(&admin)?;
        admin.engine.compact();
        Ok(Json(json!({ "before_bytes": before, "after_bytes": disk_bytes(&admin)? })))
    })
    .await
}

/// Bytes in files of all tables.
fn disk_bytes(admin: &Admin) -> Result<u64, Failure> {
    let tables = admin.node.tables();
    tables.iter().map(|table| admin.store.disk_bytes(table.storage_id)).sum::<Result<u64, _>>().map_err(wrong)
}
