//! RocksDB fulfils the contract of an engine: families are separate, rows are merged, bounds are kept, and everything
//! is there after a restart.

#![allow(clippy::unwrap_used)]

use henge_base::Bytes;
use henge_model::{Cell, CellKind, ColumnId, Key, PartitionKey, Row, RowView, StorageId, Token, encode_row};
use henge_rocks::{RocksEngine, RocksOptions};
use henge_storage::{Batch, Engine, Family, Flow, MemoryOutcome, Op, ScanEnd, ScanRange, SyncMode, Tier};
use std::path::Path;

fn open(path: &Path) -> RocksEngine {
    RocksEngine::open(path, &RocksOptions { memory_bytes: 32 << 20, ..RocksOptions::default() }).unwrap()
}

/// A key whose first bytes are like a row's, which suffices for the codec that hashes it into the checksum.
fn key(number: u32) -> Bytes {
    let partition = PartitionKey::from_components(&[&number.to_be_bytes()]).unwrap();
    let (start, _) = Key::table_range(StorageId(2_000), Token(i64::MIN), Token(i64::MAX));
    [&start[..4], partition.bytes()].concat().into()
}

fn row(key: &[u8], column: u32, timestamp: i64, text: &'static str) -> Bytes {
    let kind = CellKind::Live { value: Bytes::from_static(text.as_bytes()) };
    let cell = Cell { column: ColumnId(column), path: Bytes::new(), timestamp, kind };
    let mut out = Vec::new();
    encode_row(key, &Row { marker: None, deletion: None, cells: vec![cell] }, &mut out);
    out.into()
}

fn merge(key: &Bytes, value: Bytes) -> Batch {
    Batch { ops: vec![Op::Merge { family: Family::Rows, key: key.clone(), value }] }
}

fn read_cells(engine: &RocksEngine, key: &[u8]) -> Vec<(i64, Vec<u8>)> {
    let mut found = Vec::new();
    let tried = engine.try_get(Family::Rows, key, &mut |value| {
        let Some(value) = value else { return };
        let row = RowView::parse(key, value).unwrap().to_row();
        found = row.cells.iter().map(|c| (c.timestamp, format!("{:?}", c.kind).into_bytes())).collect();
    });
    assert_eq!(tried, Ok(MemoryOutcome::Done));
    found
}

#[test]
fn rows_of_one_key_merge_whatever_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let key = key(1);
    for (column, timestamp, text) in [(1, 5, "new"), (2, 3, "other"), (1, 4, "old")] {
        engine.write(&merge(&key, row(&key, column, timestamp, text)), SyncMode::Unsynced).unwrap();
    }
    let merged = read_cells(&engine, &key);
    assert_eq!(merged.iter().map(|(t, _)| *t).collect::<Vec<_>>(), [5, 3]);
    engine.flush().unwrap();
    assert_eq!(read_cells(&engine, &key), merged, "what was written out is read from memory still");
}

#[test]
fn scans_keep_their_bounds_in_both_directions() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let put = |family, n: u8| Op::Put { family, key: Bytes::from(vec![n]), value: Bytes::from(vec![n]) };
    let ops = (0..10).map(|n| put(Family::Local, n)).chain([put(Family::Hints, 5)]).collect();
    engine.write(&Batch { ops }, SyncMode::Synced).unwrap();
    let scan = |start: &[u8], end: &[u8], reversed, stop_after: usize| {
        let mut keys = Vec::new();
        let range = ScanRange { family: Family::Local, start, end, reversed };
        let scanned = engine.scan(&range, Tier::Memory, &mut |key, _| {
            keys.push(key[0]);
            if keys.len() == stop_after { Flow::Stop } else { Flow::Continue }
        });
        (keys, scanned.unwrap())
    };
    assert_eq!(scan(&[2], &[5], false, 99), (vec![2, 3, 4], ScanEnd::Done));
    assert_eq!(scan(&[2], &[5], true, 99), (vec![4, 3, 2], ScanEnd::Done));
    assert_eq!(scan(&[7], &[], false, 99), (vec![7, 8, 9], ScanEnd::Done));
    assert_eq!(scan(&[], &[], true, 2), (vec![9, 8], ScanEnd::Stopped));
    assert_eq!(scan(&[5], &[5], false, 99), (vec![], ScanEnd::Done));
}

#[test]
fn a_snapshot_does_not_see_what_comes_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let key = key(2);
    engine.write(&merge(&key, row(&key, 1, 1, "a")), SyncMode::Synced).unwrap();
    let snapshot = engine.snapshot();
    engine.write(&merge(&key, row(&key, 1, 2, "b")), SyncMode::Synced).unwrap();
    let mut seen = 0;
    snapshot
        .get(Family::Rows, &key, &mut |value| seen = RowView::parse(&key, value.unwrap()).unwrap().newest())
        .unwrap();
    assert_eq!(seen, 1);
    assert_eq!(read_cells(&engine, &key)[0].0, 2);
}

#[test]
fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let keys: Vec<Bytes> = (0..500).map(key).collect();
    let engine = open(folder.path());
    for (n, key) in keys.iter().enumerate() {
        let sync = if n % 100 == 99 { SyncMode::Synced } else { SyncMode::Unsynced };
        engine.write(&merge(key, row(key, 1, n as i64 + 1, "v")), sync).unwrap();
    }
    drop(engine);
    let engine = open(folder.path());
    for (n, key) in keys.iter().enumerate() {
        let mut found = 0;
        engine
            .get(Family::Rows, key, &mut |value| found = RowView::parse(key, value.unwrap()).unwrap().newest())
            .unwrap();
        assert_eq!(found, n as i64 + 1);
    }
    assert!(engine.figures().live_data_bytes > 0 || engine.figures().memtable_bytes > 0);
}

/// Overwrites the middle of every file of tables.
fn damage_tables(path: &Path) {
    let mut damaged = 0;
    for file in std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|ending| ending == "sst") {
            let mut bytes = std::fs::read(&file).unwrap();
            // Behind the first block begin those that the flush has left in no cache.
            let at = bytes.len() / 3;
            bytes[at..at + 64].fill(0x5A);
            std::fs::write(&file, bytes).unwrap();
            damaged += 1;
        }
    }
    assert!(damaged > 0, "no file of tables");
}

#[test]
fn a_damaged_block_met_by_compaction_stops_the_engine_with_its_reason() {
    for sync in [SyncMode::Synced, SyncMode::Unsynced] {
        let folder = tempfile::tempdir().unwrap();
        let put = |number: u32| {
            let value = Bytes::from(number.to_be_bytes().repeat(1_000));
            Op::Put { family: Family::Local, key: Bytes::from(number.to_be_bytes().to_vec()), value }
        };
        let engine = open(folder.path());
        for _ in 0..2 {
            engine.write(&Batch { ops: (0..200).map(put).collect() }, sync).unwrap();
            engine.flush().unwrap();
        }
        damage_tables(folder.path());
        engine.compact();
        let error = engine.write(&Batch { ops: vec![put(1)] }, sync).unwrap_err();
        assert!(error.is_fatal(), "{error:?}");
        assert!(error.to_string().starts_with("the storage engine has stopped: Corruption"), "{error}");
        assert_eq!(engine.write(&Batch { ops: vec![put(2)] }, sync), Err(error), "every write after it");
        assert_eq!(engine.figures().write_stopped, 1);
    }
}
