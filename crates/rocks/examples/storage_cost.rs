//! The cost of storage compared with the bare engine, in CPU time of one run:
//!
//!     cargo run --profile dist -p henge-rocks --example storage_cost -- DIRECTORY [ROWS]

// A program for people: it may read clocks, and panics if something fails.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use henge_base::{Bytes, Random};
use henge_model::{
    Cell, CellKind, Column, ColumnId, ColumnKind, Columns, DataType, Digester, Key, KeyRange, Mutation, Order,
    PartitionKey, ProjectedColumn, Projection, ReadCommand, Row, RowSink, Rows, StorageId, Table, TableOptions, Token,
    TokenRange, WriteId, encode_row,
};
use henge_rocks::{RocksEngine, RocksOptions};
use henge_storage::{Batch, ContentScan, Engine, Family, Flow, Op, Outcomes, Store, SyncMode, Tier};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const TABLE: StorageId = StorageId(1);
const BATCH_ROWS: usize = 32;
/// Rows per partition.
const PARTITION_ROWS: u32 = 1_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().unwrap_or_else(|| "storage-cost".to_owned());
    let rows: u32 = arguments.next().map_or(400_000, |text| text.parse().unwrap());
    let path = Path::new(&directory);
    let _ = std::fs::remove_dir_all(path);
    std::fs::create_dir_all(path).unwrap();
    let options = RocksOptions { memory_bytes: 1 << 30, ..RocksOptions::default() };
    measure_batches(&RocksEngine::open(&path.join("bare"), &options).unwrap(), rows);
    let engine = Arc::new(RocksEngine::open(&path.join("store"), &options).unwrap());
    let store = Store::open(Arc::clone(&engine) as Arc<dyn Engine>).unwrap();
    store.set_tables(BTreeMap::from([(TABLE, Family::Rows)]));
    measure_apply(&store, rows);
    measure_slices(&store, rows, "just written");
    measure_points(&*engine, &store, rows);
    engine.flush().unwrap();
    measure_slices(&store, rows, "flushed");
    engine.compact();
    measure_slices(&store, rows, "compacted");
    measure_points(&*engine, &store, rows);
    measure_content(&store, rows);
    println!("on disk, compacted: {:.0} bytes a row", table_file_bytes(&path.join("store")) as f64 / f64::from(rows));
    std::fs::remove_dir_all(path).unwrap();
}

/// Reads and hashes every row, as a replica does that is compared with others.
fn measure_content(store: &Store, rows: u32) {
    let (began, mut sum) = (cpu_time(), 0u128);
    let mut digester = Digester::of_stored(i64::MIN);
    for tokens in TokenRange::FULL.split_at_wrap() {
        let mut scan = ContentScan::of(TABLE, tokens);
        while !scan.has_ended() {
            let read = store.scan_content(&mut scan, 1 << 20, &mut |key, view, _| {
                sum = sum.wrapping_add(digester.stored_row(key, view).map_or(0, |row| row.hash));
                Flow::Continue
            });
            read.unwrap();
        }
    }
    assert_ne!(sum, 0);
    report("a row compared", rows, began);
}

/// CPU time of this process, including background threads.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<i64> =
        text.rsplit(')').next().unwrap().split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // Fields 14 and 15, utime and stime, in ticks of 10 ms. The process state is not a number and was skipped.
    Duration::from_millis(10 * (fields[10] + fields[11]) as u64)
}

fn report(what: &str, count: u32, began: Duration) {
    let each = (cpu_time() - began).as_secs_f64() * 1e6 / f64::from(count);
    println!("{what}: {each:.2} us");
}

fn row(table: &Table, number: u32) -> (Key, Bytes) {
    let partition = PartitionKey::from_components(&[&(number / PARTITION_ROWS).to_be_bytes()]).unwrap();
    let key = Key::row(table, &partition, &[&(number % PARTITION_ROWS).to_be_bytes()]).unwrap();
    let value = Bytes::copy_from_slice(&Random::new(u64::from(number)).bytes::<100>());
    let cell = Cell {
        column: ColumnId(2),
        path: Bytes::new(),
        timestamp: 1_700_000_000_000_000,
        kind: CellKind::Live { value },
    };
    let mut out = Vec::new();
    encode_row(key.bytes(), &Row { cells: vec![cell], ..Row::default() }, &mut out);
    (key, out.into())
}

/// The numbers of rows in the order of writing: spread over all partitions, as clients write.
fn shuffle(rows: u32) -> impl Iterator<Item = u32> {
    (0..rows).map(move |n| (u64::from(n) * 7_919 % u64::from(rows)) as u32)
}

fn measure_batches(engine: &dyn Engine, rows: u32) {
    let table = table();
    let made: Vec<(Key, Bytes)> = shuffle(rows).map(|n| row(&table, n)).collect();
    let began = cpu_time();
    for part in made.chunks(BATCH_ROWS) {
        let merge =
            |(key, value): &(Key, Bytes)| Op::Merge { family: Family::Rows, key: key.to_bytes(), value: value.clone() };
        engine.write(&Batch { ops: part.iter().map(merge).collect() }, SyncMode::Unsynced).unwrap();
    }
    report("a row in a bare batch of 32 merges, memory tables written out included", rows, began);
}

fn measure_apply(store: &Store, rows: u32) {
    let table = table();
    let made: Vec<Bytes> = shuffle(rows)
        .map(|n| {
            let (key, row) = row(&table, n);
            Mutation::single(WriteId::of_repair(1), key.to_bytes(), row).encode()
        })
        .collect();
    let began = cpu_time();
    let mut done = Outcomes::new();
    for part in made.chunks(BATCH_ROWS) {
        for bytes in part {
            store.submit(&Mutation::decode(bytes.clone()).unwrap(), 0).unwrap();
        }
        done.clear();
        while store.turn(SyncMode::Unsynced, &mut done) {}
    }
    report("a row decoded, checked and applied, 32 at a turn", rows, began);
}

fn measure_points(engine: &dyn Engine, store: &Store, rows: u32) {
    let table = table();
    let keys: Vec<Key> = shuffle(rows).map(|n| row(&table, n).0).collect();
    let mut bytes = 0;
    for pass in 0..2 {
        let began = cpu_time();
        for key in &keys {
            engine.get(Family::Rows, key.bytes(), &mut |value| bytes += value.map_or(0, <[u8]>::len)).unwrap();
        }
        if pass == 1 {
            report("a bare get of a cached row", rows, began);
        }
    }
    let projection = Projection { table: Arc::new(table), columns: vec![ProjectedColumn::Cell(ColumnId(2))] };
    let commands: Vec<ReadCommand> = keys.into_iter().map(|key| command(KeyRange::One(key), 1)).collect();
    let mut sink = Rows::new(1);
    let mark = sink.mark();
    let began = cpu_time();
    for command in &commands {
        store.try_read(command, &projection, &mut sink).unwrap();
        sink.rollback(mark);
    }
    report("a cached row read, checked and projected", rows, began);
    assert!(bytes > 0);
}

fn measure_slices(store: &Store, rows: u32, when: &str) {
    let table = table();
    let partitions: Vec<ReadCommand> = (0..rows / PARTITION_ROWS)
        .map(|number| {
            let partition = PartitionKey::from_components(&[&number.to_be_bytes()]).unwrap();
            let start = Key::partition_prefix(&table, &partition);
            let end = Key::prefix_end(&start);
            command(KeyRange::Run { start: start.into(), end: end.into(), reversed: false }, u32::MAX)
        })
        .collect();
    let read = || -> usize {
        let of = |command| store.read_block(command, Tier::Disk, usize::MAX).unwrap().unwrap().rows.len();
        partitions.iter().map(of).sum()
    };
    assert_eq!(read(), rows as usize);
    let began = cpu_time();
    read();
    let time = (cpu_time() - began).as_secs_f64();
    println!(
        "slices of {PARTITION_ROWS} rows, {when}: {:.1} million rows per CPU second",
        f64::from(rows) / time / 1e6
    );
}

fn command(keys: KeyRange, limit: u32) -> ReadCommand {
    ReadCommand {
        storage_id: TABLE,
        token: Token(0),
        keys,
        statics: false,
        columns: Columns::All,
        limit,
        now_seconds: 0,
        purge_before: i64::MIN,
        probe: None,
    }
}

fn table_file_bytes(path: &Path) -> u64 {
    let files = std::fs::read_dir(path).unwrap().flatten();
    files.filter(|f| f.path().extension().is_some_and(|e| e == "sst")).map(|f| f.metadata().unwrap().len()).sum()
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
        name: "rows".to_owned(),
        partition_key: vec![column(0, "k", DataType::Int, ColumnKind::PartitionKey)],
        clustering: vec![column(1, "c", DataType::Int, ColumnKind::Clustering)],
        statics: Vec::new(),
        regulars: vec![column(2, "v", DataType::Blob, ColumnKind::Regular)],
        options: TableOptions::default(),
        indexes: Vec::new(),
        history: henge_model::TableHistory::default(),
        masks: Default::default(),
    }
}
