//! The backups of a place.

use crate::checksum::checksum;
use crate::manifest::{FORMAT, open, seal};
use crate::{BackupError, BackupManifest, NodeEntry, NodeManifest, Place, is_name};
use std::io::Read;

/// Bytes of the largest document: a million files.
const DOCUMENT_BYTES_MAX: u64 = 512 << 20;

fn backup_key(name: &str) -> String {
    format!("backups/{name}/backup")
}

fn node_key(name: &str, host_id: &str) -> String {
    format!("backups/{name}/nodes/{host_id}")
}

/// Reads a document; `None` if there is none.
fn read(place: &dyn Place, key: &str) -> Result<Option<String>, BackupError> {
    let Some(source) = place.open(key)? else { return Ok(None) };
    let mut text = String::new();
    let read = source.take(DOCUMENT_BYTES_MAX).read_to_string(&mut text);
    match read {
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            Err(BackupError::damage_to(key, "it is no text"))
        }
        Err(error) => Err(BackupError::io(key)(error)),
    }
}

/// The finished backups, oldest first.
pub fn list(place: &dyn Place) -> Result<Vec<BackupManifest>, BackupError> {
    let mut backups = Vec::new();
    for name in place.children("backups")?.into_iter().filter(|name| is_name(name)) {
        let key = backup_key(&name);
        if let Some(document) = read(place, &key)? {
            backups.push(open::<BackupManifest>(&key, &document)?);
        }
    }
    backups.sort_by_key(|backup| (backup.began_seconds, backup.name.clone()));
    Ok(backups)
}

/// A finished backup.
pub fn read_backup(place: &dyn Place, name: &str) -> Result<BackupManifest, BackupError> {
    if !is_name(name) {
        return Err(BackupError::Name(name.to_owned()));
    }
    let key = backup_key(name);
    let document = read(place, &key)?.ok_or_else(|| BackupError::Missing(name.to_owned()))?;
    open(&key, &document)
}

/// The manifest of a node of a backup, which is the one that the backup names.
pub fn read_node(place: &dyn Place, name: &str, node: &NodeEntry) -> Result<NodeManifest, BackupError> {
    let key = node_key(name, &node.host_id);
    let document = read(place, &key)?.ok_or_else(|| BackupError::damage_to(&key, "it is not there"))?;
    if checksum(document.as_bytes()) != node.manifest {
        return Err(BackupError::damage_to(&key, "it is not the one that the backup was finished with"));
    }
    open(&key, &document)
}

/// The newest manifest of a node in any finished backup: its files need not be read again.
pub(crate) fn newest_of_node(place: &dyn Place, host_id: &str) -> Result<Option<NodeManifest>, BackupError> {
    for backup in list(place)?.iter().rev() {
        if let Some(node) = backup.nodes.iter().find(|node| node.host_id == host_id) {
            return read_node(place, &backup.name, node).map(Some);
        }
    }
    Ok(None)
}

/// Writes the manifest of a node; gives its entry.
pub(crate) fn write_node(place: &dyn Place, name: &str, node: &NodeManifest) -> Result<NodeEntry, BackupError> {
    let document = seal(&NodeManifest { format: FORMAT, ..node.clone() });
    place.put(&node_key(name, &node.host_id), document.as_bytes())?;
    Ok(NodeEntry { host_id: node.host_id.clone(), manifest: checksum(document.as_bytes()), bytes: node.bytes() })
}

/// Writes the manifest of a backup, whose nodes are all there: the last step.
pub fn write_backup(place: &dyn Place, backup: &BackupManifest) -> Result<(), BackupError> {
    check_new(place, &backup.name)?;
    let document = seal(&BackupManifest { format: FORMAT, ..backup.clone() });
    place.put(&backup_key(&backup.name), document.as_bytes())
}

/// Refuses a name that cannot be used, or is in use.
pub(crate) fn check_new(place: &dyn Place, name: &str) -> Result<(), BackupError> {
    if !is_name(name) {
        return Err(BackupError::Name(name.to_owned()));
    }
    match place.size(&backup_key(name))? {
        Some(_) => Err(BackupError::Exists(name.to_owned())),
        None => Ok(()),
    }
}
