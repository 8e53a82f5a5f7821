//! This node's part of a backup: a snapshot, whose files go to the place, and are removed here once they are there.

use henge_backup::{BackupError, NodeEntry, NodeManifest, Throttle, Upload, UploadProgress, open_place, upload_node};
use henge_operator::{BackupOrder, MemberBackup};
use henge_rocks::RocksEngine;
use henge_storage::{SnapshotError, Snapshots};
use parking_lot::Mutex;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

/// The beginning of the names of snapshots that backups are made from.
const SNAPSHOT_PREFIX: &str = "backup-";

/// Backups of this node, one at a time.
pub(crate) struct NodeBackups {
    snapshots: Snapshots,
    engine: Arc<RocksEngine>,
    /// This node, without tokens and files.
    node: NodeManifest,
    last: Mutex<Option<Arc<Run>>>,
}

/// One backup, under way or ended.
struct Run {
    order: BackupOrder,
    throttle: Throttle,
    progress: UploadProgress,
    end: OnceLock<Result<NodeEntry, NodeBackupError>>,
}

/// This node's part of a backup cannot be made.
#[derive(Debug, thiserror::Error)]
enum NodeBackupError {
    /// The snapshot cannot be taken or cleared.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The place does not take it.
    #[error(transparent)]
    Place(#[from] BackupError),
}

impl NodeBackups {
    pub(crate) fn new(snapshots: Snapshots, engine: Arc<RocksEngine>, node: NodeManifest) -> NodeBackups {
        NodeBackups { snapshots, engine, node, last: Mutex::default() }
    }

    /// Begins this node's part, or tells how far it is; stops it, if the order says so.
    pub(crate) fn back_up(self: &Arc<Self>, order: &BackupOrder, tokens: Vec<i64>) -> MemberBackup {
        let mut last = self.last.lock();
        let known = last.as_ref().filter(|run| run.order.run == order.run);
        if let Some(run) = known {
            if order.is_aborted {
                run.throttle.abort();
            }
            return run.describe();
        }
        let failed = |error: String| MemberBackup { error: Some(error), ..MemberBackup::default() };
        if let Some(other) = last.as_ref().filter(|run| run.end.get().is_none()) {
            return failed(format!("it is part of backup {} under way", other.order.name));
        }
        if order.is_aborted {
            return failed("it was aborted".to_owned());
        }
        let run = Arc::new(Run {
            order: order.clone(),
            throttle: Throttle::new(order.bytes_per_second),
            progress: UploadProgress::default(),
            end: OnceLock::new(),
        });
        let (this, running) = (Arc::clone(self), Arc::clone(&run));
        let thread = std::thread::Builder::new().name("backup".to_owned());
        let spawned = thread.spawn(move || {
            let end = this.run(&running, tokens);
            if let Err(error) = &end {
                tracing::warn!(name = %running.order.name, %error, "this node could not be backed up");
            }
            let _ = running.end.set(end);
        });
        if let Err(error) = spawned {
            return failed(error.to_string());
        }
        let told = run.describe();
        *last = Some(run);
        told
    }

    /// Takes a snapshot, and brings its files to the place.
    fn run(&self, run: &Run, tokens: Vec<i64>) -> Result<NodeEntry, NodeBackupError> {
        let order = &run.order;
        let place = open_place(&order.to)?;
        let name = format!("{SNAPSHOT_PREFIX}{}", order.name);
        // One of an earlier attempt, which a crash left.
        self.snapshots.clear(&name)?;
        let copy = |to: &Path| self.engine.checkpoint(to).map_err(Into::into);
        let snapshot = self.snapshots.take(&name, copy)?;
        let taken_seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let upload = Upload {
            place: &*place,
            name: &order.name,
            snapshot: &snapshot.path,
            node: NodeManifest { tokens, taken_seconds, ..self.node.clone() },
            throttle: &run.throttle,
            progress: &run.progress,
        };
        let uploaded = upload_node(upload);
        self.snapshots.clear(&name)?;
        Ok(uploaded?)
    }
}

impl Run {
    fn describe(&self) -> MemberBackup {
        let load = |bytes: &std::sync::atomic::AtomicU64| bytes.load(Ordering::Relaxed);
        let end = self.end.get();
        MemberBackup {
            total_bytes: load(&self.progress.total),
            done_bytes: load(&self.progress.done),
            written_bytes: load(&self.progress.written),
            manifest: end.and_then(|end| end.as_ref().ok()).map(|entry| entry.manifest.clone()),
            error: end.and_then(|end| end.as_ref().err()).map(ToString::to_string),
        }
    }
}
