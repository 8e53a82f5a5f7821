//! The record, kept outside of the engine, of the last write that is known to be on disk. A log that is cut off at a damaged record, or
//! rolled back with a restored disk, looks whole to the engine; without the record acknowledged writes would be lost unnoticed.

use super::{DirectoryError, file};
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::Arc;

/// The record of one data directory; copies are of the same record.
#[derive(Clone, Debug)]
pub struct DurableRecord {
    path: PathBuf,
    /// The record written last. Writers take turns, since all write the same new file before it replaces the old one.
    written: Arc<Mutex<u64>>,
}

impl DurableRecord {
    /// The record in a file, of a copy of a data directory too.
    pub fn at(path: PathBuf) -> DurableRecord {
        DurableRecord { path, written: Arc::default() }
    }

    /// Remembers that everything up to a sequence number is on disk; one that is lower than the last says nothing new.
    pub fn write(&self, sequence: u64) -> Result<(), DirectoryError> {
        let mut written = self.written.lock();
        if sequence >= *written {
            file::write(&self.path, &format!("sequence {sequence}\n"))?;
            *written = sequence;
        }
        Ok(())
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
