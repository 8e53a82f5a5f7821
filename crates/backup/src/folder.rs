//! A folder as a place: of a disk of its own, or one that every node has mounted.

use crate::{BackupError, Place};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The folder of contents that are on their way. What is left in it by a crash is removed by nobody, and harms nothing.
const PARTIAL: &str = "partial";

/// A folder.
#[derive(Debug)]
pub struct FolderPlace {
    root: PathBuf,
    puts: AtomicU64,
}

impl FolderPlace {
    /// A folder that exists: one that is made by mistake would be on the wrong disk.
    pub fn open(root: &Path) -> Result<FolderPlace, BackupError> {
        let found = fs::metadata(root).map_err(BackupError::io(root.display()))?;
        if !found.is_dir() {
            return Err(BackupError::io(root.display())(io::ErrorKind::NotADirectory.into()));
        }
        Ok(FolderPlace { root: root.to_owned(), puts: AtomicU64::new(0) })
    }

    fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    /// A name that no other put of any process has.
    fn partial_name(&self) -> String {
        format!("{}-{}", uuid(), self.puts.fetch_add(1, Ordering::Relaxed))
    }
}

/// Differs between processes on all machines that share the folder.
fn uuid() -> String {
    let bits = fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default();
    format!("{}-{}", bits.trim(), std::process::id())
}

impl Place for FolderPlace {
    fn put_from(&self, key: &str, source: &mut dyn Read) -> Result<(), BackupError> {
        let target = self.path(key);
        let folder = target.parent().unwrap_or(&self.root);
        let partial_folder = self.root.join(PARTIAL);
        for folder in [folder, &partial_folder] {
            fs::create_dir_all(folder).map_err(BackupError::io(folder.display()))?;
        }
        let partial = partial_folder.join(self.partial_name());
        let mut write = || {
            let mut file = File::create_new(&partial)?;
            io::copy(source, &mut file)?;
            file.sync_all()?;
            fs::rename(&partial, &target)?;
            File::open(folder)?.sync_all()
        };
        write().map_err(|error| {
            let _ = fs::remove_file(&partial);
            BackupError::io(target.display())(error)
        })
    }

    fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send>>, BackupError> {
        let path = self.path(key);
        match File::open(&path) {
            Ok(file) => Ok(Some(Box::new(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(BackupError::io(path.display())(error)),
        }
    }

    fn size(&self, key: &str) -> Result<Option<u64>, BackupError> {
        let path = self.path(key);
        match fs::metadata(&path) {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(BackupError::io(path.display())(error)),
        }
    }

    fn children(&self, prefix: &str) -> Result<Vec<String>, BackupError> {
        let path = self.path(prefix);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(BackupError::io(path.display())(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(BackupError::io(path.display()))?;
            names.extend(entry.file_name().to_str().map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }

    fn local_file(&self, key: &str) -> Option<PathBuf> {
        std::path::absolute(self.path(key)).ok()
    }
}
