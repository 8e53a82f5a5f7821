//! The data directory: whose it is, which format it has, and that only one process uses it.
//!
//! | file | content |
//! |---|---|
//! | `format` | the format's number |
//! | `lock` | held while a process uses the directory |
//! | `identity` | host id and number of shards, written once |
//! | `cluster` | the cluster's id, once the node is in one |
//! | `generation` | raised at every start |
//! | `engine/` | the storage engine's own |
//!
//! Files are replaced by renaming a synced copy, so that a crash leaves the old one or the new one.

use henge_base::{ClusterId, HostId, Random};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The only format there is.
const FORMAT: u32 = 1;
/// Shards are fixed when the directory is created.
const SHARDS: u32 = 1;

/// A data directory in use by this process.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    host: HostId,
    generation: u64,
    cluster: Option<ClusterId>,
    /// Unlocked when it is closed.
    _lock: File,
}

/// A data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// A file cannot be read or written.
    #[error(
        "{path}: {error}; the data directory must exist or be creatable, and belong to the user that henge runs as"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Another process uses it.
    #[error("{0} is locked: another henge uses this data directory; stop it, or give this one a directory of its own")]
    Locked(PathBuf),
    /// Another release wrote it.
    #[error("{path} says format {found}, this release reads format {FORMAT}: start the release that wrote it")]
    Format {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
    },
    /// A file says something that cannot be.
    #[error(
        "{path} is damaged ({reason}); restore it from a backup, or start with an empty directory and let the cluster refill it"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The node is in another cluster.
    #[error("{path} says cluster {own}, not {other}: to move this node there, start it with an empty data directory")]
    OtherCluster {
        /// The file.
        path: PathBuf,
        /// What it says.
        own: ClusterId,
        /// What it was to say.
        other: ClusterId,
    },
    /// The directory holds something else.
    #[error("{0} is not empty and is no data directory of henge; name another one")]
    Foreign(PathBuf),
}

impl DataDirectory {
    /// Opens a directory, or makes one. `random` names a new node.
    pub fn open(path: &Path, random: &mut Random) -> Result<DataDirectory, DirectoryError> {
        create(path)?;
        let format = path.join("format");
        if is_new(path, &format)? && !only_leftovers(path)? {
            return Err(DirectoryError::Foreign(path.to_owned()));
        }
        let lock = lock(&path.join("lock"))?;
        // Asked again under the lock: another process may have made the directory meanwhile, and its identity must stay.
        if is_new(path, &format)? {
            let host = HostId::random(random);
            replace(&path.join("identity"), &format!("host {host}\nshards {SHARDS}\n"))?;
            replace(&path.join("generation"), "0\n")?;
            // Written last: a directory without it was never finished.
            replace(&format, &format!("{FORMAT}\n"))?;
        }
        check_format(&format)?;
        let host = identity(&path.join("identity"))?;
        let generation = raise(&path.join("generation"))?;
        let cluster = read_id(&path.join("cluster"))?.map(ClusterId);
        Ok(DataDirectory { path: path.to_owned(), host, generation, cluster, _lock: lock })
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
        replace(&self.path.join("cluster"), &format!("{cluster}\n"))?;
        self.cluster = Some(cluster);
        Ok(())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the storage engine keeps its files.
    pub fn engine_path(&self) -> PathBuf {
        self.path.join("engine")
    }
}

/// Makes a directory and whatever is missing above it, so that none of it is gone after a power cut.
fn create(path: &Path) -> Result<(), DirectoryError> {
    let missing: Vec<&Path> = path.ancestors().take_while(|p| !p.as_os_str().is_empty() && !p.exists()).collect();
    fs::create_dir_all(path).map_err(|error| DirectoryError::Io { path: path.to_owned(), error })?;
    missing.into_iter().try_for_each(sync_parent)
}

/// Brings a name to disk: a file's own sync does not.
fn sync_parent(path: &Path) -> Result<(), DirectoryError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = File::open(parent).and_then(|folder| folder.sync_all());
    synced.map_err(|error| DirectoryError::Io { path: parent.to_owned(), error })
}

/// Whether there is no format file. What cannot be told is an error: taking it for new would make another node of it.
fn is_new(path: &Path, format: &Path) -> Result<bool, DirectoryError> {
    format.try_exists().map(|exists| !exists).map_err(|error| DirectoryError::Io { path: path.to_owned(), error })
}

/// Whether a directory without a format file holds nothing, or what an interrupted first start left.
fn only_leftovers(path: &Path) -> Result<bool, DirectoryError> {
    let entries = fs::read_dir(path).map_err(|error| DirectoryError::Io { path: path.to_owned(), error })?;
    let ours =
        ["lock", "identity", "identity.new", "generation", "generation.new", "format", "format.new", "lost+found"];
    Ok(entries.flatten().all(|entry| ours.iter().any(|name| entry.file_name() == *name)))
}

fn lock(path: &Path) -> Result<File, DirectoryError> {
    let io = |error| DirectoryError::Io { path: path.to_owned(), error };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DirectoryError::Locked(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}

/// Writes a file so that a crash leaves the old content or the new.
fn replace(path: &Path, content: &str) -> Result<(), DirectoryError> {
    let io = |error| DirectoryError::Io { path: path.to_owned(), error };
    let new = path.with_extension("new");
    let mut file = File::create(&new).map_err(io)?;
    file.write_all(content.as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
    fs::rename(&new, path).map_err(io)?;
    sync_parent(path)
}

fn check_format(path: &Path) -> Result<(), DirectoryError> {
    let text = read(path)?.unwrap_or_default();
    if text.trim() == FORMAT.to_string() {
        return Ok(());
    }
    Err(DirectoryError::Format { path: path.to_owned(), found: text.trim().chars().take(40).collect() })
}

fn identity(path: &Path) -> Result<HostId, DirectoryError> {
    let text = read(path)?.unwrap_or_default();
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
    let before: Option<u64> = read(path)?.and_then(|text| text.trim().parse().ok());
    let generation = before.and_then(|before| before.checked_add(1)).ok_or_else(damaged)?;
    replace(path, &format!("{generation}\n"))?;
    Ok(generation)
}

fn read_id(path: &Path) -> Result<Option<uuid::Uuid>, DirectoryError> {
    let damaged = || DirectoryError::Damaged { path: path.to_owned(), reason: "it holds no id".to_owned() };
    read(path)?.map(|text| text.trim().parse().map_err(|_| damaged())).transpose()
}

fn read(path: &Path) -> Result<Option<String>, DirectoryError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DirectoryError::Io { path: path.to_owned(), error }),
    }
}

#[cfg(test)]
mod tests;
