//! Rows of a backup into this cluster: the files of one node after the other are opened beside this node's own, their rows merged in a
//! store that is thrown away afterwards, and what lives of them written like any client's rows.

use super::backup::open_place;
use super::{Interruption, Operations, Steps, failure};
use henge_backup::{BackupManifest, NodeEntry, Place, Throttle, fetch_node, read_backup, read_node};
use henge_node::MergedRows;
use henge_operator::{Failure, FailureKind, OperationOutcome, RestoredName, RestoredTable};
use henge_rocks::{RocksEngine, RocksOptions};
use henge_storage::{DurableRecord, Engine, Store};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::runtime::Handle;

/// The folder in the data directory in which files of a backup are opened.
const WORK_FOLDER: &str = "restoring-backup";
/// Bytes of memory of each engine that is opened for a while.
const ENGINE_BYTES: usize = 64 << 20;
/// The pause before a write is tried again for which the engine had no room.
const STALL_DELAY: Duration = Duration::from_millis(20);

/// The folder, removed when this is dropped.
struct WorkFolder(PathBuf);

impl WorkFolder {
    /// Makes it anew: what a crash left of an earlier one is removed.
    fn make(data_directory: &Path) -> Result<WorkFolder, Failure> {
        let path = data_directory.join(WORK_FOLDER);
        remove(&path)?;
        fs::create_dir(&path).map_err(|error| failure(format!("{}: {error}", path.display())))?;
        Ok(WorkFolder(path))
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        let _ = remove(&self.0);
    }
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failure(format!("{}: {error}", path.display()))),
        _ => Ok(()),
    }
}

fn open_store(path: &Path) -> Result<Arc<Store>, Failure> {
    let options = RocksOptions { memory_bytes: ENGINE_BYTES, background_threads: 1 };
    let engine = Arc::new(RocksEngine::open(path, &options).map_err(failure)?);
    Ok(Arc::new(Store::open(engine as Arc<dyn Engine>).map_err(failure)?))
}

impl Operations {
    /// Restores one table of a backup, or all.
    pub(super) fn restore(
        &self,
        (from, name): (&str, &str),
        table: Option<&RestoredName>,
        steps: &Steps,
    ) -> Result<OperationOutcome, Interruption> {
        let failed = Interruption::Failed;
        let place = open_place(from).map_err(failed)?;
        let backup = read_backup(&*place, name).map_err(|error| failed(failure(error)))?;
        if let Some(RestoredName { keyspace, table, .. }) = table
            && !backup.tables.iter().any(|known| known.keyspace == *keyspace && known.table == *table)
        {
            let message = format!("backup {name} has no table {keyspace}.{table}");
            return Err(failed(Failure::new(FailureKind::NotFound, message)));
        }
        let tables = if table.is_some() { 1 } else { backup.tables.len() };
        steps.total.store((backup.nodes.len() + tables) as u64, Ordering::Relaxed);
        let work = WorkFolder::make(&self.data_directory).map_err(failed)?;
        let merged = self.merge(&*place, &backup, table, &work.0, steps)?;
        self.write_merged(&merged, table, steps)
    }

    /// The rows of all nodes in one store.
    fn merge(
        &self,
        place: &dyn Place,
        backup: &BackupManifest,
        table: Option<&RestoredName>,
        work: &Path,
        steps: &Steps,
    ) -> Result<MergedRows, Interruption> {
        let store = open_store(&work.join("merged")).map_err(Interruption::Failed)?;
        let wanted = table.map(|table| (table.keyspace.clone(), table.table.clone()));
        let mut merged = MergedRows::new(store, wanted);
        for node in &backup.nodes {
            let folder = work.join("node");
            remove(&folder).map_err(Interruption::Failed)?;
            self.merge_node(place, &backup.name, node, &folder, &mut merged, steps)?;
            steps.done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(merged)
    }

    fn merge_node(
        &self,
        place: &dyn Place,
        name: &str,
        node: &NodeEntry,
        folder: &Path,
        merged: &mut MergedRows,
        steps: &Steps,
    ) -> Result<(), Interruption> {
        let of_node = |error: String| Interruption::Failed(failure(format!("node {}: {error}", node.host_id)));
        let manifest = read_node(place, name, node).map_err(|error| of_node(error.to_string()))?;
        fetch_node(place, &manifest, folder, &Throttle::new(0)).map_err(|error| of_node(error.to_string()))?;
        let store = open_store(&folder.join("engine")).map_err(|error| of_node(error.to_string()))?;
        // A copy that lacks a file, or an end of one, is told from a whole one.
        let durable = DurableRecord::at(folder.join("durable"));
        durable.check(store.sequence()).map_err(|error| of_node(error.to_string()))?;
        let has_room = || self.node.figures().disk_free_bytes > self.node.figures().disk_reserve_bytes;
        let goes_on = |is_stalled: bool| {
            if is_stalled {
                std::thread::sleep(STALL_DELAY);
            }
            !steps.is_aborted.load(Ordering::Relaxed) && has_room()
        };
        let added = merged.add(&store, goes_on);
        if steps.is_aborted.load(Ordering::Relaxed) {
            return Err(Interruption::Aborted);
        }
        if !has_room() {
            let message = "there is no room to merge the rows: the disk is full; restore table by table, or on a node with more room";
            return Err(of_node(message.to_owned()));
        }
        added.map_err(|error| of_node(error.to_string()))
    }

    /// Makes the tables that are missing, and writes their rows.
    fn write_merged(
        &self,
        merged: &MergedRows,
        table: Option<&RestoredName>,
        steps: &Steps,
    ) -> Result<OperationOutcome, Interruption> {
        let restore = |error: &dyn std::fmt::Display| Interruption::Failed(failure(error));
        let new_name = table.and_then(|table| table.new_name.as_deref());
        let core = self.node.core();
        let Some(schema) = merged.schema() else { return Err(restore(&"the backup has no nodes")) };
        let mut tables = Vec::new();
        for old in merged.tables() {
            let pair = Handle::current().block_on(core.restore_table(schema, &old, new_name));
            let pair = pair.map_err(|error| restore(&error))?;
            let goes_on = || !steps.is_aborted.load(Ordering::Relaxed);
            let written = Handle::current().block_on(core.restore_rows(merged.store(), &pair, goes_on));
            if !goes_on() {
                return Err(Interruption::Aborted);
            }
            let (rows, bytes) = written.map_err(|error| restore(&error))?;
            let name = new_name.unwrap_or(&old.name).to_owned();
            tables.push(RestoredTable { keyspace: old.keyspace.clone(), table: name, rows, bytes });
            steps.done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(OperationOutcome::Restored { tables, damaged_rows: merged.damaged_rows() })
    }
}
