//! The metadata log and the facts of a node are written over and over; what they once were takes neither memory nor disk.

#![allow(clippy::unwrap_used)]

use henge_base::{Bytes, Random};
use henge_model::{Deletion, Key, Row, StorageId, Token, encode_row};
use henge_rocks::{RocksEngine, RocksOptions};
use henge_storage::{Batch, Engine, Family, Op, Store, SyncMode};
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

#[test]
fn tables_that_come_and_go_do_not_hold_the_log_back() {
    let folder = tempfile::tempdir().unwrap();
    let engine = RocksEngine::open(folder.path(), &RocksOptions::default()).unwrap();
    let mut random = Random::new(2);
    for number in 0..30 {
        let (start, end) = Key::table_range(StorageId(2_000 + number), Token(i64::MIN), Token(i64::MAX));
        let deletion = Some(Deletion { timestamp: 5, local_seconds: 5 });
        let mut row = Vec::new();
        encode_row(&start, &Row { deletion, ..Row::default() }, &mut row);
        let merge = Op::Merge { family: Family::Tombstones, key: start.clone().into(), value: row.into() };
        let fact = (0..400_000).map(|_| random.next_u64() as u8).collect::<Vec<_>>();
        let put = Op::Put { family: Family::Local, key: Bytes::from_static(b"fact"), value: fact.into() };
        engine.write(&Batch { ops: vec![merge, put] }, SyncMode::Synced).unwrap();
        engine.remove(Family::Tombstones, &start, &end).unwrap();
    }
    let disk = disk_bytes(folder.path());
    assert!(disk < DISK_MAX, "{disk} bytes on disk");
}
