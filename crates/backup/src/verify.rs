//! A backup read back against its checksums.

use crate::catalog::{read_backup, read_node};
use crate::checksum::hash_all;
use crate::{BackupError, BackupManifest, Place};
use std::collections::BTreeSet;

/// A backup all of which was read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct VerifiedBackup {
    /// The backup.
    pub backup: BackupManifest,
    /// Files of all nodes.
    pub files: u64,
    /// Contents that were read, each once.
    pub contents: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// The contents that are missing, or not what they were: each with the files that need it. None in a good backup.
    pub damaged: Vec<String>,
}

/// Reads all of a backup. A manifest that cannot be used is an error; damaged contents are listed.
pub fn verify(place: &dyn Place, name: &str) -> Result<VerifiedBackup, BackupError> {
    let backup = read_backup(place, name)?;
    let mut verified = VerifiedBackup { backup, files: 0, contents: 0, bytes: 0, damaged: Vec::new() };
    let mut seen = BTreeSet::new();
    for node in &verified.backup.nodes {
        for file in read_node(place, name, node)?.files {
            verified.files += 1;
            if !seen.insert(file.sha256.clone()) {
                continue;
            }
            let what = format!("{} of node {} ({})", file.path, node.host_id, file.object());
            let Some(source) = place.open(&file.object())? else {
                verified.damaged.push(format!("{what}: it is not there"));
                continue;
            };
            match hash_all(source) {
                Ok((bytes, sha256)) => {
                    verified.contents += 1;
                    verified.bytes += bytes;
                    if (bytes, &sha256) != (file.bytes, &file.sha256) {
                        verified.damaged.push(format!("{what}: its content is another"));
                    }
                }
                Err(error) => verified.damaged.push(format!("{what}: {error}")),
            }
        }
    }
    Ok(verified)
}
