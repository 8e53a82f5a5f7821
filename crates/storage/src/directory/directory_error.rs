//! Reasons why a data directory cannot be used.

use henge_base::{ClusterId, HostId};
use std::io;
use std::path::PathBuf;

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
    /// A sync failed: what is on disk is unknown, and the process has to end.
    #[error("{path} cannot be synced, what is on disk is unknown: {error}")]
    Sync {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Another process uses it.
    #[error("{0} is locked: another henge uses this data directory; stop it, or set another data_directory")]
    Locked(PathBuf),
    /// Another release wrote it.
    #[error("{path} says format {found}, this release reads format {readable}: start the release that wrote it")]
    Format {
        /// The file.
        path: PathBuf,
        /// The format in the file.
        found: String,
        /// The format that this release reads.
        readable: u32,
    },
    /// A file says something that cannot be.
    #[error("{path} is damaged ({reason}); restore the data directory from a snapshot")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// Writes that were on disk are not there any more.
    #[error(
        "the storage engine ends at write {recovered}, but {path} says that write {known} was on disk: acknowledged writes are lost, \
         by a damaged log or a disk that was rolled back; restore the data directory from a snapshot; to go on with what is left, \
         remove that file"
    )]
    Amnesia {
        /// The record.
        path: PathBuf,
        /// The last write that was recovered.
        recovered: u64,
        /// The last one that is known to have been on disk.
        known: u64,
    },
    /// The node is in another cluster.
    #[error(
        "{path} says cluster {own}, not {other}: a data directory never changes its cluster; with another, empty data_directory this \
         is a new node, which can join that cluster"
    )]
    OtherCluster {
        /// The file.
        path: PathBuf,
        /// The cluster in the file.
        own: ClusterId,
        /// The cluster that the node was told.
        other: ClusterId,
    },
    /// It is a copy that was made by a snapshot.
    #[error(
        "{path} is a snapshot of node {host}, and lacks what the node acknowledged since: start the node on its newest data directory; or \
         replace the node (--replace {host}, with an empty data directory); or, if there is nothing newer, accept the loss: \
         --accept-older-copy, once; or make a new cluster of its rows: --restore {path}, with an empty data directory"
    )]
    Snapshot {
        /// The directory.
        path: PathBuf,
        /// The node that it is a copy of.
        host: HostId,
    },
    /// The directory holds something else.
    #[error("{0} is not empty and is no data directory of henge; name another one")]
    Foreign(PathBuf),
}

impl DirectoryError {
    /// True if the process has to end.
    pub fn is_fatal(&self) -> bool {
        matches!(self, DirectoryError::Sync { .. })
    }
}
