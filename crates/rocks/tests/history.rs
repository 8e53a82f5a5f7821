//! The metadata log and the facts of a node are written over and over; what they once were takes neither memory nor disk.

#![allow(clippy::unwrap_used)]

use henge_base::{Bytes, Random};
use henge_rocks::{RocksEngine, RocksOptions};
use henge_storage::{Engine, Store};
use std::path::Path;
use std::sync::Arc;

/// Changes of the metadata, each of them an entry, a promise and an acceptance.
const CHANGES: u64 = 1_000;
/// Entries behind a snapshot.
const SNAPSHOT_EVERY: u64 = 64;
/// Bytes that memory tables may take: two families of half a MiB, one of them while the other is being flushed, and the rest empty.
const MEMORY_MAX: u64 = 5 << 19;
/// Bytes that the directory may take: as many in the log, a few files of what was flushed, and RocksDB's own notes.
const DISK_MAX: u64 = 9 << 19;

fn disk_bytes(path: &Path) -> u64 {
    let files = std::fs::read_dir(path).unwrap().map(|file| file.unwrap());
    files.map(|file| if file.path().is_dir() { disk_bytes(&file.path()) } else { file.metadata().unwrap().len() }).sum()
}

#[test]
fn a_long_history_of_metadata_takes_no_more_than_a_short_one() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(RocksEngine::open(folder.path(), &RocksOptions::default()).unwrap());
    let store = Store::open(Arc::clone(&engine) as Arc<dyn Engine>).unwrap();
    let mut random = Random::new(1);
    let mut bytes = |count: usize| -> Bytes { (0..count).map(|_| random.next_u64() as u8).collect::<Vec<_>>().into() };
    for index in 1..=CHANGES {
        store.put_local("seat", &bytes(1_000)).unwrap();
        store.put_local("seat", &bytes(7_000)).unwrap();
        store.append_entry(index, bytes(6_000)).unwrap();
        if index.is_multiple_of(SNAPSHOT_EVERY) {
            store.put_log_snapshot(bytes(10_000), index + 1).unwrap();
        }
    }
    let (memory, disk) = (engine.figures().memtable_bytes, disk_bytes(folder.path()));
    assert!(memory < MEMORY_MAX, "{memory} bytes of memory tables");
    assert!(disk < DISK_MAX, "{disk} bytes on disk");
    let log = store.metadata_log().unwrap();
    assert_eq!(log.entries.len() as u64, CHANGES % SNAPSHOT_EVERY);
}
