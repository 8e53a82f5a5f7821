//! A data directory as version 1 of the formats writes it, kept as bytes (docs/protocols/versions.md). It is read, and written again the
//! same. A change of what lies on disk fails these tests, until it has a version of its own.

use super::*;
use crate::{Batch, BatchId, Engine, Flow, LogPlace, LoggedBatch, Op, ScanRange};
use henge_model::Deletion;
use std::fmt::Write;

const FIXTURE: &str = include_str!("../../fixtures/version-1.txt");
const CREATED: i64 = 1_700_000_000_000_000;

fn peer() -> HostId {
    HostId(uuid::Uuid::from_u128(7))
}

/// Writes something of each kind.
fn fill(store: &Store) {
    let rows =
        [write(1, 1, 5, "one"), write(1, 2, 6, "two"), write(2, 1, -7, "before 1970"), write(1, 1, 8, "one again")];
    apply(store, SyncMode::Synced, &rows);
    let mut out = Vec::new();
    let key = Key::partition_tombstone(&Key::partition_prefix(
        &table(),
        &PartitionKey::from_components(&[&3i32.to_be_bytes()]).unwrap(),
    ));
    let deletion = Some(Deletion { timestamp: 9, local_seconds: 1_700_000_000 });
    encode_row(key.bytes(), &Row { deletion, ..Row::default() }, &mut out);
    apply(store, SyncMode::Synced, &[Mutation::single(WriteId::of_repair(9), key.to_bytes(), out.into())]);
    let mutation = write(4, 1, 10, "owed").encode();
    store.add_hints(vec![Hint { to: peer(), mutation: mutation.clone(), created: CREATED }]).unwrap();
    let place = LogPlace { lineage: 1, index: 300 };
    let batch = LoggedBatch {
        id: BatchId { created: CREATED, id: uuid::Uuid::from_u128(8) },
        place,
        mutations: vec![mutation],
    };
    assert!(write_synced(store, |store, ticket| store.submit_batch(&batch, ticket)));
    store.append_entry(1, Bytes::from_static(b"an entry, which henge-metadata keeps")).unwrap();
    store.put_local("a fact", b"of this node").unwrap();
}

/// All that an engine holds, a key a line.
fn dump(engine: &dyn Engine) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut text = String::new();
    for family in Family::ALL {
        let all = ScanRange { family, start: &[], end: &[], reversed: false };
        let mut line = |key: &[u8], value: &[u8]| {
            writeln!(text, "{} {} {}", family.name(), hex(key), hex(value)).unwrap();
            Flow::Continue
        };
        engine.scan(&all, Tier::Disk, &mut line).unwrap();
    }
    text
}

fn bytes(hex: &str) -> Bytes {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect::<Vec<u8>>().into()
}

/// An engine with what a fixture holds.
fn load(fixture: &str) -> Arc<ModelEngine> {
    let op = |line: &str| {
        let mut parts = line.split(' ');
        let mut part = || parts.next().unwrap();
        let (name, key, value) = (part(), part(), part());
        let family = Family::ALL.into_iter().find(|family| family.name() == name).unwrap();
        let (key, value) = (bytes(key), bytes(value));
        match family.merges() {
            true => Op::Merge { family, key, value },
            false => Op::Put { family, key, value },
        }
    };
    let engine = Arc::new(ModelEngine::new());
    engine.write(&Batch { ops: fixture.lines().map(op).collect() }, SyncMode::Synced).unwrap();
    engine
}

#[test]
fn what_is_written_has_the_bytes_of_its_version() {
    let (store, engine) = open();
    fill(&store);
    let written = dump(&*engine);
    if std::env::var_os("HENGE_WRITE_FIXTURES").is_some() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("version-1.txt"), &written).unwrap();
    }
    assert_eq!(written, FIXTURE, "a format on disk has changed: it needs a version of its own");
}

#[test]
fn what_its_version_wrote_is_read() {
    let engine = load(FIXTURE);
    assert_eq!(dump(&*engine), FIXTURE);
    let store = store_over(&engine);
    let hints: Vec<Hint> = store.hints_of(peer(), None, 9).unwrap().into_iter().map(|(_, hint)| hint).collect();
    let owed = write(4, 1, 10, "owed");
    assert_eq!(hints, [Hint { to: peer(), mutation: owed.encode(), created: CREATED }]);
    assert_eq!((store.hint_count(peer()), Mutation::decode(hints[0].mutation.clone())), (1, Ok(owed)));
    let batches = store.batches(None, i64::MAX, 9).unwrap();
    assert_eq!(batches.batches.len(), 1);
    assert_eq!(store.metadata_log().unwrap().entries.len(), 1);
    assert_eq!(store.local("a fact").unwrap(), Some(Bytes::from_static(b"of this node")));
    let page = store.export_page(TABLE, henge_model::TokenRange::FULL, None, usize::MAX).unwrap();
    let values: Vec<String> = page.rows.iter().map(|(key, row)| value_of(key, row)).collect();
    let mut sorted = values.clone();
    sorted.sort();
    assert_eq!(sorted, ["", "before 1970", "one again", "two"], "{values:?}");
}

/// The text in a row; none in a tombstone.
fn value_of(key: &[u8], row: &[u8]) -> String {
    let row = RowView::parse(key, row).unwrap();
    row.cells().filter_map(|cell| cell.live_value(0)).map(|value| String::from_utf8_lossy(value).into_owned()).collect()
}

/// A row as it would be in a format of a later release: another number, and the checksum of the whole.
fn later_row(key: &Key, row: &[u8]) -> Bytes {
    let mut row = row.to_vec();
    row[4] += 1;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key.bytes());
    hasher.update(&row[4..]);
    row[..4].copy_from_slice(&hasher.finalize().to_le_bytes());
    row.into()
}

#[test]
fn a_row_of_a_later_release_is_an_error_and_never_merged() {
    let (store, engine) = open();
    apply(&store, SyncMode::Synced, &[write(1, 1, 1, "a"), write(2, 1, 1, "b")]);
    let newer = key(1, 1);
    let value = later_row(&newer, &row(&newer, 2, "by a later release"));
    // A message with it is not taken.
    let mutation = Mutation::single(WriteId::of_repair(2), newer.to_bytes(), value.clone());
    assert!(Mutation::decode(mutation.encode()).is_err());
    // On a disk to which a node went back it is an error of its row alone.
    let op = Op::Merge { family: Family::Rows, key: newer.to_bytes(), value };
    engine.write(&Batch { ops: vec![op] }, SyncMode::Synced).unwrap();
    let read = |k| store.read_block(&command(KeyRange::One(key(k, 1)), 1), Tier::Disk, 1 << 20);
    assert!(matches!(read(1), Err(ReadError::Row(_))), "{:?}", read(1));
    assert_eq!(read(2).unwrap().unwrap().rows.len(), 1);
}
