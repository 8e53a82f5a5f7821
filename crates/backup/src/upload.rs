//! A node's files into a place. Contents that are there already are not read again where that is known from the last backup, and are
//! never written again.

use crate::catalog::{check_new, newest_of_node, write_node};
use crate::checksum::{HashingReader, hash_all};
use crate::manifest::object_key;
use crate::{BackupError, FileEntry, NodeEntry, NodeManifest, Place, Throttle};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

/// The extension of files that never change once they are written.
const CONSTANT_EXTENSION: &str = "sst";

/// The progress of an upload, in bytes.
#[derive(Debug, Default)]
pub struct UploadProgress {
    /// Of all files; 0 until that is known.
    pub total: AtomicU64,
    /// Of files that are done.
    pub done: AtomicU64,
    /// Of contents that were not in the place before.
    pub written: AtomicU64,
}

/// A node's part of a backup to make.
pub struct Upload<'a> {
    /// The place.
    pub place: &'a dyn Place,
    /// The name of the backup.
    pub name: &'a str,
    /// The folder of the copy: it must not change meanwhile.
    pub snapshot: &'a Path,
    /// The node, without files.
    pub node: NodeManifest,
    /// The rate.
    pub throttle: &'a Throttle,
    /// Told how far it is.
    pub progress: &'a UploadProgress,
}

/// Brings a node's files into a place, and then its manifest.
pub fn upload_node(upload: Upload<'_>) -> Result<NodeEntry, BackupError> {
    let Upload { place, name, snapshot, mut node, throttle, progress } = upload;
    check_new(place, name)?;
    // Without it, as where another backup is damaged, all files are read.
    let before = newest_of_node(place, &node.host_id).ok().flatten().unwrap_or_default();
    let known: BTreeMap<&str, &FileEntry> = before.files.iter().map(|file| (file.path.as_str(), file)).collect();
    let files = find_files(snapshot)?;
    progress.total.store(files.iter().map(|file| file.bytes).sum(), Ordering::Relaxed);
    for file in files {
        if throttle.is_aborted() {
            return Err(BackupError::Aborted);
        }
        let same = known.get(file.path.as_str()).filter(|known| is_same(known, &file));
        let bytes = file.bytes;
        let entry = match same {
            Some(known) if place.size(&known.object())? == Some(file.bytes) => (*known).clone(),
            _ => upload_file(place, snapshot, file, throttle, progress)?,
        };
        progress.done.fetch_add(bytes, Ordering::Relaxed);
        node.files.push(entry);
    }
    write_node(place, name, &node)
}

/// True if a file is the one of an earlier backup: of a kind that never changes, with the same name, length and time.
fn is_same(known: &FileEntry, file: &FileEntry) -> bool {
    let is_constant = Path::new(&file.path).extension().is_some_and(|extension| extension == CONSTANT_EXTENSION);
    is_constant && (known.bytes, known.modified_nanos) == (file.bytes, file.modified_nanos)
}

fn upload_file(
    place: &dyn Place,
    snapshot: &Path,
    file: FileEntry,
    throttle: &Throttle,
    progress: &UploadProgress,
) -> Result<FileEntry, BackupError> {
    let path = snapshot.join(&file.path);
    let failed =
        |error| if throttle.is_aborted() { BackupError::Aborted } else { BackupError::io(path.display())(error) };
    let open = || File::open(&path).map_err(BackupError::io(path.display()));
    let (bytes, sha256) = hash_all(throttle.reader(open()?)).map_err(failed)?;
    let key = object_key(&sha256);
    if place.size(&key)? != Some(bytes) {
        let mut source = HashingReader::new(throttle.reader(open()?));
        let put = place.put_from(&key, &mut source);
        if throttle.is_aborted() {
            return Err(BackupError::Aborted);
        }
        put?;
        if source.finish() != (bytes, sha256.clone()) {
            return Err(BackupError::damage_to(
                path.display(),
                "it changed while it was copied, or the disk reads it in two ways",
            ));
        }
        progress.written.fetch_add(bytes, Ordering::Relaxed);
    }
    Ok(FileEntry { bytes, sha256, ..file })
}

/// The files of a folder and of those within it, by path, without their checksums.
fn find_files(root: &Path) -> Result<Vec<FileEntry>, BackupError> {
    let (mut files, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        for entry in fs::read_dir(&path).map_err(BackupError::io(path.display()))? {
            let entry = entry.map_err(BackupError::io(path.display()))?;
            let found = entry.metadata().map_err(BackupError::io(entry.path().display()))?;
            let within = folder.join(entry.file_name());
            if found.is_dir() {
                folders.push(within);
            } else if let Some(path) = within.to_str().filter(|_| found.is_file()) {
                let modified = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
                let modified_nanos = modified.map_or(0, |at| u64::try_from(at.as_nanos()).unwrap_or(0));
                files.push(FileEntry {
                    path: path.to_owned(),
                    bytes: found.len(),
                    modified_nanos,
                    ..FileEntry::default()
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}
