//! The data directory: whose it is, which format it has, and that only one process uses it.
//!
//! | file | content |
//! |---|---|
//! | `format` | the format's number |
//! | `lock` | held while a process uses the directory |
//! | `identity` | host id and number of shards, written once |
//! | `cluster` | the cluster's id, once the node is in one |
//! | `generation` | raised at every start |
//! | `durable` | up to which write everything is on disk, at most a second behind |
//! | `engine/` | the storage engine's own |
//! | `snapshots/NAME/` | copies of all the above |
//! | `snapshot` | in a copy only: that it is one |
//! | `restored` | where rows came from a snapshot: of which node |
//! | `restoring` | while they are coming |
//!
//! All but the first two carry a checksum.

mod directory_error;
mod durable;
mod file;
pub(crate) mod restore;
mod snapshots;

pub use directory_error::DirectoryError;
pub use durable::DurableRecord;
pub use snapshots::{EngineFilesError, Snapshot, SnapshotError, Snapshots};

use henge_base::{ClusterId, HostId, Random};
use snapshots::SNAPSHOT_MARK;
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The only format there is.
const FORMAT: u32 = 1;
/// The file of the format, written last.
const FORMAT_FILE: &str = "format";
/// Shards are fixed when the directory is created.
const SHARDS: u32 = 1;

/// A data directory in use by this process.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    host: HostId,
    generation: u64,
    cluster: Option<ClusterId>,
    durable: DurableRecord,
    /// Unlocked when it is closed.
    _lock: File,
}

impl DataDirectory {
    /// Opens a directory, or makes one. `random` names a new node.
    pub fn open(path: &Path, random: &mut Random) -> Result<DataDirectory, DirectoryError> {
        let lock = make(path, random)?;
        let host = checked_host(path)?;
        let generation = raise(&path.join("generation"))?;
        let cluster = read_id(&path.join("cluster"))?.map(ClusterId);
        let durable = DurableRecord::at(path.join("durable"));
        Ok(DataDirectory { path: path.to_owned(), host, generation, cluster, durable, _lock: lock })
    }

    /// Makes a directory that names a new node by `random`, unless there is one: its host id stays, also while a process uses it.
    pub fn initialise(path: &Path, random: &mut Random) -> Result<HostId, DirectoryError> {
        match DataDirectory::host_in(path)? {
            Some(host) => Ok(host),
            None => {
                let _lock = make(path, random)?;
                checked_host(path)
            }
        }
    }

    /// The host id of a directory, in use or not; `None` if there is none yet.
    pub fn host_in(path: &Path) -> Result<Option<HostId>, DirectoryError> {
        if is_new(path, &path.join(FORMAT_FILE))? { Ok(None) } else { checked_host(path).map(Some) }
    }

    /// Makes a snapshot the data directory of the node that it is a copy of, on an operator's word. Other directories stay as they are.
    pub fn accept_snapshot(path: &Path) -> Result<(), DirectoryError> {
        let mark = path.join(SNAPSHOT_MARK);
        match fs::remove_file(&mark) {
            Ok(()) => file::sync_parent(&mark),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(file::io_error(&mark)(error)),
        }
    }

    /// Fails if a process uses a directory. Nothing is made or written.
    pub fn check_unused(path: &Path) -> Result<(), DirectoryError> {
        let path = path.join("lock");
        match File::options().write(true).open(&path) {
            Ok(file) => try_lock(&file, &path),
            // There is no directory, or none that was ever used.
            Err(_) => Ok(()),
        }
    }

    /// The node's id.
    pub fn host(&self) -> HostId {
        self.host
    }

    /// Raised at every start.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The cluster, once the node is in one.
    pub fn cluster(&self) -> Option<ClusterId> {
        self.cluster
    }

    /// Remembers the cluster. A directory never changes to another: its rows are that cluster's.
    pub fn set_cluster(&mut self, cluster: ClusterId) -> Result<(), DirectoryError> {
        if let Some(own) = self.cluster.filter(|own| *own != cluster) {
            let path = self.path.join("cluster");
            return Err(DirectoryError::OtherCluster { path, own, other: cluster });
        }
        file::write(&self.path.join("cluster"), &format!("{cluster}\n"))?;
        self.cluster = Some(cluster);
        Ok(())
    }

    /// The path of the directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The record of what was on disk.
    pub fn durable(&self) -> DurableRecord {
        self.durable.clone()
    }

    /// Copies of it.
    pub fn snapshots(&self) -> Snapshots {
        Snapshots::of(self.path.clone())
    }

    /// The folder of the storage engine's files.
    pub fn engine_path(&self) -> PathBuf {
        self.path.join("engine")
    }
}

/// Makes what a directory lacks, and locks it.
fn make(path: &Path, random: &mut Random) -> Result<File, DirectoryError> {
    create(path)?;
    let format = path.join(FORMAT_FILE);
    if is_new(path, &format)? && !only_leftovers(path)? {
        return Err(DirectoryError::Foreign(path.to_owned()));
    }
    let lock = lock(&path.join("lock"))?;
    // Asked again under the lock: another process may have made the directory meanwhile, and its identity must stay.
    if is_new(path, &format)? {
        let host = HostId::random(random);
        file::write(&path.join("identity"), &format!("host {host}\nshards {SHARDS}\n"))?;
        file::write(&path.join("generation"), "0\n")?;
        // Written last: a directory without it was never finished.
        file::replace(&format, &format!("{FORMAT}\n"))?;
    }
    Ok(lock)
}

/// The host id of a directory whose format this release reads, and that is no snapshot.
fn checked_host(path: &Path) -> Result<HostId, DirectoryError> {
    check_format(&path.join(FORMAT_FILE))?;
    let host = identity(&path.join("identity"))?;
    match file::read_plain(&path.join(SNAPSHOT_MARK))? {
        Some(_) => Err(DirectoryError::Snapshot { path: path.to_owned(), host }),
        None => Ok(host),
    }
}

/// Makes a directory and whatever is missing above it, so that none of it is gone after a power cut.
fn create(path: &Path) -> Result<(), DirectoryError> {
    let missing: Vec<&Path> = path.ancestors().take_while(|p| !p.as_os_str().is_empty() && !p.exists()).collect();
    fs::create_dir_all(path).map_err(|error| DirectoryError::Io { path: path.to_owned(), error })?;
    // Its user's alone: it holds rows, hashes of passwords and keys. One that belongs to another user, as a mounted volume may, stays.
    let _ = fs::set_permissions(path, Permissions::from_mode(0o700));
    missing.into_iter().try_for_each(file::sync_parent)
}

/// True if there is no format file. A failure to tell is an error: taking the directory for new would make another node of it.
fn is_new(path: &Path, format: &Path) -> Result<bool, DirectoryError> {
    format.try_exists().map(|exists| !exists).map_err(|error| DirectoryError::Io { path: path.to_owned(), error })
}

/// True if a directory without a format file is empty, or holds only what an interrupted first start left.
fn only_leftovers(path: &Path) -> Result<bool, DirectoryError> {
    let entries = fs::read_dir(path).map_err(|error| DirectoryError::Io { path: path.to_owned(), error })?;
    let ours =
        ["lock", "identity", "identity.new", "generation", "generation.new", "format", "format.new", "lost+found"];
    Ok(entries.flatten().all(|entry| ours.iter().any(|name| entry.file_name() == *name)))
}

fn lock(path: &Path) -> Result<File, DirectoryError> {
    let io = |error| DirectoryError::Io { path: path.to_owned(), error };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(io)?;
    try_lock(&file, path).map(|()| file)
}

fn try_lock(file: &File, path: &Path) -> Result<(), DirectoryError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(DirectoryError::Locked(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(DirectoryError::Io { path: path.to_owned(), error }),
    }
}

fn check_format(path: &Path) -> Result<(), DirectoryError> {
    let text = file::read_plain(path)?.unwrap_or_default();
    if text.trim() == FORMAT.to_string() {
        return Ok(());
    }
    let found = text.trim().chars().take(40).collect();
    Err(DirectoryError::Format { path: path.to_owned(), found, readable: FORMAT })
}

fn identity(path: &Path) -> Result<HostId, DirectoryError> {
    let text = file::read(path)?.unwrap_or_default();
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let damaged = |reason: &str| DirectoryError::Damaged { path: path.to_owned(), reason: reason.to_owned() };
    if field("shards ") != Some("1") {
        return Err(damaged("it does not say `shards 1`"));
    }
    let host = field("host ").and_then(|id| id.parse().ok()).ok_or_else(|| damaged("it names no host id"))?;
    Ok(HostId(host))
}

/// Counts a start. A lost count is not begun again: peers would take this node's news for old.
fn raise(path: &Path) -> Result<u64, DirectoryError> {
    let damaged = || DirectoryError::Damaged { path: path.to_owned(), reason: "it holds no number".to_owned() };
    let before: Option<u64> = file::read(path)?.and_then(|text| text.trim().parse().ok());
    let generation = before.and_then(|before| before.checked_add(1)).ok_or_else(damaged)?;
    file::write(path, &format!("{generation}\n"))?;
    Ok(generation)
}

fn read_id(path: &Path) -> Result<Option<uuid::Uuid>, DirectoryError> {
    let damaged = || DirectoryError::Damaged { path: path.to_owned(), reason: "it holds no id".to_owned() };
    file::read(path)?.map(|text| text.trim().parse().map_err(|_| damaged())).transpose()
}

#[cfg(test)]
mod tests;
