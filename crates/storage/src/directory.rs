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
    /// The directory holds something else.
    #[error("{0} is not empty and is no data directory of henge; name another one")]
    Foreign(PathBuf),
}

impl DataDirectory {
    /// Opens a directory, or makes one. `random` names a new node.
    pub fn open(path: &Path, random: &mut Random) -> Result<DataDirectory, DirectoryError> {
        fs::create_dir_all(path).map_err(|error| DirectoryError::Io { path: path.to_owned(), error })?;
        let format = path.join("format");
        let is_new = !format.exists();
        if is_new && !only_leftovers(path)? {
            return Err(DirectoryError::Foreign(path.to_owned()));
        }
        let lock = lock(&path.join("lock"))?;
        if is_new {
            let host = HostId::random(random);
            replace(&path.join("identity"), &format!("host {host}\nshards {SHARDS}\n"))?;
            // Written last: a directory without it was never finished.
            replace(&format, &format!("{FORMAT}\n"))?;
        }
        check_format(&format)?;
        let host = identity(&path.join("identity"))?;
        let generation = read_number(&path.join("generation"))?.unwrap_or(0) + 1;
        replace(&path.join("generation"), &format!("{generation}\n"))?;
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

    /// Remembers the cluster.
    pub fn set_cluster(&mut self, cluster: ClusterId) -> Result<(), DirectoryError> {
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

/// Whether a directory without a format file holds nothing, or what an interrupted first start left.
fn only_leftovers(path: &Path) -> Result<bool, DirectoryError> {
    let entries = fs::read_dir(path).map_err(|error| DirectoryError::Io { path: path.to_owned(), error })?;
    let ours = ["lock", "identity", "identity.new", "format.new", "lost+found"];
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
    let parent = path.parent().unwrap_or(path);
    File::open(parent).and_then(|folder| folder.sync_all()).map_err(io)
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

fn read_number(path: &Path) -> Result<Option<u64>, DirectoryError> {
    let damaged = || DirectoryError::Damaged { path: path.to_owned(), reason: "it holds no number".to_owned() };
    read(path)?.map(|text| text.trim().parse().map_err(|_| damaged())).transpose()
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
mod tests {
    use super::*;

    fn open(path: &Path) -> Result<DataDirectory, DirectoryError> {
        DataDirectory::open(path, &mut Random::new(1))
    }

    #[test]
    fn identity_stays_and_generation_rises() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let mut first = open(&path).unwrap();
        assert_eq!((first.generation(), first.cluster()), (1, None));
        let cluster = ClusterId::random(&mut Random::new(2));
        first.set_cluster(cluster).unwrap();
        let host = first.host();
        drop(first);
        let second = DataDirectory::open(&path, &mut Random::new(99)).unwrap();
        assert_eq!((second.host(), second.generation(), second.cluster()), (host, 2, Some(cluster)));
    }

    #[test]
    fn a_second_process_is_turned_away() {
        let folder = tempfile::tempdir().unwrap();
        let _first = open(folder.path()).unwrap();
        let refusal = open(folder.path()).unwrap_err().to_string();
        assert!(refusal.contains("lock is locked") && refusal.contains("another henge"), "{refusal}");
    }

    #[test]
    fn what_cannot_be_used_is_named_with_a_way_out() {
        let refusal = |change: &dyn Fn(&Path)| {
            let folder = tempfile::tempdir().unwrap();
            drop(open(folder.path()).unwrap());
            change(folder.path());
            open(folder.path()).unwrap_err().to_string()
        };
        let write =
            |name: &'static str, text: &'static str| move |path: &Path| fs::write(path.join(name), text).unwrap();
        assert!(refusal(&write("format", "7\n")).contains("format 7"));
        assert!(refusal(&write("identity", "")).contains("restore it from a backup"));
        assert!(refusal(&write("identity", "host nobody\nshards 1\n")).contains("names no host id"));
        assert!(refusal(&write("cluster", "x")).contains("cluster is damaged"));
        assert!(refusal(&write("generation", "-")).contains("generation is damaged"));
    }

    #[test]
    fn somebody_elses_folder_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.tex"), "x").unwrap();
        assert!(open(folder.path()).unwrap_err().to_string().contains("is no data directory"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
