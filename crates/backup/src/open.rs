//! Places by their names.

use crate::folder::FolderPlace;
use crate::{BackupError, Place, s3};
use std::path::Path;

/// Opens a place: `s3://bucket` with or without a prefix, or the absolute path of a folder.
pub fn open_place(name: &str) -> Result<Box<dyn Place>, BackupError> {
    if name.starts_with(s3::SCHEME) {
        return s3::open(name);
    }
    if !Path::new(name).is_absolute() {
        // Who shares the place has another working folder.
        let reason = "expected an absolute path, or s3://bucket/prefix".to_owned();
        return Err(BackupError::Place { place: name.to_owned(), reason });
    }
    Ok(Box::new(FolderPlace::open(Path::new(name))?))
}
