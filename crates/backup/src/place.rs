//! The seam to where backups are kept. What is put is there whole or not at all, and never changes.

use crate::BackupError;
use std::io::Read;
use std::path::PathBuf;

/// A place for backups: contents under keys such as `backups/monday/backup`.
pub trait Place: Send + Sync {
    /// Puts a document, which is small.
    fn put(&self, key: &str, bytes: &[u8]) -> Result<(), BackupError> {
        self.put_from(key, &mut &*bytes)
    }

    /// Puts all that `source` gives. It is on disk when this returns.
    fn put_from(&self, key: &str, source: &mut dyn Read) -> Result<(), BackupError>;

    /// Opens what was put; `None` if nothing was.
    fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send>>, BackupError>;

    /// Bytes of what was put; `None` if nothing was.
    fn size(&self, key: &str) -> Result<Option<u64>, BackupError>;

    /// The next parts of the keys that begin with `prefix` and a slash, each once, sorted.
    fn children(&self, prefix: &str) -> Result<Vec<String>, BackupError>;

    /// The file in which a content lies, if the place is on this machine: it must not be written to.
    fn local_file(&self, key: &str) -> Option<PathBuf>;
}
