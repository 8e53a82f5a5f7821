//! The documents of a backup: one for each node, and one for all that is written last.
//!
//! | Key in the place | Holds |
//! |---|---|
//! | `objects/ab/SHA256` | a content, by its checksum; `ab` are the first two digits |
//! | `backups/NAME/nodes/HOST_ID` | a [`NodeManifest`] |
//! | `backups/NAME/backup` | the [`BackupManifest`]: without it there is no backup |
//!
//! A document is a JSON value in lines, and a last line `sha256 DIGITS` with the checksum of all before it.

use crate::BackupError;
use crate::checksum::checksum;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The format of documents that this release writes and reads.
pub(crate) const FORMAT: u32 = 1;
/// Maximum characters of a name.
const NAME_CHARS_MAX: usize = 64;

/// A backup of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupManifest {
    /// 1.
    pub format: u32,
    /// Its name.
    pub name: String,
    /// The cluster's name.
    pub cluster: String,
    /// When it began, in seconds since 1970: writes that were acknowledged before are in it.
    pub began_seconds: u64,
    /// When it was finished.
    pub finished_seconds: u64,
    /// The tables that it has.
    pub tables: Vec<TableName>,
    /// The schema, in CQL, for people.
    pub schema: Vec<String>,
    /// The nodes, by host id.
    pub nodes: Vec<NodeEntry>,
    /// Host ids of members that were down, and left out.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableName {
    /// Its keyspace.
    pub keyspace: String,
    /// Its name.
    pub table: String,
}

/// A node of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeEntry {
    /// Its host id.
    pub host_id: String,
    /// The checksum of its manifest.
    pub manifest: String,
    /// Bytes of its files.
    pub bytes: u64,
}

/// The files of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeManifest {
    /// 1.
    pub format: u32,
    /// The node's host id.
    pub host_id: String,
    /// The address at which peers reached it.
    pub address: String,
    /// Its datacentre.
    pub datacenter: String,
    /// Its rack.
    pub rack: String,
    /// Its tokens.
    pub tokens: Vec<i64>,
    /// The release that it ran.
    pub release: String,
    /// When its copy was made, in seconds since 1970.
    pub taken_seconds: u64,
    /// Its files, by path.
    pub files: Vec<FileEntry>,
}

/// A file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path within the data directory.
    pub path: String,
    /// Its bytes.
    pub bytes: u64,
    /// When it was written, in nanoseconds since 1970.
    pub modified_nanos: u64,
    /// The checksum of its content, under which that lies in the place.
    pub sha256: String,
}

impl NodeManifest {
    /// Bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

impl FileEntry {
    /// The key of its content.
    pub(crate) fn object(&self) -> String {
        object_key(&self.sha256)
    }
}

/// The key of a content.
pub(crate) fn object_key(sha256: &str) -> String {
    format!("objects/{}/{sha256}", sha256.get(..2).unwrap_or_default())
}

/// True if a text can name a backup, and be a part of a path as it is.
pub fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !text.is_empty() && text.len() <= NAME_CHARS_MAX && !text.starts_with('.') && text.chars().all(allowed)
}

/// A document with its checksum.
pub(crate) fn seal<T: Serialize>(value: &T) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    format!("{text}\nsha256 {}\n", checksum(text.as_bytes()))
}

/// Reads a document, once its checksum is right.
pub(crate) fn open<T: DeserializeOwned>(what: &str, document: &str) -> Result<T, BackupError> {
    let damaged = |reason: &str| BackupError::damage_to(what, reason);
    let body = document.trim_end_matches('\n');
    let (text, last) = body.rsplit_once('\n').ok_or_else(|| damaged("it has no checksum"))?;
    if last.strip_prefix("sha256 ") != Some(&checksum(text.as_bytes())) {
        return Err(damaged("its checksum is wrong"));
    }
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = serde_json::from_str(text).map_err(|error| damaged(&error.to_string()))?;
    if format != FORMAT {
        return Err(BackupError::Format { what: what.to_owned(), format, known: FORMAT });
    }
    serde_json::from_str(text).map_err(|error| damaged(&error.to_string()))
}
