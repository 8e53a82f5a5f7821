//! Operations of an operator on this node: started, listed, watched and aborted here; the admin port only carries the requests.
//!
//! - `inspection`: reports on this node alone, as nodetool has them.
//! - `work`: what each operation does. `backup`, `files`, `restoring`: those that take more than a few lines.

mod backup;
mod files;
mod inspection;
pub(crate) mod reports;
mod restoring;
mod work;

use crate::caller::Caller;
use crate::logging::Log;
use crate::world::ServerWorld;
use henge_node::Node;
use henge_operator::{
    Failure, FailureKind, Operation, OperationId, OperationRequest, OperationState, Progress, Snapshot,
};
use henge_rocks::RocksEngine;
use henge_storage::{SnapshotError, Snapshots, Store};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// Maximum operations that run at once, and that are remembered, ended ones included.
const RUNNING_MAX: usize = 8;
const REMEMBERED_MAX: usize = 100;

/// The operations of a node.
pub(crate) struct Operations {
    node: Node<ServerWorld>,
    store: Arc<Store>,
    engine: Arc<RocksEngine>,
    snapshots: Snapshots,
    data_directory: PathBuf,
    log: Arc<Log>,
    started: Mutex<OperationRegister>,
}

/// The parts of a server that operations act on.
pub(crate) struct OperatedParts {
    pub(crate) node: Node<ServerWorld>,
    pub(crate) store: Arc<Store>,
    pub(crate) engine: Arc<RocksEngine>,
    pub(crate) snapshots: Snapshots,
    pub(crate) data_directory: PathBuf,
    pub(crate) log: Arc<Log>,
}

#[derive(Default)]
struct OperationRegister {
    last: u64,
    /// Oldest first.
    operations: VecDeque<Arc<Run>>,
}

/// One operation.
struct Run {
    id: OperationId,
    request: OperationRequest,
    started: SystemTime,
    began: Instant,
    steps: Steps,
    /// `None` while it runs; then its end, and the time that it took.
    end: watch::Sender<Option<(OperationState, Duration)>>,
}

/// The progress of an operation, and the request to abort it.
#[derive(Default)]
struct Steps {
    done: AtomicU64,
    total: AtomicU64,
    is_aborted: AtomicBool,
}

/// An operation did not come to its end.
enum Interruption {
    Aborted,
    Failed(Failure),
}

impl Operations {
    pub(crate) fn new(parts: OperatedParts) -> Operations {
        let OperatedParts { node, store, engine, snapshots, data_directory, log } = parts;
        Operations { node, store, engine, snapshots, data_directory, log, started: Mutex::default() }
    }

    /// Starts an operation on a thread of its own. Of one that writes files only one runs at a time.
    pub(crate) fn start(self: &Arc<Self>, request: OperationRequest, caller: Caller) -> Result<Operation, Failure> {
        let run = self.admit(request)?;
        let (this, running) = (Arc::clone(self), Arc::clone(&run));
        tokio::task::spawn_blocking(move || {
            let state = match this.work(&running.request, &running.steps) {
                Ok(outcome) => OperationState::Done { outcome },
                Err(Interruption::Aborted) => OperationState::Aborted,
                Err(Interruption::Failed(failure)) => OperationState::Failed { failure },
            };
            tracing::info!(id = running.id.0, operation = %running.request, ?state, "an operation has ended");
            running.end.send_replace(Some((state, running.began.elapsed())));
        });
        tracing::info!(id = run.id.0, operation = %run.request, by = %caller, "an operation has started");
        Ok(run.describe())
    }

    fn admit(&self, request: OperationRequest) -> Result<Arc<Run>, Failure> {
        let mut started = self.started.lock();
        let running: Vec<&Arc<Run>> = started.operations.iter().filter(|run| !run.has_ended()).collect();
        if let Some(same) = running.iter().find(|run| run.request == request) {
            return Err(Failure::new(FailureKind::Exists, format!("operation {} does that already", same.id)));
        }
        if running.len() >= RUNNING_MAX {
            return Err(Failure::new(FailureKind::Exists, format!("{RUNNING_MAX} operations are running already")));
        }
        while started.operations.len() >= REMEMBERED_MAX {
            // Fewer run than are remembered, so an ended one is found.
            let ended = started.operations.iter().position(|run| run.has_ended());
            started.operations.remove(ended.unwrap_or(0));
        }
        started.last += 1;
        let run = Arc::new(Run {
            id: OperationId(started.last),
            request,
            started: SystemTime::now(),
            began: Instant::now(),
            steps: Steps::default(),
            end: watch::Sender::new(None),
        });
        started.operations.push_back(Arc::clone(&run));
        Ok(run)
    }

    /// Operations since the start that are remembered, oldest first.
    pub(crate) fn list(&self) -> Vec<Operation> {
        self.started.lock().operations.iter().map(|run| run.describe()).collect()
    }

    /// An operation, once it has ended or the time is over.
    pub(crate) async fn watch(&self, id: OperationId, wait: Duration) -> Result<Operation, Failure> {
        let run = self.find(id)?;
        let mut end = run.end.subscribe();
        let _ = tokio::time::timeout(wait, end.wait_for(Option::is_some)).await;
        Ok(run.describe())
    }

    /// Asks an operation to stop; it does so after its present step.
    pub(crate) fn abort(&self, id: OperationId, caller: Caller) -> Result<Operation, Failure> {
        let run = self.find(id)?;
        if !run.request.has_steps() {
            let reason = format!("operation {id}, {}, cannot be aborted: it is one step", run.request);
            return Err(Failure::new(FailureKind::Invalid, reason));
        }
        run.steps.is_aborted.store(true, Ordering::Relaxed);
        tracing::info!(id = id.0, operation = %run.request, by = %caller, "an operation is asked to stop");
        Ok(run.describe())
    }

    fn find(&self, id: OperationId) -> Result<Arc<Run>, Failure> {
        let found = self.started.lock().operations.iter().find(|run| run.id == id).cloned();
        found.ok_or_else(|| Failure::new(FailureKind::NotFound, format!("there is no operation {id}")))
    }

    /// Removes a snapshot; writes the disk.
    pub(crate) fn clear_snapshot(&self, name: &str, caller: Caller) -> Result<(), Failure> {
        match self.snapshots.clear(name).map_err(snapshot_failure)? {
            true => {
                tracing::info!(name, by = %caller, "a snapshot was removed");
                Ok(())
            }
            false => Err(Failure::new(FailureKind::NotFound, format!("there is no snapshot {name}"))),
        }
    }
}

impl Run {
    fn has_ended(&self) -> bool {
        self.end.borrow().is_some()
    }

    fn describe(&self) -> Operation {
        let (state, elapsed) = self.end.borrow().clone().unwrap_or_else(|| {
            let Steps { done, total, .. } = &self.steps;
            let progress = Progress { done: done.load(Ordering::Relaxed), total: total.load(Ordering::Relaxed) };
            (OperationState::Running { progress }, self.began.elapsed())
        });
        Operation {
            id: self.id,
            request: self.request.clone(),
            started_seconds: seconds(self.started),
            elapsed_millis: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            state,
        }
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn failure(error: impl std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Failed, error)
}

fn snapshot_failure(error: SnapshotError) -> Failure {
    let kind = match &error {
        SnapshotError::Name(_) => FailureKind::Invalid,
        SnapshotError::Exists(_) => FailureKind::Exists,
        SnapshotError::Engine(_) | SnapshotError::Directory(_) => FailureKind::Failed,
    };
    Failure::new(kind, error)
}

fn describe_snapshot(snapshot: &henge_storage::Snapshot) -> Snapshot {
    let path = std::path::absolute(&snapshot.path).unwrap_or_else(|_| snapshot.path.clone());
    Snapshot {
        name: snapshot.name.clone(),
        created_seconds: seconds(snapshot.created),
        bytes: snapshot.bytes,
        own_bytes: snapshot.own_bytes,
        path: path.display().to_string(),
    }
}
