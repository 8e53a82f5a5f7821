//! Backups: those in a place, read back where they lie; no node is asked.

use crate::names::{WrongUsage, is_name as is_schema_name};
use crate::table::{format_time, print};
use anyhow::{anyhow, ensure};
use henge_backup::{BackupManifest, VerifiedBackup, is_name, list, open_place, verify};
use henge_operator::{RestoredName, RestoredTable, size_text};
use std::path::{Path, PathBuf};

/// The name of a place: a bucket as it is, a folder by its absolute path, for the node has another working folder.
pub(crate) fn place(text: &Path) -> anyhow::Result<String> {
    let is_bucket = text.to_str().is_some_and(|text| text.starts_with("s3://"));
    let path: PathBuf = if is_bucket { text.to_owned() } else { std::path::absolute(text)? };
    path.to_str().map(str::to_owned).ok_or_else(|| anyhow!("{} is no text", path.display()))
}

/// A name of a backup.
pub(crate) fn backup_name(text: &str) -> anyhow::Result<String> {
    ensure!(is_name(text), "{text:?} cannot name a backup: 1 to 64 letters, digits, - _ and ., the first no point");
    Ok(text.to_owned())
}

/// Bytes in a second, such as 64MiB; 0 for no limit.
pub(crate) fn rate(text: &str) -> anyhow::Result<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit: u64 = match &text[digits.len()..] {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => 0,
    };
    let bytes = digits.parse::<u64>().ok().filter(|_| unit > 0).and_then(|number| number.checked_mul(unit));
    bytes.ok_or_else(|| anyhow!("invalid rate {text:?}: expected bytes in a second, such as 64MiB, or 0 for no limit"))
}

/// A table of a backup, and the name under which it is to be restored.
pub(crate) fn restored_name(table: &str, new_name: Option<&str>) -> Result<RestoredName, WrongUsage> {
    let nameless = || WrongUsage(format!("{table:?} names no table: write keyspace.table"));
    let (keyspace, name) = table.split_once('.').ok_or_else(nameless)?;
    let new_name = match new_name.map(|text| text.split_once('.').unwrap_or((keyspace, text))) {
        Some((of, _)) if of != keyspace => {
            return Err(WrongUsage(format!("a table is restored within its keyspace, {keyspace}")));
        }
        Some((_, new)) if new == name => return Err(WrongUsage(format!("--as wants another name than {name}"))),
        other => other.map(|(_, new)| new.to_owned()),
    };
    let names = [Some(keyspace), Some(name), new_name.as_deref()];
    if !names.into_iter().flatten().all(is_schema_name) {
        return Err(nameless());
    }
    Ok(RestoredName { keyspace: keyspace.to_owned(), table: name.to_owned(), new_name })
}

/// The backups in a place.
pub(crate) fn backups(within: &Path) -> anyhow::Result<Vec<BackupManifest>> {
    Ok(list(&*open_place(&place(within)?)?)?)
}

/// Backups in columns.
pub(crate) fn list_text(backups: &[BackupManifest]) -> String {
    if backups.is_empty() {
        return "There are no finished backups\n".to_owned();
    }
    let row = |backup: &BackupManifest| {
        vec![
            backup.name.clone(),
            format_time(backup.began_seconds),
            backup.cluster.clone(),
            backup.nodes.len().to_string(),
            backup.missing.len().to_string(),
            backup.tables.len().to_string(),
            size_text(backup.nodes.iter().map(|node| node.bytes).sum()),
        ]
    };
    let names = ["Name", "Began", "Cluster", "Nodes", "Left out", "Tables", "Size"];
    print(&names, backups.iter().map(row).collect())
}

/// Reads all of a backup.
pub(crate) fn verify_in(within: &Path, name: &str) -> anyhow::Result<VerifiedBackup> {
    Ok(verify(&*open_place(&place(within)?)?, name)?)
}

/// A backup that was read, and its faults, in words.
pub(crate) fn verified_text(verified: &VerifiedBackup) -> String {
    let VerifiedBackup { backup, files, contents, bytes, damaged } = verified;
    let mut text = format!(
        "Backup {}: {} nodes, {files} files, {contents} contents, {} read and compared with their checksums\n",
        backup.name,
        backup.nodes.len(),
        size_text(*bytes)
    );
    backup.missing.iter().for_each(|host| text += &format!("Left out, for it was down: {host}\n"));
    damaged.iter().for_each(|what| text += &format!("DAMAGED {what}\n"));
    text + if damaged.is_empty() { "All of it is as it was written\n" } else { "" }
}

/// Tables that were restored, in columns.
pub(crate) fn restored_text(tables: &[RestoredTable], damaged_rows: u64, seconds: f64) -> String {
    let row = |table: &RestoredTable| {
        let RestoredTable { keyspace, table, rows, bytes } = table;
        vec![format!("{keyspace}.{table}"), rows.to_string(), size_text(*bytes)]
    };
    let mut text = print(&["Table", "Rows", "Bytes"], tables.iter().map(row).collect());
    if damaged_rows > 0 {
        text += &format!("{damaged_rows} rows were damaged on a node and left out: other nodes may have had them\n");
    }
    text + &format!("Restored {} tables in {seconds:.1} seconds\n", tables.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_units() {
        let rates = ["0", "500", "64KiB", "64MiB", "1GiB"].map(|text| rate(text).ok());
        assert_eq!(rates, [Some(0), Some(500), Some(64 << 10), Some(64 << 20), Some(1 << 30)]);
        assert!(["", "MiB", "64MB", "-1", "1.5MiB"].into_iter().all(|text| rate(text).is_err()));
    }

    #[test]
    fn tables_are_restored_within_their_keyspace() {
        let beside =
            RestoredName { keyspace: "ks".to_owned(), table: "t".to_owned(), new_name: Some("old".to_owned()) };
        assert_eq!(restored_name("ks.t", Some("old")).unwrap(), beside);
        assert_eq!(restored_name("ks.t", Some("ks.old")).unwrap(), beside);
        for (table, new_name) in [("ks", None), ("ks.t", Some("other.t")), ("ks.t", Some("t")), ("ks.t;", None)] {
            assert!(restored_name(table, new_name).is_err(), "{table} {new_name:?}");
        }
    }

    #[test]
    fn damage_is_told_by_name() {
        let backup =
            BackupManifest { name: "monday".to_owned(), missing: vec!["h".to_owned()], ..BackupManifest::default() };
        let verified = VerifiedBackup { backup, files: 3, contents: 2, bytes: 2_048, damaged: Vec::new() };
        let text = verified_text(&verified);
        assert!(
            text.starts_with("Backup monday: 0 nodes, 3 files, 2 contents, 2.00 KiB read")
                && text.contains("down: h\n"),
            "{text}"
        );
        assert!(text.ends_with("All of it is as it was written\n"));
        let text = verified_text(&VerifiedBackup { damaged: vec!["a file".to_owned()], ..verified });
        assert!(text.ends_with("DAMAGED a file\n"), "{text}");
    }
}
