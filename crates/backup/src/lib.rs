//! Backups of a cluster: files of its nodes in a place that outlives them, each content once, and manifests with their checksums.
//!
//! It knows files and nothing of what is in them.
//!
//! - `place`: the seam to where backups are kept; `folder`: a folder as a place; `open`: a place by its name.
//! - `bucket`: a bucket of a store of objects as a place; `s3`: such a store by the environment; `http`: the requests to it; `blocking`:
//!   waiting for them.
//! - `manifest`: the documents of a backup; `catalog`: the backups of a place.
//! - `checksum`, `throttle`: bytes on their way, hashed and held to a rate.
//! - `upload`: a node's files into a place; `verify`: a backup read back; `fetch`: a node's files out of a place.

// Above the seams: it runs beside a node, on threads of its own.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod blocking;
mod bucket;
mod catalog;
mod checksum;
mod error;
mod fetch;
mod folder;
mod http;
mod manifest;
mod open;
mod place;
mod s3;
#[cfg(test)]
mod tests;
mod throttle;
mod upload;
mod verify;

pub use catalog::{list, read_backup, read_node, write_backup};
pub use error::BackupError;
pub use fetch::fetch_node;
pub use folder::FolderPlace;
pub use manifest::{BackupManifest, FileEntry, NodeEntry, NodeManifest, TableName, is_name};
pub use open::open_place;
pub use place::Place;
pub use throttle::Throttle;
pub use upload::{Upload, UploadProgress, upload_node};
pub use verify::{VerifiedBackup, verify};
