//! RocksDB fulfils the contract of an engine and its promises about disks: which writes survive, and which reads are
//! from memory.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use henge_base::{Bytes, Random};
use henge_rocks::{RocksEngine, RocksOptions};
use henge_storage::script_tests::Subject;
use henge_storage::{
    Batch, Engine, Family, Flow, MemoryOutcome, Op, ScanEnd, ScanRange, SyncMode, Tier, contract_tests, script_tests,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

fn open(path: &Path) -> RocksEngine {
    RocksEngine::open(path, &RocksOptions { memory_bytes: 32 << 20, ..RocksOptions::default() }).unwrap()
}

fn put(family: Family, key: &str) -> Op {
    Op::Put { family, key: Bytes::copy_from_slice(key.as_bytes()), value: Bytes::from_static(b"value") }
}

/// Writes the keys to two families in one batch.
fn write(engine: &RocksEngine, keys: &[&str], sync: SyncMode) {
    let ops = keys.iter().flat_map(|key| [put(Family::Local, key), put(Family::Hints, key)]).collect();
    engine.write(&Batch { ops }, sync).unwrap();
}

fn keys(engine: &RocksEngine, family: Family) -> Vec<String> {
    let mut seen = Vec::new();
    let range = ScanRange { family, start: b"", end: b"", reversed: false };
    let scanned = engine.scan(&range, Tier::Disk, &mut |key, _| {
        seen.push(String::from_utf8(key.to_vec()).unwrap());
        Flow::Continue
    });
    assert_eq!(scanned, Ok(ScanEnd::Done));
    seen
}

/// Copies the files as a crash at this moment would leave them, while the engine has them open.
fn copy_as_crashed(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != "LOCK" {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// The path of the newest log file with data.
fn newest_log(folder: &Path) -> PathBuf {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let with_data = |path: &PathBuf| path.metadata().unwrap().len() > 0;
    files.filter(|path| path.extension().is_some_and(|end| end == "log")).filter(with_data).max().unwrap()
}

#[test]
fn rocks_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let number = AtomicU32::new(0);
    contract_tests::run(&|| {
        let path = folder.path().join(number.fetch_add(1, Ordering::Relaxed).to_string());
        Arc::new(open(&path)) as Arc<dyn Engine>
    });
}

#[test]
fn everything_is_there_after_closing() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    write(&engine, &["a"], SyncMode::Synced);
    engine.flush().unwrap();
    write(&engine, &["b"], SyncMode::Synced);
    write(&engine, &["c"], SyncMode::Unsynced);
    drop(engine);
    let engine = open(folder.path());
    assert_eq!(keys(&engine, Family::Local), ["a", "b", "c"]);
    assert_eq!(keys(&engine, Family::Hints), ["a", "b", "c"]);
    assert_eq!(keys(&engine, Family::Metadata), Vec::<String>::new());
}

#[test]
fn what_was_synced_survives_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let (live, left) = (folder.path().join("live"), folder.path().join("left"));
    let engine = open(&live);
    write(&engine, &["a"], SyncMode::Synced);
    write(&engine, &["b"], SyncMode::Unsynced);
    engine.sync().unwrap();
    copy_as_crashed(&live, &left);
    drop(engine);
    assert_eq!(keys(&open(&left), Family::Local), ["a", "b"]);
}

#[test]
fn a_torn_log_loses_its_last_batch_wholly_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (live, left) = (folder.path().join("live"), folder.path().join("left"));
    let engine = open(&live);
    write(&engine, &["a"], SyncMode::Synced);
    write(&engine, &["b", "c", "d"], SyncMode::Unsynced);
    copy_as_crashed(&live, &left);
    drop(engine);
    let file = std::fs::OpenOptions::new().write(true).open(newest_log(&left)).unwrap();
    file.set_len(file.metadata().unwrap().len() - 1).unwrap();
    let engine = open(&left);
    assert_eq!(keys(&engine, Family::Local), ["a"]);
    assert_eq!(keys(&engine, Family::Hints), ["a"]);
    write(&engine, &["e"], SyncMode::Synced);
    drop(engine);
    assert_eq!(keys(&open(&left), Family::Hints), ["a", "e"], "it goes on from there");
}

#[test]
fn a_read_from_memory_does_not_ask_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    write(&engine, &["a", "b"], SyncMode::Synced);
    engine.flush().unwrap();
    drop(engine);
    let engine = open(folder.path());
    let tried = |engine: &RocksEngine| {
        let mut calls = 0;
        let tried = engine.try_get(Family::Local, b"a", &mut |_| calls += 1).unwrap();
        (tried, calls)
    };
    let range = ScanRange { family: Family::Local, start: b"", end: b"", reversed: false };
    let scanned = |engine: &RocksEngine| engine.scan(&range, Tier::Memory, &mut |_, _| Flow::Continue);
    assert_eq!(tried(&engine), (MemoryOutcome::WouldBlock, 0));
    assert_eq!(scanned(&engine), Ok(ScanEnd::WouldBlock));
    engine.get(Family::Local, b"a", &mut |value| assert_eq!(value, Some(b"value".as_slice()))).unwrap();
    assert_eq!(tried(&engine), (MemoryOutcome::Done, 1));
    assert_eq!(scanned(&engine), Ok(ScanEnd::Done));
    let figures = engine.figures();
    assert_eq!((figures.memory_hits, figures.memory_misses), (1, 1));
    assert_eq!((figures.level0_files, figures.compactions_running, figures.write_stopped), (2, 0, 0));
}

#[test]
fn a_directory_is_open_once() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let second = RocksEngine::open(folder.path(), &RocksOptions::default());
    assert_eq!(second.unwrap_err().path, folder.path());
    drop(engine);
    open(folder.path());
}

/// A directory that the tests flush, compact and reopen.
struct Disk {
    folder: tempfile::TempDir,
    engine: Option<Arc<RocksEngine>>,
}

impl Subject for Disk {
    fn engine(&self) -> Arc<dyn Engine> {
        self.engine.clone().unwrap()
    }

    fn disturb(&mut self, random: &mut Random) {
        let engine = self.engine.take().unwrap();
        match random.below(4) {
            0 => engine.flush().unwrap(),
            1 => {
                engine.flush().unwrap();
                engine.compact();
            }
            // Otherwise synced writes are in the log only.
            _ => {}
        }
        drop(engine);
        self.engine = Some(Arc::new(open(self.folder.path())));
    }
}

fn disk() -> Box<dyn Subject> {
    let folder = tempfile::tempdir().unwrap();
    let engine = Some(Arc::new(open(folder.path())));
    Box::new(Disk { folder, engine })
}

#[test]
fn rocks_answers_as_rows_have_to() {
    script_tests::run(0..seeds(12), &disk);
}

#[test]
fn what_rocks_forgot_stays_forgotten() {
    script_tests::torture(0..seeds(8), &disk);
}

/// The number of seeds: `HENGE_TEST_SEEDS`, or `few`.
fn seeds(few: u64) -> u64 {
    std::env::var("HENGE_TEST_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(few)
}

/// Prints the time instead of asserting it, for the machine may be busy.
#[test]
fn opening_takes_no_time() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let fastest = (0..3).map(|_| {
        let start = Instant::now();
        drop(open(folder.path()));
        start.elapsed()
    });
    let fastest = fastest.min().unwrap();
    println!("opened and closed in {fastest:?}");
    assert!(fastest < Duration::from_secs(1), "{fastest:?}");
}
