//! Promises and refusals of a data directory.

use super::*;

fn open(path: &Path) -> Result<DataDirectory, DirectoryError> {
    DataDirectory::open(path, &mut Random::new(1))
}

#[test]
fn identity_stays_and_generation_rises() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let mut first = open(&path).unwrap();
    assert_eq!((first.generation(), first.cluster()), (1, None));
    let cluster = ClusterId::random(&mut Random::new(2));
    first.set_cluster(cluster).unwrap();
    let host = first.host();
    drop(first);
    let second = DataDirectory::open(&path, &mut Random::new(99)).unwrap();
    assert_eq!((second.host(), second.generation(), second.cluster()), (host, 2, Some(cluster)));
}

#[test]
fn a_directory_is_made_before_its_first_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    assert_eq!(DataDirectory::host_in(&path).unwrap(), None);
    assert!(!path.exists(), "asking makes nothing");
    let host = DataDirectory::initialise(&path, &mut Random::new(3)).unwrap();
    assert_eq!(DataDirectory::initialise(&path, &mut Random::new(4)).unwrap(), host);
    let opened = open(&path).unwrap();
    assert_eq!((opened.host(), opened.generation()), (host, 1), "the first start is still to come");
    assert_eq!(DataDirectory::initialise(&path, &mut Random::new(4)).unwrap(), host, "also of a node that runs");
    assert_eq!(DataDirectory::host_in(&path).unwrap(), Some(host));
    fs::write(folder.path().join("other"), "").unwrap();
    let foreign = DataDirectory::initialise(folder.path(), &mut Random::new(5)).unwrap_err();
    assert!(matches!(foreign, DirectoryError::Foreign(_)), "{foreign}");
}

#[test]
fn a_failed_sync_is_fatal_and_a_failed_write_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path()).unwrap();
    directory.durable().write(1).unwrap();
    let new = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let record = new.into_iter().find(|path| path.to_string_lossy().contains("durable")).unwrap();
    // A device takes what is written and cannot be synced.
    for (target, fatal) in [("/dev/null", true), ("/dev/full", false)] {
        std::os::unix::fs::symlink(target, record.with_extension("new")).unwrap();
        assert_eq!(directory.durable().write(2).unwrap_err().is_fatal(), fatal, "{target}");
        fs::remove_file(record.with_extension("new")).unwrap();
    }
}

#[test]
fn a_second_process_is_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(folder.path()).unwrap();
    let refusal = open(folder.path()).unwrap_err().to_string();
    assert!(refusal.contains("lock is locked") && refusal.contains("another henge"), "{refusal}");
}

#[test]
fn what_cannot_be_used_is_named_with_a_way_out() {
    let refusal = |change: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path()).unwrap());
        change(folder.path());
        open(folder.path()).unwrap_err().to_string()
    };
    let write = |name: &'static str, text: &'static str| move |path: &Path| fs::write(path.join(name), text).unwrap();
    assert!(refusal(&write("format", "7\n")).contains("format 7"));
    assert!(refusal(&write("identity", "")).contains("restore the data directory from a snapshot"));
    assert!(
        refusal(&|path| file::write(&path.join("identity"), "host nobody\nshards 1\n").unwrap()).contains("no host id")
    );
    assert!(refusal(&write("cluster", "x")).contains("cluster is damaged"));
    assert!(refusal(&write("generation", "-")).contains("generation is damaged"));
    assert!(refusal(&write("generation", "18446744073709551615")).contains("generation is damaged"));
    assert!(refusal(&|path| fs::remove_file(path.join("generation")).unwrap()).contains("generation is damaged"));
    assert!(refusal(&|path| fs::remove_file(path.join("identity")).unwrap()).contains("identity is damaged"));
}

#[test]
fn a_flipped_bit_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut directory = open(folder.path()).unwrap();
    directory.set_cluster(ClusterId::random(&mut Random::new(2))).unwrap();
    directory.durable().write(77).unwrap();
    drop(directory);
    for name in ["identity", "generation", "cluster", "durable"] {
        let path = folder.path().join(name);
        let whole = fs::read(&path).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &flipped).unwrap();
            let refusal = match name {
                "durable" => DurableRecord::at(path.clone()).check(100).unwrap_err(),
                _ => open(folder.path()).unwrap_err(),
            };
            assert!(refusal.to_string().contains(name), "bit {bit} of {name}: {refusal}");
        }
        fs::write(&path, &whole).unwrap();
    }
    assert!(open(folder.path()).is_ok());
}

#[test]
fn a_log_that_forgot_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path()).unwrap();
    directory.durable().check(0).unwrap();
    directory.durable().write(77).unwrap();
    directory.durable().check(77).unwrap();
    let refusal = directory.durable().check(76).unwrap_err().to_string();
    assert!(refusal.contains("ends at write 76") && refusal.contains("remove that file"), "{refusal}");
}

#[test]
fn a_record_that_several_write_is_whole_at_any_time() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path()).unwrap();
    std::thread::scope(|scope| {
        for first in 1..=4 {
            let record = directory.durable();
            scope.spawn(move || {
                for sequence in (first..200).step_by(4) {
                    record.write(sequence).unwrap();
                    record.check(1_000).unwrap();
                }
            });
        }
    });
    assert!(directory.durable().check(198).is_err(), "the highest stays");
    directory.durable().check(199).unwrap();
}

#[test]
fn what_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let refusal = open(&file.join("data")).unwrap_err().to_string();
    assert!(refusal.contains("file/data") && refusal.contains("belong to the user"), "{refusal}");
    // The lock is the first file that is written.
    let data = folder.path().join("data");
    fs::create_dir_all(data.join("lock")).unwrap();
    let refusal = open(&data).unwrap_err().to_string();
    assert!(refusal.contains("data/lock") && refusal.contains("belong to the user"), "{refusal}");
}

#[test]
fn an_interrupted_first_start_is_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let host = open(folder.path()).unwrap().host();
    fs::remove_file(folder.path().join("format")).unwrap();
    let again = DataDirectory::open(folder.path(), &mut Random::new(7)).unwrap();
    assert_eq!(again.generation(), 1);
    assert_ne!(again.host(), host, "nobody has heard of the first");
}

#[test]
fn starts_at_the_same_time_make_one_node() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/data");
        let start = &|seed| DataDirectory::open(&path, &mut Random::new(seed)).map(|d| (d.host(), d.generation()));
        let made: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..4).map(|seed| scope.spawn(move || start(seed))).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        let (host, generation) = start(9).unwrap();
        let winners: Vec<_> = made.iter().flatten().collect();
        assert!(winners.iter().all(|(winner, _)| *winner == host), "{made:?}");
        assert_eq!(generation, winners.len() as u64 + 1);
        let lost = made.iter().filter_map(|m| m.as_ref().err());
        assert!(lost.into_iter().all(|e| matches!(e, DirectoryError::Locked(_))), "{made:?}");
    }
}

#[test]
fn a_directory_stays_with_its_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let mut directory = open(folder.path()).unwrap();
    let [own, other] = [2, 3].map(|seed| ClusterId::random(&mut Random::new(seed)));
    directory.set_cluster(own).unwrap();
    directory.set_cluster(own).unwrap();
    let refusal = directory.set_cluster(other).unwrap_err().to_string();
    assert!(refusal.contains(&other.to_string()) && refusal.contains("empty data_directory"), "{refusal}");
    assert_eq!(directory.cluster(), Some(own));
}

#[test]
fn somebody_elses_folder_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.tex"), "x").unwrap();
    assert!(open(folder.path()).unwrap_err().to_string().contains("is no data directory"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_snapshot_is_a_data_directory_that_later_changes_leave_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut directory = open(folder.path()).unwrap();
    directory.set_cluster(ClusterId::random(&mut Random::new(2))).unwrap();
    directory.durable().write(7).unwrap();
    let snapshots = directory.snapshots();
    assert_eq!(snapshots.list().unwrap(), []);
    let engine = |path: &Path| {
        fs::create_dir(path)?;
        Ok(fs::write(path.join("1.sst"), [0; 1000])?)
    };
    let taken = snapshots.take("before-upgrade", engine).unwrap();
    assert!(taken.bytes > 1000 && taken.own_bytes == taken.bytes, "{taken:?}");
    assert_eq!(snapshots.list().unwrap(), [taken]);
    directory.durable().write(8).unwrap();
    let path = folder.path().join("snapshots/before-upgrade");
    let refusal = open(&path).unwrap_err().to_string();
    assert!(refusal.contains("is a snapshot of node") && refusal.contains("--accept-older-copy"), "{refusal}");
    DataDirectory::accept_snapshot(&path).unwrap();
    // On any other directory it changes nothing.
    DataDirectory::accept_snapshot(&path).unwrap();
    let copy = open(&path).unwrap();
    assert_eq!((copy.host(), copy.cluster()), (directory.host(), directory.cluster()));
    copy.durable().check(7).unwrap();
    assert!(snapshots.clear("before-upgrade").unwrap() && !snapshots.clear("before-upgrade").unwrap());
    assert_eq!(snapshots.list().unwrap(), []);
}

#[test]
fn a_snapshot_that_fails_leaves_nothing_and_names_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path()).unwrap();
    let snapshots = directory.snapshots();
    let failed = snapshots.take("a", |_| Err("no room".into())).unwrap_err();
    assert_eq!(failed.to_string(), "no room");
    assert_eq!(fs::read_dir(folder.path().join("snapshots")).unwrap().count(), 0);
    let engine = |path: &Path| Ok(fs::create_dir(path)?);
    snapshots.take("a", engine).unwrap();
    assert!(matches!(snapshots.take("a", engine), Err(SnapshotError::Exists(_))));
    for name in ["", "..", ".hidden", "a/b", "a.partial", &"x".repeat(65)] {
        assert!(matches!(snapshots.take(name, engine), Err(SnapshotError::Name(_))), "{name}");
        assert!(matches!(snapshots.clear(name), Err(SnapshotError::Name(_))), "{name}");
    }
}

#[test]
fn an_empty_directory_is_filled_from_a_snapshot_as_another_nodes() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let mut directory = open(&old).unwrap();
    directory.set_cluster(ClusterId::random(&mut Random::new(2))).unwrap();
    directory.durable().write(7).unwrap();
    let engine = |path: &Path| {
        fs::create_dir(path)?;
        Ok(fs::write(path.join("1.sst"), "rows")?)
    };
    directory.snapshots().take("a", engine).unwrap();
    let snapshot = old.join("snapshots/a");
    let restore = |to: &Path, from: &Path, outcome: Result<(), &str>| {
        DataDirectory::restore(to, from, &mut Random::new(3), |renewal| {
            assert_eq!(fs::read_to_string(renewal.engine.join("1.sst")).unwrap(), "rows");
            renewal.durable.check(7).unwrap();
            Ok(outcome?)
        })
    };
    let refusal = |to: &Path, from: &Path| restore(to, from, Ok(())).unwrap_err().to_string();
    assert!(refusal(&new, &old.join("snapshots")).contains("is no snapshot"));
    fs::create_dir(old.join("engine")).unwrap();
    assert!(refusal(&new, &old).contains("another henge uses this data directory"));
    // One that fails is no node's directory, and is begun anew.
    assert_eq!(restore(&new, &snapshot, Err("no")).unwrap_err().to_string(), "no");
    assert!(matches!(open(&new), Err(DirectoryError::Foreign(_))));
    assert!(restore(&new, &snapshot, Ok(())).unwrap());
    let made = open(&new).unwrap();
    assert!(made.host() != directory.host() && made.cluster().is_none() && made.generation() == 1);
    // Once it is a node's the same option changes nothing, and another snapshot is refused.
    assert!(!restore(&new, &snapshot, Err("again")).unwrap());
    drop(made);
    let other = folder.path().join("other");
    drop(DataDirectory::open(&other, &mut Random::new(44)).unwrap());
    fs::create_dir(other.join("engine")).unwrap();
    assert!(refusal(&new, &other).contains("is the data directory of node"));
    assert!(refusal(&other, &snapshot).contains("is the data directory of node"));
}
