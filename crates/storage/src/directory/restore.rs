//! A new data directory with the rows of a snapshot: another node's, with a host id of its own.

use super::{DataDirectory, DurableRecord, EngineFilesError};
use super::{DirectoryError, FORMAT, SHARDS, check_format, create, file, identity, is_new, lock, only_leftovers};
use henge_base::{HostId, Random};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Says that a directory is being filled: until it is gone, and `format` there, a start finds no node in it.
const RESTORING_MARK: &str = "restoring";
/// Names the node that the rows of a directory are from.
const ORIGIN: &str = "restored";
/// The extension of the engine's files that never change, so that a hard link is a copy.
const CONSTANT_EXTENSION: &str = "sst";

/// A directory cannot be filled from a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// A file cannot be read or written.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// There is no snapshot.
    #[error("{0} is no snapshot, and no copy of a data directory: it has no folder named engine")]
    NoSnapshot(PathBuf),
    /// The directory is a node's.
    #[error(
        "{path} is the data directory of node {host} already: a snapshot is restored into an empty one; name another data_directory, or \
         leave --restore away to start that node"
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The node.
        host: HostId,
    },
    /// The store cannot be made another node's.
    #[error(transparent)]
    Store(EngineFilesError),
}

/// A snapshot's store, on its way to another node.
#[derive(Debug)]
pub struct Renewal {
    /// The folder of the engine's files: a copy.
    pub engine: PathBuf,
    /// The snapshot's node.
    pub from: HostId,
    /// The new node.
    pub host: HostId,
    /// The record of what was on disk when the snapshot was made.
    pub durable: DurableRecord,
}

impl DataDirectory {
    /// Fills an empty directory from a snapshot, or from a copy of a data directory. `renew` makes the copied store the new node's. Where
    /// that was done before, from a snapshot of the same node, nothing happens, and the answer is false.
    pub fn restore(
        path: &Path,
        snapshot: &Path,
        random: &mut Random,
        renew: impl FnOnce(&Renewal) -> Result<(), EngineFilesError>,
    ) -> Result<bool, RestoreError> {
        let (from, origin) = origin_of(snapshot)?;
        create(path)?;
        let format = path.join("format");
        if !is_new(path, &format)? {
            let host = identity(&path.join("identity"))?;
            return match file::read(&path.join(ORIGIN))? {
                Some(known) if known == origin => Ok(false),
                _ => Err(RestoreError::InUse { path: path.to_owned(), host }),
            };
        }
        let mark = path.join(RESTORING_MARK);
        if !mark.exists() && !only_leftovers(path)? {
            return Err(DirectoryError::Foreign(path.to_owned()).into());
        }
        let _lock = lock(&path.join("lock"))?;
        file::write(&mark, &origin)?;
        let renewal = Renewal {
            engine: path.join("engine"),
            from,
            host: HostId::random(random),
            durable: DurableRecord::at(snapshot.join("durable")),
        };
        copy_engine(&snapshot.join("engine"), &renewal.engine)?;
        renew(&renewal).map_err(RestoreError::Store)?;
        file::write(&path.join("identity"), &format!("host {}\nshards {SHARDS}\n", renewal.host))?;
        file::write(&path.join("generation"), "0\n")?;
        file::write(&path.join(ORIGIN), &origin)?;
        file::replace(&format, &format!("{FORMAT}\n"))?;
        fs::remove_file(&mark).map_err(file::io_error(&mark))?;
        file::sync_parent(&mark)?;
        Ok(true)
    }
}

/// The node of a snapshot, and the text that names it in what is made of it.
fn origin_of(snapshot: &Path) -> Result<(HostId, String), RestoreError> {
    if !snapshot.join("engine").is_dir() {
        return Err(RestoreError::NoSnapshot(snapshot.to_owned()));
    }
    check_format(&snapshot.join("format"))?;
    // Of a directory in use some files would be of another moment than others.
    DataDirectory::check_unused(snapshot)?;
    let from = identity(&snapshot.join("identity"))?;
    Ok((from, format!("rows of node {from}\n")))
}

/// Copies the engine's files. What an interrupted copy left is removed.
fn copy_engine(from: &Path, to: &Path) -> Result<(), DirectoryError> {
    match fs::remove_dir_all(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file::io_error(to)(error)),
        _ => {}
    }
    fs::create_dir(to).map_err(file::io_error(to))?;
    let entries = fs::read_dir(from).map_err(file::io_error(from))?;
    for entry in entries {
        let source = entry.map_err(file::io_error(from))?.path();
        let Some(name) = source.file_name().filter(|name| *name != "LOCK" && source.is_file()) else { continue };
        let target = to.join(name);
        let is_constant = source.extension().is_some_and(|extension| extension == CONSTANT_EXTENSION);
        if is_constant && fs::hard_link(&source, &target).is_ok() {
            continue;
        }
        fs::copy(&source, &target).map_err(file::io_error(&source))?;
        File::open(&target).and_then(|copy| copy.sync_all()).map_err(file::io_error(&target))?;
    }
    file::sync_parent(&to.join("CURRENT"))?;
    file::sync_parent(to)
}
