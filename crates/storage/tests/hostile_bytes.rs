//! Everything that is read from a disk or a peer, fed with bytes that nobody wrote: valid ones with bits, lengths and pieces changed,
//! and checksums made right again, so that what lies behind them is reached. Nothing panics, and nothing allocates more than a
//! multiple of what it was given. `HENGE_FUZZ=n` runs n times as many rounds; a failure names its seed.

#![allow(clippy::unwrap_used, clippy::panic)]

use henge_base::{Bytes, HostId, Random, Reader};
use henge_fuzz::{change, noise};
use henge_model::{
    Cell, CellKind, Column, ColumnId, ColumnKind, Columns, DataType, Deletion, Digester, Key, KeyRange, Marker,
    Mutation, Order, PartitionKey, ReadCommand, Row, RowBlock, RowView, StorageId, Strip, Table, TableOptions, Token,
    UserType, WriteId, encode_row, merge_encoded, strip_row,
};
use henge_storage::{Batch, DataDirectory, Engine, Family, Hint, ModelEngine, Op, Store, Sweep, SyncMode, Tier};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most bytes that may be allocated while so many are read: a view for every byte, and 64 KiB for the rest.
fn allocation_limit(given: usize) -> usize {
    given * 128 + (64 << 10)
}

fn fuzz(rounds: u64, target: impl Fn(&mut Random) -> usize) {
    henge_fuzz::fuzz(rounds, allocation_limit, target);
}

fn data_type(random: &mut Random, depth: u32) -> DataType {
    use DataType::*;
    let natives = [
        Ascii, Bigint, Blob, Boolean, Counter, Date, Decimal, Double, Duration, Float, Inet, Int, Smallint, Text, Time,
        Timestamp, Timeuuid, Tinyint, Uuid, Varint,
    ];
    if depth == 0 || random.chance(1, 2) {
        return random.pick(&natives).unwrap().clone();
    }
    let mut inner = || Box::new(data_type(random, depth - 1));
    let (a, b) = (inner(), inner());
    let outer = match random.below(6) {
        0 => List(a),
        1 => Set(a),
        2 => Map(a, b),
        3 => Tuple(vec![*a, *b].into()),
        4 => Vector(a, random.below(5) as u32 + 1),
        _ => {
            let fields = vec![("a".to_owned(), *a), ("b".to_owned(), *b)];
            return Frozen(Box::new(Udt(UserType {
                keyspace: "ks".to_owned(),
                name: "u".to_owned(),
                fields: fields.into(),
            })));
        }
    };
    Frozen(Box::new(outer))
}

#[test]
fn values() {
    fuzz(20_000, |random| {
        let data_type = data_type(random, 3);
        let (a, b) = (noise(random, 60), noise(random, 60));
        let _ = data_type.literal(&a);
        let order = data_type.compare(&a, &b);
        assert_eq!(order, data_type.compare(&b, &a).reverse(), "{data_type}: {a:?} {b:?}");
        let valid = data_type.validate(&a).is_ok() && data_type.validate(&b).is_ok();
        let (mut key_a, mut key_b) = (Vec::new(), Vec::new());
        let encoded = data_type.encode_key(&a, &mut key_a).is_ok() && data_type.encode_key(&b, &mut key_b).is_ok();
        if valid && encoded {
            assert_eq!(order, key_a.cmp(&key_b), "{data_type}: {a:?} {b:?}");
            let back = data_type.decode_key(&mut Reader::new(&key_a)).unwrap();
            assert!(data_type.compare(&a, &back).is_eq(), "{data_type}: {a:?} came back as {back:?}");
        }
        let _ = data_type.decode_key(&mut Reader::new(&a));
        change(random, &mut key_a);
        let _ = data_type.decode_key(&mut Reader::new(&key_a));
        (a.len() + b.len() + key_a.len()) * 8
    });
}

fn table(random: &mut Random) -> Table {
    let mut id = 0;
    let mut column = |data_type, kind, descending| {
        id += 1;
        let order = if descending { Order::Descending } else { Order::Ascending };
        Column { id: ColumnId(id), name: format!("c{id}"), data_type, kind, order }
    };
    let partition_key = vec![column(DataType::Text, ColumnKind::PartitionKey, false)];
    let clustering = (0..random.below(3))
        .map(|_| column(data_type(random, 1), ColumnKind::Clustering, random.chance(1, 2)))
        .collect();
    Table {
        id: henge_model::TableId::nil(),
        storage_id: StorageId(7),
        keyspace: "ks".to_owned(),
        name: "t".to_owned(),
        partition_key,
        clustering,
        statics: Vec::new(),
        regulars: Vec::new(),
        options: TableOptions::default(),
        indexes: Vec::new(),
        history: henge_model::TableHistory::default(),
        masks: Default::default(),
    }
}

fn a_key() -> Vec<u8> {
    let table = table(&mut Random::new(0));
    Key::partition_prefix(&table, &PartitionKey::from_components(&[b"partition"]).unwrap())
}

fn a_row(random: &mut Random, key: &[u8]) -> Vec<u8> {
    let timestamp =
        |random: &mut Random| if random.chance(1, 9) { random.next_u64() as i64 } else { random.below(5) as i64 };
    let seconds =
        |random: &mut Random| if random.chance(1, 9) { random.next_u64() as i64 } else { random.below(9) as i64 };
    let mut row = Row::default();
    if random.chance(1, 2) {
        let expiry = random.chance(1, 2).then(|| (random.next_u64() as u32, seconds(random)));
        row.marker = Some(Marker { timestamp: timestamp(random), expiry });
    }
    if random.chance(1, 3) {
        row.deletion = Some(Deletion { timestamp: timestamp(random), local_seconds: seconds(random) });
    }
    for column in 0..random.below(5) as u32 {
        let value = Bytes::from(noise(random, 9));
        let kind = match random.below(4) {
            0 => CellKind::Live { value },
            1 => CellKind::Expiring { value, ttl: random.next_u64() as u32, expires: seconds(random) },
            2 => CellKind::Tombstone { local_seconds: seconds(random) },
            _ => CellKind::ComplexDeletion { local_seconds: seconds(random) },
        };
        row.cells.push(Cell { column: ColumnId(column), path: Bytes::new(), timestamp: timestamp(random), kind });
    }
    let mut out = Vec::new();
    encode_row(key, &row, &mut out);
    out
}

/// Makes a row's checksum right again.
fn seal(key: &[u8], row: &mut [u8]) {
    if let Some((crc, rest)) = row.split_first_chunk_mut::<4>() {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(key);
        hasher.update(rest);
        *crc = hasher.finalize().to_le_bytes();
    }
}

fn a_changed_row(random: &mut Random, key: &[u8]) -> Vec<u8> {
    let mut row = a_row(random, key);
    change(random, &mut row);
    if random.chance(4, 5) {
        seal(key, &mut row);
    }
    row
}

#[test]
fn rows_and_their_merges() {
    let key = a_key();
    fuzz(20_000, |random| {
        let rows: Vec<Vec<u8>> = (0..=random.below(4))
            .map(|_| if random.chance(1, 2) { a_row(random, &key) } else { a_changed_row(random, &key) })
            .collect();
        for row in &rows {
            if let Ok(view) = RowView::parse(&key, row) {
                let strip = Strip { columns: &Columns::All, purge_before: random.below(9) as i64, covered_by: None };
                let mut left = Vec::new();
                strip_row(&key, &view, &strip, &mut left);
                let mut again = Vec::new();
                encode_row(&key, &view.to_row(), &mut again);
                assert_eq!(&again, row, "a row has one encoding");
            }
        }
        let merged = merge_encoded(&key, rows.iter().map(Vec::as_slice));
        let backwards = merge_encoded(&key, rows.iter().rev().map(Vec::as_slice));
        assert_eq!(merged, backwards);
        assert_eq!(merged, merge_encoded(&key, [&merged[..], &merged[..], &rows[0]].into_iter()));
        let all_whole = rows.iter().all(|row| RowView::parse(&key, row).is_ok());
        assert_eq!(RowView::parse(&key, &merged).is_ok(), all_whole);
        rows.iter().map(Vec::len).sum()
    });
}

#[test]
fn keys() {
    fuzz(20_000, |random| {
        let table = table(random);
        let partition = PartitionKey::from_components(&[&noise(random, 20)]);
        let values: Vec<Vec<u8>> = table.clustering.iter().map(|_| noise(random, 20)).collect();
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        let made = partition.ok().and_then(|partition| Key::row(&table, &partition, &values).ok());
        let mut key = made.map_or_else(|| noise(random, 60), |key| key.bytes().to_vec());
        let _ = Key::decode(&table, &key);
        change(random, &mut key);
        let _ =
            (Key::decode(&table, &key), Key::kind(&key), Key::token(&key), Key::partition(&key), Key::storage_id(&key));
        key.len() + 100
    });
}

#[test]
fn messages() {
    let key = a_key();
    fuzz(20_000, |random| {
        let row = a_changed_row(random, &key);
        let mut mutation =
            Mutation::single(WriteId::of_repair(5), Bytes::copy_from_slice(&key), row.clone().into()).encode().to_vec();
        let command = ReadCommand {
            storage_id: StorageId(7),
            token: Token(5),
            keys: KeyRange::Run {
                start: Bytes::copy_from_slice(&key),
                end: Key::prefix_end(&key).into(),
                reversed: false,
            },
            statics: true,
            columns: Columns::All,
            limit: 100,
            now_seconds: 5,
            purge_before: 0,
            probe: None,
        };
        let mut command = command.encode().to_vec();
        let block =
            RowBlock { rows: vec![(Bytes::copy_from_slice(&key), row.into())], context: Vec::new(), more: true };
        let mut digester = Digester::new(5, 0);
        let _ = digester.block(&block, &Columns::All);
        let mut block = block.encode().to_vec();
        for bytes in [&mut mutation, &mut command, &mut block] {
            if random.chance(9, 10) {
                change(random, bytes);
            }
        }
        let given = mutation.len() + command.len() + block.len();
        let _ =
            (Mutation::decode(mutation.into()), ReadCommand::decode(command.into()), RowBlock::decode(block.into()));
        given
    });
}

/// Every family of an engine holds keys and values that this node did not write.
#[test]
fn an_engine_full_of_noise() {
    let key = a_key();
    fuzz(2_000, |random| {
        let engine = Arc::new(ModelEngine::new());
        let mut ops = Vec::new();
        let mut given = 0;
        for _ in 0..random.below(20) {
            let family = *random.pick(&Family::ALL).unwrap();
            let mut name = match family {
                Family::Local => random.pick(&[&b"fence/"[..], b"tombstoned/", b"clock_lease", b""]).unwrap().to_vec(),
                Family::Rows | Family::Timed | Family::Tombstones => key.clone(),
                _ => Vec::new(),
            };
            name.extend(noise(random, 40));
            let value = if family.merges() { a_changed_row(random, &name) } else { noise(random, 80) };
            given += name.len() + value.len();
            ops.push(Op::Put { family, key: name.into(), value: value.into() });
        }
        engine.write(&Batch { ops }, SyncMode::Synced).unwrap();
        let Ok(store) = Store::open(engine) else { return given + 4096 };
        store.set_tables(BTreeMap::from([(StorageId(7), Family::Rows)]));
        let _ = (
            store.metadata_log(),
            store.batches(None, i64::MAX, 100),
            store.acceptor(&key),
            store.statistics(StorageId(7)),
        );
        let _ = store.hints_of(HostId(uuid::Uuid::from_bytes(random.bytes())), None, 10);
        let start = Bytes::from(Key::table_range(StorageId(7), Token::MIN, Token::MIN).0);
        let command = ReadCommand {
            storage_id: StorageId(7),
            token: Token(0),
            keys: KeyRange::Run { start, end: Bytes::new(), reversed: random.chance(1, 2) },
            statics: random.chance(1, 2),
            columns: Columns::All,
            limit: 10,
            now_seconds: 0,
            purge_before: i64::MIN,
            probe: None,
        };
        let _ = (store.read_block(&command, Tier::Disk, 1 << 20), store.digest(&command, Tier::Disk, 1 << 20));
        let _ = store.sweep(&mut Sweep::new(StorageId(7), 5));
        let _ = store.add_hints(vec![Hint { to: HostId(uuid::Uuid::nil()), mutation: Bytes::new(), created: 0 }]);
        let _ = store.remove_strays();
        // The engine itself is part of what is counted.
        given * 8 + (1 << 20)
    });
}

/// The node's own small files.
#[test]
fn a_data_directory_full_of_noise() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    fuzz(300, |random| {
        let _ = std::fs::remove_dir_all(&path);
        drop(DataDirectory::open(&path, &mut Random::new(1)).unwrap());
        for name in ["format", "identity", "generation", "cluster", "durable"] {
            if random.chance(1, 3) {
                let file = path.join(name);
                let mut bytes = std::fs::read(&file).unwrap_or_default();
                change(random, &mut bytes);
                std::fs::write(&file, bytes).unwrap();
            }
        }
        if let Ok(directory) = DataDirectory::open(&path, &mut Random::new(2)) {
            let _ = directory.durable().check(0);
        }
        16 << 10
    });
}
