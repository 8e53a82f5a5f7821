//! Errors of backups.

use std::io;

/// A backup cannot be made, read or used. What is in the place already stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file of the place or of the node cannot be read or written.
    #[error("{what}: {error}")]
    Io {
        /// The file.
        what: String,
        /// The error.
        error: io::Error,
    },
    /// The place cannot be opened.
    #[error("{place}: {reason}")]
    Place {
        /// Its name.
        place: String,
        /// The reason.
        reason: String,
    },
    /// There is no backup of that name, or it was never finished.
    #[error("there is no finished backup {0} there; henge admin listbackups names those that there are")]
    Missing(String),
    /// There is one of that name.
    #[error("there is a backup {0} there already; give this one another name")]
    Exists(String),
    /// The name cannot be that of a folder.
    #[error("{0:?} cannot name a backup: 1 to 64 letters, digits, - _ and ., the first no point")]
    Name(String),
    /// A file is not what its manifest says.
    #[error("{what} is damaged: {reason}")]
    Damaged {
        /// The file.
        what: String,
        /// The difference.
        reason: String,
    },
    /// A manifest of a later release.
    #[error("{what} has format {format}, and this release reads {known}: use the release that made it, or a later one")]
    Format {
        /// The manifest.
        what: String,
        /// Its format.
        format: u32,
        /// The format of this release.
        known: u32,
    },
    /// An operator stopped it.
    #[error("it was aborted")]
    Aborted,
}

impl BackupError {
    /// An error of a file.
    pub(crate) fn io(what: impl ToString) -> impl FnOnce(io::Error) -> BackupError {
        move |error| BackupError::Io { what: what.to_string(), error }
    }

    /// A file that is not what its manifest says.
    pub(crate) fn damage_to(what: impl ToString, reason: impl ToString) -> BackupError {
        BackupError::Damaged { what: what.to_string(), reason: reason.to_string() }
    }
}
