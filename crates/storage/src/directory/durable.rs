//! What was on disk, remembered outside of the engine: a log that is cut off at a damaged record, or rolled back with a restored disk, looks
//! whole to the engine, and acknowledged writes would be gone without a word.

use super::{DirectoryError, file};
use std::path::PathBuf;

/// The record of one data directory.
#[derive(Clone, Debug)]
pub struct DurableRecord {
    path: PathBuf,
}

impl DurableRecord {
    pub(super) fn at(path: PathBuf) -> DurableRecord {
        DurableRecord { path }
    }

    /// Remembers that everything up to a sequence number is on disk.
    pub fn write(&self, sequence: u64) -> Result<(), DirectoryError> {
        file::write(&self.path, &format!("sequence {sequence}\n"))
    }

    /// Compares with what was recovered.
    pub fn check(&self, recovered: u64) -> Result<(), DirectoryError> {
        let Some(lines) = file::read(&self.path)? else { return Ok(()) };
        let known = lines.strip_prefix("sequence ").and_then(|text| text.trim().parse::<u64>().ok());
        match known {
            None => Err(DirectoryError::Damaged {
                path: self.path.clone(),
                reason: "it holds no sequence number".to_owned(),
            }),
            Some(known) if recovered < known => {
                Err(DirectoryError::Amnesia { path: self.path.clone(), recovered, known })
            }
            Some(_) => Ok(()),
        }
    }
}
