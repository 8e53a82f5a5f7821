//! Backups of a cluster: files of its nodes in a place that outlives them, each content once, and manifests with their checksums.
//!
//! It knows files and nothing of what is in them.
//!
//! - `place`: the seam to where backups are kept; `folder`: a folder as a place.
//! - `manifest`: the documents of a backup; `catalog`: the backups of a place.
//! - `checksum`, `throttle`: bytes on their way, hashed and held to a rate.
//! - `upload`: a node's files into a place; `verify`: a backup read back; `fetch`: a node's files out of a place.

// Above the seams: it runs beside a node, on threads of its own.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod catalog;
mod checksum;
mod error;
mod fetch;
mod folder;
mod manifest;
mod place;
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
pub use place::Place;
pub use throttle::Throttle;
pub use upload::{Upload, UploadProgress, upload_node};
pub use verify::{VerifiedBackup, verify};
