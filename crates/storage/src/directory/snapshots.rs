//! Snapshots of a data directory, made while it is in use: `snapshots/NAME`, each a data directory by itself. A mark in it keeps it from
//! being taken for its node, unless an operator says so. Files that the engine still uses are hard links and take no room; files that it has replaced since are the snapshot's own.

use super::{DirectoryError, file};
use parking_lot::Mutex;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The file that marks a snapshot.
pub(super) const SNAPSHOT_MARK: &str = "snapshot";
/// Files of a data directory that are copied, besides the engine's, in this order. `durable` comes first: the engine, copied later, has
/// every write that it records.
const FILES: [&str; 5] = ["durable", "identity", "cluster", "generation", "format"];
/// Maximum bytes of a name.
const NAME_BYTES_MAX: usize = 64;
/// The suffix of a snapshot that is being made or removed.
const PARTIAL_SUFFIX: &str = ".partial";

/// The snapshots of one data directory.
#[derive(Debug)]
pub struct Snapshots {
    directory: PathBuf,
    /// Held while a snapshot is made or removed.
    changing: Mutex<()>,
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub path: PathBuf,
    /// The time at which it was made.
    pub created: SystemTime,
    /// Bytes of all its files.
    pub bytes: u64,
    /// Of these, the bytes that removing it would free: of files that nothing else uses.
    pub own_bytes: u64,
}

/// The error of whoever knows the engine's files, which this crate moves and does not read.
pub type EngineFilesError = Box<dyn std::error::Error + Send + Sync>;

/// A snapshot cannot be made or removed.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The name cannot be that of a folder.
    #[error("{0:?} cannot name a snapshot: 1 to {NAME_BYTES_MAX} letters, digits, - _ and ., the first no point")]
    Name(String),
    /// There is one of that name.
    #[error("there is a snapshot {0} already; clear it, or give this one another name")]
    Exists(String),
    /// The engine cannot be copied.
    #[error(transparent)]
    Engine(EngineFilesError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

impl Snapshots {
    pub(super) fn of(directory: PathBuf) -> Snapshots {
        Snapshots { directory, changing: Mutex::new(()) }
    }

    /// Makes a snapshot; `engine` copies the engine's files into a folder, which it creates.
    pub fn take(
        &self,
        name: &str,
        engine: impl FnOnce(&Path) -> Result<(), EngineFilesError>,
    ) -> Result<Snapshot, SnapshotError> {
        check(name)?;
        let _changing = self.changing.lock();
        let (target, partial) = (self.folder().join(name), self.folder().join(format!("{name}{PARTIAL_SUFFIX}")));
        if target.exists() {
            return Err(SnapshotError::Exists(name.to_owned()));
        }
        fs::create_dir_all(self.folder()).map_err(file::io_error(&self.folder()))?;
        remove(&partial)?;
        fs::create_dir(&partial).map_err(file::io_error(&partial))?;
        let made = self.fill(&partial, engine);
        if let Err(error) = made {
            remove(&partial)?;
            return Err(error);
        }
        fs::rename(&partial, &target).map_err(file::io_error(&target))?;
        file::sync_parent(&target)?;
        Ok(read(&target, name.to_owned())?)
    }

    fn fill(
        &self,
        partial: &Path,
        engine: impl FnOnce(&Path) -> Result<(), EngineFilesError>,
    ) -> Result<(), SnapshotError> {
        // First, so that no copy is ever without it.
        file::write(&partial.join(SNAPSHOT_MARK), "a copy, not the node itself\n")?;
        for name in FILES {
            if let Some(text) = file::read_plain(&self.directory.join(name))? {
                file::replace(&partial.join(name), &text)?;
            }
        }
        engine(&partial.join("engine")).map_err(SnapshotError::Engine)?;
        Ok(file::sync_parent(&partial.join("engine"))?)
    }

    /// All snapshots, sorted by name.
    pub fn list(&self) -> Result<Vec<Snapshot>, SnapshotError> {
        let mut found = Vec::new();
        for path in entries(&self.folder())? {
            if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| check(name).is_ok()) {
                found.push(read(&path, name.to_owned())?);
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Removes a snapshot. Returns false if there is none of that name.
    pub fn clear(&self, name: &str) -> Result<bool, SnapshotError> {
        check(name)?;
        let _changing = self.changing.lock();
        let (target, partial) = (self.folder().join(name), self.folder().join(format!("{name}{PARTIAL_SUFFIX}")));
        remove(&partial)?;
        if !target.exists() {
            return Ok(false);
        }
        // A crash must not leave half a snapshot under its name.
        fs::rename(&target, &partial).map_err(file::io_error(&target))?;
        remove(&partial)?;
        Ok(true)
    }

    fn folder(&self) -> PathBuf {
        self.directory.join("snapshots")
    }
}

fn check(name: &str) -> Result<(), SnapshotError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let good = !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.chars().all(allowed);
    if good && !name.starts_with('.') && !name.ends_with(PARTIAL_SUFFIX) {
        return Ok(());
    }
    Err(SnapshotError::Name(name.to_owned()))
}

fn remove(path: &Path) -> Result<(), DirectoryError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file::io_error(path)(error)),
        _ => Ok(()),
    }
}

/// The content of a folder, if it exists.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DirectoryError> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(entries.flatten().map(|entry| entry.path()).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(file::io_error(folder)(error)),
    }
}

fn read(path: &Path, name: String) -> Result<Snapshot, DirectoryError> {
    let metadata = |path: &Path| fs::metadata(path).map_err(file::io_error(path));
    // Written last, never changed.
    let created = metadata(&path.join("format"))?.modified().map_err(file::io_error(path))?;
    let mut files: Vec<Metadata> = Vec::new();
    for folder in [path.to_owned(), path.join("engine")] {
        for entry in entries(&folder)? {
            files.extend(Some(metadata(&entry)?).filter(Metadata::is_file));
        }
    }
    let bytes = files.iter().map(Metadata::len).sum();
    let own_bytes = files.iter().filter(|file| file.nlink() == 1).map(Metadata::len).sum();
    Ok(Snapshot { name, path: path.to_owned(), created, bytes, own_bytes })
}
