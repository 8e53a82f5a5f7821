//! Backups of folders that stand for a node's snapshot.

use super::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use tempfile::TempDir;

/// A node's snapshot and a place.
struct Case {
    _folder: TempDir,
    snapshot: PathBuf,
    root: PathBuf,
    place: FolderPlace,
}

fn case() -> Case {
    let folder = tempfile::tempdir().unwrap();
    let (snapshot, root) = (folder.path().join("snapshot"), folder.path().join("place"));
    fs::create_dir_all(snapshot.join("engine")).unwrap();
    fs::create_dir(&root).unwrap();
    for (name, text) in
        [("identity", "host a"), ("engine/1.sst", "rows"), ("engine/2.sst", "rows"), ("engine/LOG", "said")]
    {
        fs::write(snapshot.join(name), text).unwrap();
    }
    let place = FolderPlace::open(&root).unwrap();
    Case { _folder: folder, snapshot, root, place }
}

impl Case {
    /// Backs the snapshot up; gives the bytes that were written, and the backup.
    fn back_up(&self, name: &str) -> Result<(u64, BackupManifest), BackupError> {
        let (throttle, progress) = (Throttle::new(0), UploadProgress::default());
        let node = NodeManifest { host_id: "host-a".to_owned(), ..NodeManifest::default() };
        let (place, snapshot) = (&self.place, &self.snapshot);
        let upload = Upload { place, name, snapshot, node, throttle: &throttle, progress: &progress };
        let nodes = vec![upload_node(upload)?];
        assert_eq!(progress.done.load(Ordering::Relaxed), progress.total.load(Ordering::Relaxed));
        let backup = BackupManifest { format: 1, name: name.to_owned(), nodes, ..BackupManifest::default() };
        write_backup(place, &backup)?;
        Ok((progress.written.load(Ordering::Relaxed), backup))
    }

    fn node(&self, backup: &BackupManifest) -> NodeManifest {
        read_node(&self.place, &backup.name, &backup.nodes[0]).unwrap()
    }

    /// The file of a content in the place.
    fn object(&self, backup: &BackupManifest, path: &str) -> PathBuf {
        let node = self.node(backup);
        self.root.join(node.files.iter().find(|file| file.path == path).unwrap().object())
    }

    fn fetch(&self, backup: &BackupManifest) -> Result<TempDir, BackupError> {
        let target = tempfile::tempdir().unwrap();
        fetch_node(&self.place, &self.node(backup), target.path(), &Throttle::new(0)).map(|()| target)
    }
}

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn a_backup_is_read_back_as_it_was() {
    let case = case();
    let (written, backup) = case.back_up("monday").unwrap();
    assert_eq!(written, 6 + 4 + 4, "equal contents are written once");
    assert_eq!(list(&case.place).unwrap(), std::slice::from_ref(&backup));
    let verified = verify(&case.place, "monday").unwrap();
    assert_eq!((verified.files, verified.contents, verified.bytes), (4, 3, 14));
    assert_eq!(verified.damaged, Vec::<String>::new());
    let fetched = case.fetch(&backup).unwrap();
    for name in ["identity", "engine/1.sst", "engine/2.sst", "engine/LOG"] {
        assert_eq!(text(fetched.path(), name), text(&case.snapshot, name));
    }
    assert!(fetched.path().join("engine/1.sst").is_symlink() && !fetched.path().join("engine/LOG").is_symlink());
}

#[test]
fn only_new_contents_are_written_by_a_second_backup() {
    let case = case();
    case.back_up("monday").unwrap();
    fs::write(case.snapshot.join("engine/3.sst"), "more rows").unwrap();
    fs::write(case.snapshot.join("engine/LOG"), "said more").unwrap();
    let (written, tuesday) = case.back_up("tuesday").unwrap();
    assert_eq!(written, 9 + 9);
    // A content that has gone from the place is written again, although the last backup knows its file.
    fs::remove_file(case.object(&tuesday, "engine/3.sst")).unwrap();
    assert_eq!(case.back_up("wednesday").unwrap().0, 9);
    assert_eq!(list(&case.place).unwrap().len(), 3);
}

#[test]
fn damage_is_found_and_named() {
    let case = case();
    let (_, backup) = case.back_up("monday").unwrap();
    let log = case.object(&backup, "engine/LOG");
    fs::write(&log, "SAID").unwrap();
    let damaged = verify(&case.place, "monday").unwrap().damaged;
    assert!(matches!(&damaged[..], [one] if one.starts_with("engine/LOG of node host-a")), "{damaged:?}");
    assert!(case.fetch(&backup).unwrap_err().to_string().contains("is damaged"));
    fs::remove_file(log).unwrap();
    assert!(verify(&case.place, "monday").unwrap().damaged[0].ends_with("it is not there"));
    // A manifest that was changed is no manifest.
    let manifest = case.root.join("backups/monday/backup");
    let changed = fs::read_to_string(&manifest).unwrap().replace("monday", "friday");
    fs::write(&manifest, changed).unwrap();
    assert!(verify(&case.place, "monday").unwrap_err().to_string().contains("its checksum is wrong"));
}

#[test]
fn what_is_not_finished_is_no_backup() {
    let case = case();
    let (_, backup) = case.back_up("monday").unwrap();
    assert!(matches!(case.back_up("monday"), Err(BackupError::Exists(_))));
    fs::remove_file(case.root.join("backups/monday/backup")).unwrap();
    assert_eq!(list(&case.place).unwrap(), []);
    assert!(matches!(verify(&case.place, "monday"), Err(BackupError::Missing(_))));
    // The node's manifest has to be the one that the backup was finished with.
    write_backup(
        &case.place,
        &BackupManifest { nodes: vec![NodeEntry { manifest: "0".to_owned(), ..backup.nodes[0].clone() }], ..backup },
    )
    .unwrap();
    assert!(verify(&case.place, "monday").unwrap_err().to_string().contains("finished with"));
}

#[test]
fn names_and_paths_stay_within_the_place() {
    for name in ["", "../up", "a/b", ".hidden", "a b"] {
        assert!(!is_name(name) && matches!(read_backup(&case().place, name), Err(BackupError::Name(_))), "{name:?}");
    }
    let case = case();
    let (_, backup) = case.back_up("monday").unwrap();
    let mut node = case.node(&backup);
    node.files[0].path = "../identity".to_owned();
    let target = tempfile::tempdir().unwrap();
    let fetched = fetch_node(&case.place, &node, target.path(), &Throttle::new(0));
    assert!(fetched.unwrap_err().to_string().contains("leads out"));
    assert!(FolderPlace::open(&case.root.join("missing")).is_err(), "a folder is never made by mistake");
}

#[test]
fn an_aborted_backup_leaves_no_manifest() {
    let case = case();
    let (throttle, progress) = (Throttle::new(1), UploadProgress::default());
    throttle.abort();
    let node = NodeManifest { host_id: "host-a".to_owned(), ..NodeManifest::default() };
    let (place, snapshot) = (&case.place, &case.snapshot);
    let upload = Upload { place, name: "monday", snapshot, node, throttle: &throttle, progress: &progress };
    assert!(matches!(upload_node(upload), Err(BackupError::Aborted)));
    assert!(!case.root.join("backups").exists());
}
