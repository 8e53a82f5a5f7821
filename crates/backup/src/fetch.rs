//! A node's files out of a place, as its data directory had them. Files that never change are not copied where the place is on this
//! machine: a link leads to them.

use crate::checksum::HashingReader;
use crate::{BackupError, FileEntry, NodeManifest, Place, Throttle};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Component, Path};

/// The extension of files that the engine reads and never writes to.
const CONSTANT_EXTENSION: &str = "sst";

/// Puts the files of a node into an empty folder. What is copied is checked; what is linked was checked by [`crate::verify`], or is by the
/// engine's own checksums.
pub fn fetch_node(place: &dyn Place, node: &NodeManifest, to: &Path, throttle: &Throttle) -> Result<(), BackupError> {
    for file in &node.files {
        let path = Path::new(&file.path);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(BackupError::damage_to(&file.path, "it leads out of its folder"));
        }
        let target = to.join(path);
        let folder = target.parent().unwrap_or(to);
        fs::create_dir_all(folder).map_err(BackupError::io(folder.display()))?;
        fetch_file(place, file, &target, throttle)?;
    }
    Ok(())
}

fn fetch_file(place: &dyn Place, file: &FileEntry, target: &Path, throttle: &Throttle) -> Result<(), BackupError> {
    let key = file.object();
    let missing = || BackupError::damage_to(&key, format!("it is not there, and {} needs it", file.path));
    let is_constant = target.extension().is_some_and(|extension| extension == CONSTANT_EXTENSION);
    if let Some(local) = place.local_file(&key).filter(|_| is_constant) {
        if place.size(&key)?.ok_or_else(missing)? != file.bytes {
            return Err(BackupError::damage_to(&key, "it has another length"));
        }
        return symlink(local, target).map_err(BackupError::io(target.display()));
    }
    let source = place.open(&key)?.ok_or_else(missing)?;
    let mut source = HashingReader::new(throttle.reader(source));
    let copied = File::create_new(target).and_then(|mut copy| io::copy(&mut source, &mut copy));
    if throttle.is_aborted() {
        return Err(BackupError::Aborted);
    }
    copied.map_err(BackupError::io(target.display()))?;
    if source.finish() != (file.bytes, file.sha256.clone()) {
        return Err(BackupError::damage_to(&key, "its content is another"));
    }
    Ok(())
}
