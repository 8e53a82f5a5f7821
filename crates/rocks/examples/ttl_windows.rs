//! A check that expired windows leave the disk. Rows with a TTL of ten windows arrive at a constant rate for twenty
//! windows, and after each window the table is swept, as a node does. A window's hour is simulated and takes some
//! seconds; files and compactions are real.
//!
//!     cargo run --profile dist -p henge-rocks --example ttl_windows -- DIRECTORY [ROWS PER WINDOW] [SECONDS PER WINDOW]

// A program for people: it may read clocks, and panics if something fails.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use henge_base::{Bytes, Random};
use henge_model::{
    Cell, CellKind, Column, ColumnId, ColumnKind, DataType, Key, Marker, Mutation, Order, PartitionKey, Row, StorageId,
    Table, TableOptions, WriteId, encode_row,
};
use henge_rocks::{RocksEngine, RocksOptions};
use henge_storage::{Engine, Family, Outcomes, Store, Sweep, SweepStep, SyncMode};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TABLE: StorageId = StorageId(1);
/// Simulated seconds per window.
const WINDOW_SECONDS: i64 = 3_600;
const WINDOWS: i64 = 20;
const TTL_WINDOWS: i64 = 10;
/// The parts in which a window's rows are written, spread over its time. The disk is measured after each.
const PARTS: u32 = 50;
/// The number of series that rows are added to, each a partition.
const SERIES: u32 = 1_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().unwrap_or_else(|| "ttl-windows".to_owned());
    let rows: u32 = arguments.next().map_or(100_000, |text| text.parse().unwrap());
    let seconds: f64 = arguments.next().map_or(8.0, |text| text.parse().unwrap());
    let path = Path::new(&directory);
    let _ = std::fs::remove_dir_all(path);
    std::fs::create_dir_all(path).unwrap();
    let options = RocksOptions { memory_bytes: 128 << 20, ..RocksOptions::default() };
    let engine = Arc::new(RocksEngine::open(path, &options).unwrap());
    let store = Store::open(Arc::clone(&engine) as Arc<dyn Engine>).unwrap();
    store.set_tables(BTreeMap::from([(TABLE, Family::Timed)]));
    let table = table();
    let mut worst = 0.0f64;
    let mut row_bytes = 0;
    for window in 0..WINDOWS {
        let (began, mut most) = (Instant::now(), 0);
        for part in 0..PARTS {
            row_bytes = fill(&store, &table, window, part * rows / PARTS..(part + 1) * rows / PARTS, rows);
            let until = Duration::from_secs_f64(seconds * f64::from(part + 1) / f64::from(PARTS));
            std::thread::sleep(until.saturating_sub(began.elapsed()));
            most = most.max(table_file_bytes(path));
        }
        let forgotten = sweep(&store, (window + 1) * WINDOW_SECONDS - 60);
        let live = u64::from(rows) * (window + 1).min(TTL_WINDOWS) as u64 * row_bytes;
        let ratio = most as f64 / live as f64;
        if window > TTL_WINDOWS {
            worst = worst.max(ratio);
        }
        println!(
            "window {window}, {:.1} s: live {} MiB, on disk {} MiB at most, ratio {ratio:.2}; then {forgotten} rows forgotten",
            began.elapsed().as_secs_f64(),
            live >> 20,
            most >> 20
        );
    }
    println!("rows of {row_bytes} bytes; at worst {worst:.2} times the live data on disk, once windows expire");
    drop(store);
    drop(engine);
    std::fs::remove_dir_all(path).unwrap();
}

/// Writes a part of a window's rows in time order; returns the bytes of one row.
fn fill(store: &Store, table: &Table, window: i64, numbers: Range<u32>, rows: u32) -> u64 {
    let mut done = Outcomes::new();
    let mut size = 0;
    let end = numbers.end;
    for number in numbers {
        let at = window * WINDOW_SECONDS + i64::from(number) * WINDOW_SECONDS / i64::from(rows);
        let partition = PartitionKey::from_components(&[&(number % SERIES).to_be_bytes()]).unwrap();
        let moment = at * 1_000_000 + i64::from(number);
        let key = Key::row(table, &partition, &[&moment.to_be_bytes()]).unwrap();
        let row = row(&key, moment, at);
        size = (key.bytes().len() + row.len()) as u64;
        store.submit(&Mutation::single(WriteId::of_repair(moment), key.to_bytes(), row), 0).unwrap();
        if number % 32 == 31 || number + 1 == end {
            done.clear();
            while store.turn(SyncMode::Unsynced, &mut done) {}
            assert!(done.iter().all(|(_, outcome)| outcome.is_ok()));
        }
    }
    size
}

fn row(key: &Key, moment: i64, at: i64) -> Bytes {
    let ttl = (TTL_WINDOWS * WINDOW_SECONDS) as u32;
    let expires = at + i64::from(ttl);
    let value = Bytes::copy_from_slice(&Random::new(moment as u64).bytes::<200>());
    let kind = CellKind::Expiring { value, ttl, expires };
    let cell = Cell { column: ColumnId(2), path: Bytes::new(), timestamp: moment, kind };
    let marker = Some(Marker { timestamp: moment, expiry: Some((ttl, expires)) });
    let mut out = Vec::new();
    encode_row(key.bytes(), &Row { marker, cells: vec![cell], ..Row::default() }, &mut out);
    out.into()
}

/// Sweeps the table as a node does; returns the number of rows removed.
fn sweep(store: &Store, before: i64) -> usize {
    store.raise_fence(TABLE, before * 1_000_000).unwrap();
    let (mut sweep, mut forgotten, mut done) = (Sweep::new(TABLE, before), 0, Outcomes::new());
    loop {
        match store.sweep(&mut sweep).unwrap() {
            SweepStep::End => return forgotten,
            SweepStep::Nothing => {}
            SweepStep::Found(replacement) => {
                forgotten += replacement.rows();
                store.replace(replacement, 0).unwrap();
                done.clear();
                while store.turn(SyncMode::Synced, &mut done) {}
                assert!(done.iter().all(|(_, outcome)| outcome.is_ok()));
            }
        }
    }
}

fn table_file_bytes(path: &Path) -> u64 {
    let files = std::fs::read_dir(path).unwrap().flatten();
    files
        .filter(|f| f.path().extension().is_some_and(|e| e == "sst"))
        .filter_map(|f| Some(f.metadata().ok()?.len()))
        .sum()
}

fn table() -> Table {
    let column = |id, name: &str, data_type, kind| Column {
        id: ColumnId(id),
        name: name.to_owned(),
        data_type,
        kind,
        order: Order::Ascending,
    };
    Table {
        id: henge_model::TableId::nil(),
        storage_id: TABLE,
        keyspace: "bench".to_owned(),
        name: "series".to_owned(),
        partition_key: vec![column(0, "series", DataType::Int, ColumnKind::PartitionKey)],
        clustering: vec![column(1, "at", DataType::Bigint, ColumnKind::Clustering)],
        statics: Vec::new(),
        regulars: vec![column(2, "v", DataType::Blob, ColumnKind::Regular)],
        options: TableOptions::default(),
        indexes: Vec::new(),
        history: henge_model::TableHistory::default(),
        masks: Default::default(),
    }
}
