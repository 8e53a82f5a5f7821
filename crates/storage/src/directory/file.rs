//! Small files with a checksum at their end. A file is replaced by renaming a synced copy, so that a crash leaves the old content or the
//! new.

use super::DirectoryError;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// The beginning of the last line.
const CHECKSUM: &str = "crc32 ";

pub(super) fn io_error(path: &Path) -> impl Fn(io::Error) -> DirectoryError {
    move |error| DirectoryError::Io { path: path.to_owned(), error }
}

/// The error of a sync. A full disk is no failed sync: the old content stands.
fn sync_error(path: &Path) -> impl Fn(io::Error) -> DirectoryError {
    move |error| match error.kind() {
        io::ErrorKind::StorageFull => io_error(path)(error),
        _ => DirectoryError::Sync { path: path.to_owned(), error },
    }
}

/// Writes lines with their checksum.
pub(super) fn write(path: &Path, lines: &str) -> Result<(), DirectoryError> {
    replace(path, &format!("{lines}{CHECKSUM}{:08x}\n", crc32fast::hash(lines.as_bytes())))
}

/// The lines of a file; `None` if there is none.
pub(super) fn read(path: &Path) -> Result<Option<String>, DirectoryError> {
    let Some(text) = read_plain(path)? else { return Ok(None) };
    let damaged = || DirectoryError::Damaged { path: path.to_owned(), reason: "its checksum is wrong".to_owned() };
    let (lines, checksum) = text.rfind(CHECKSUM).map(|at| text.split_at(at)).ok_or_else(damaged)?;
    let expected = format!("{CHECKSUM}{:08x}\n", crc32fast::hash(lines.as_bytes()));
    if checksum == expected { Ok(Some(lines.to_owned())) } else { Err(damaged()) }
}

/// A file's text, unchecked. Invalid UTF-8 is replaced, so that its checksum will be wrong.
pub(super) fn read_plain(path: &Path) -> Result<Option<String>, DirectoryError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error(path)(error)),
    }
}

/// Writes a file so that a crash leaves the old content or the new.
pub(super) fn replace(path: &Path, content: &str) -> Result<(), DirectoryError> {
    let new = path.with_extension("new");
    let mut file = File::create(&new).map_err(io_error(path))?;
    file.write_all(content.as_bytes()).map_err(io_error(path))?;
    file.sync_all().map_err(sync_error(path))?;
    fs::rename(&new, path).map_err(io_error(path))?;
    sync_parent(path)
}

/// Syncs the folder of a file: the file's own sync does not bring its name to disk.
pub(super) fn sync_parent(path: &Path) -> Result<(), DirectoryError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).map_err(io_error(parent))?.sync_all().map_err(sync_error(parent))
}
