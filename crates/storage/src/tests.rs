//! Promises of the store over an engine that can be crashed.

use crate::{
    EngineError, Family, Hint, MemoryOutcome, ModelEngine, ModelFaults, ReadError, Store, Stripe, SyncMode, Tier,
    WriteError,
};
use henge_base::{Bytes, HostId, Random};
use henge_model::{
    Cell, CellKind, Column, ColumnId, ColumnKind, Columns, DataType, Key, KeyRange, Mutation, Order, PartitionKey,
    ProjectedColumn, Projection, ReadCommand, Row, RowSink, RowView, Rows, StorageId, Table, TableOptions, Token,
    WriteId, encode_row,
};
use std::collections::BTreeMap;
use std::sync::Arc;

mod content;
mod exports;
mod fixture;
mod folds;
mod forgetting;
mod indexes;
mod promises;
mod reads;
mod records;
mod removals;
mod writes;

const TABLE: StorageId = StorageId(2_000);
const VALUE: ColumnId = ColumnId(2);

fn table() -> Arc<Table> {
    let column = |id, name: &str, data_type, kind| Column {
        id: ColumnId(id),
        name: name.to_owned(),
        data_type,
        kind,
        order: Order::Ascending,
    };
    Arc::new(Table {
        id: uuid::Uuid::nil(),
        storage_id: TABLE,
        keyspace: "ks".to_owned(),
        name: "t".to_owned(),
        partition_key: vec![column(0, "k", DataType::Int, ColumnKind::PartitionKey)],
        clustering: vec![column(1, "c", DataType::Int, ColumnKind::Clustering)],
        statics: Vec::new(),
        regulars: vec![column(2, "v", DataType::Text, ColumnKind::Regular)],
        options: TableOptions::default(),
        indexes: Vec::new(),
        history: henge_model::TableHistory::default(),
        masks: Default::default(),
    })
}

fn key(k: i32, c: i32) -> Key {
    let partition = PartitionKey::from_components(&[&k.to_be_bytes()]).unwrap();
    Key::row(&table(), &partition, &[&c.to_be_bytes()]).unwrap()
}

fn row(key: &Key, timestamp: i64, text: &str) -> Bytes {
    let kind = CellKind::Live { value: Bytes::copy_from_slice(text.as_bytes()) };
    let cell = Cell { column: VALUE, path: Bytes::new(), timestamp, kind };
    let mut out = Vec::new();
    encode_row(key.bytes(), &Row { marker: None, deletion: None, cells: vec![cell] }, &mut out);
    out.into()
}

fn write(k: i32, c: i32, timestamp: i64, text: &str) -> Mutation {
    let key = key(k, c);
    Mutation::single(WriteId::of_repair(timestamp), key.to_bytes(), row(&key, timestamp, text))
}

fn command(keys: KeyRange, limit: u32) -> ReadCommand {
    let purge_before = i64::MIN;
    ReadCommand {
        storage_id: TABLE,
        token: Token(0),
        keys,
        statics: false,
        columns: Columns::All,
        limit,
        now_seconds: 0,
        purge_before,
        probe: None,
    }
}

fn partition(k: i32, reversed: bool) -> KeyRange {
    let start = Key::partition_prefix(&table(), &PartitionKey::from_components(&[&k.to_be_bytes()]).unwrap());
    let end = Key::prefix_end(&start);
    KeyRange::Run { start: start.into(), end: end.into(), reversed }
}

fn projection() -> Projection {
    Projection { table: table(), columns: vec![ProjectedColumn::Clustering(0), ProjectedColumn::Cell(VALUE)] }
}

/// A store with its engine.
fn open() -> (Store, Arc<ModelEngine>) {
    let engine = Arc::new(ModelEngine::new());
    (store_over(&engine), engine)
}

fn store_over(engine: &Arc<ModelEngine>) -> Store {
    let store = Store::open(engine.clone()).unwrap();
    store.set_tables(BTreeMap::from([(TABLE, Family::Rows)]));
    store
}

/// Queues mutations and takes turns until nothing is left.
fn apply(store: &Store, sync: SyncMode, mutations: &[Mutation]) -> Vec<(u64, Result<(), WriteError>)> {
    let mut done = Vec::new();
    let mut duty = false;
    for (ticket, mutation) in mutations.iter().enumerate() {
        duty |= store.submit(mutation, ticket as u64).unwrap();
    }
    while duty && store.turn(sync, &mut done) {}
    done
}

/// Gives the combiner something and takes turns until nothing is left; true if it was written.
fn write_synced(store: &Store, give: impl FnOnce(&Store, u64) -> Result<bool, WriteError>) -> bool {
    let mut done = Vec::new();
    let has_duty = give(store, 7).unwrap();
    while has_duty && store.turn(SyncMode::Synced, &mut done) {}
    matches!(done[..], [(7, Ok(()))])
}

fn clusterings(store: &Store, keys: KeyRange, limit: u32) -> (Vec<i32>, bool) {
    let block = store.read_block(&command(keys, limit), Tier::Disk, 1 << 20).unwrap().unwrap();
    let decode = |key: &[u8]| i32::from_be_bytes(Key::decode(&table(), key).unwrap().1[0].as_ref().try_into().unwrap());
    (block.rows.iter().map(|(key, _)| decode(key)).collect(), block.more)
}

#[test]
fn what_was_synced_survives_and_nothing_is_torn() {
    for seed in 0..50 {
        let (store, engine) = open();
        let both = |n: i32| Mutation {
            id: WriteId::of_repair(1),
            rows: [write(n, 1, 1, "a"), write(n, 2, 1, "b")].map(|m| m.rows[0].clone()).into(),
        };
        apply(&store, SyncMode::Synced, &[both(1)]);
        for n in 2..6 {
            apply(&store, SyncMode::Unsynced, &[both(n)]);
        }
        engine.crash(&mut Random::new(seed));
        let store = store_over(&engine);
        let found: Vec<usize> = (1..6).map(|n| clusterings(&store, partition(n, false), 9).0.len()).collect();
        assert_eq!(found[0], 2, "a synced write is gone");
        assert!(found.iter().all(|n| [0, 2].contains(n)), "a batch is torn: {found:?}");
        assert!(
            found.windows(2).all(|w| w[0] >= w[1]),
            "an earlier write is gone while a later one is there: {found:?}"
        );
    }
}

#[test]
fn one_caller_at_a_time_has_the_duty_to_write() {
    let (store, _) = open();
    assert_eq!(store.submit(&write(1, 1, 1, "a"), 7), Ok(true));
    assert_eq!(store.submit(&write(1, 2, 1, "b"), 8), Ok(false));
    let mut done = Vec::new();
    assert!(!store.turn(SyncMode::Synced, &mut done));
    assert_eq!(done, [(7, Ok(())), (8, Ok(()))]);
    assert_eq!(store.submit(&write(1, 3, 1, "c"), 9), Ok(true), "the duty ended with the last turn");
}

#[test]
fn rows_of_one_key_in_one_batch_merge() {
    let (store, _) = open();
    apply(&store, SyncMode::Synced, &[write(1, 1, 5, "new"), write(1, 1, 3, "old")]);
    let block = store.read_block(&command(KeyRange::One(key(1, 1)), 1), Tier::Memory, 1 << 20).unwrap().unwrap();
    assert_eq!(RowView::parse(&block.rows[0].0, &block.rows[0].1).unwrap().newest(), 5);
}

#[test]
fn runs_keep_limit_direction_and_size() {
    let (store, _) = open();
    let rows: Vec<Mutation> = (0..10).map(|c| write(1, c, 1, "v")).chain([write(2, 0, 1, "other")]).collect();
    apply(&store, SyncMode::Synced, &rows);
    assert_eq!(clusterings(&store, partition(1, false), 3), (vec![0, 1, 2], true));
    assert_eq!(clusterings(&store, partition(1, true), 3), (vec![9, 8, 7], true));
    assert_eq!(clusterings(&store, partition(1, false), 99), ((0..10).collect(), false));
    let small = store.read_block(&command(partition(1, false), 99), Tier::Disk, 1).unwrap().unwrap();
    assert_eq!((small.rows.len(), small.more), (1, true));
}

#[test]
fn digests_tell_content_apart_and_nothing_else() {
    let (one, _) = open();
    let (two, _) = open();
    apply(&one, SyncMode::Synced, &[write(1, 1, 1, "a"), write(1, 1, 2, "b")]);
    apply(&two, SyncMode::Synced, &[write(1, 1, 2, "b")]);
    let digest = |store: &Store| store.digest(&command(partition(1, false), 9), Tier::Disk, 1 << 20).unwrap();
    assert_eq!(digest(&one), digest(&two));
    apply(&two, SyncMode::Synced, &[write(1, 2, 1, "a")]);
    assert_ne!(digest(&one), digest(&two));
}

#[test]
fn a_sink_is_as_it_was_when_memory_has_no_answer() {
    let (store, engine) = open();
    let rows: Vec<Mutation> = (0..50).map(|c| write(1, c, 1, "v")).collect();
    apply(&store, SyncMode::Synced, &rows);
    engine.set_faults(ModelFaults { miss_permille: 500, ..ModelFaults::default() }, Random::new(1));
    let (mut sink, mut expected, mut missed) = (Rows::new(2), 0, 0);
    for _ in 0..40 {
        match store.try_read(&command(partition(1, false), 5), &projection(), &mut sink).unwrap() {
            MemoryOutcome::Done | MemoryOutcome::Piled => expected += 5,
            MemoryOutcome::WouldBlock => missed += 1,
        }
        assert_eq!(sink.rows(), expected);
    }
    assert!(missed > 0 && expected > 0);
}

#[test]
fn a_flipped_bit_is_an_error_for_its_row_alone() {
    let (store, engine) = open();
    apply(&store, SyncMode::Synced, &[write(1, 1, 1, "a"), write(2, 1, 1, "b")]);
    assert!(engine.corrupt(Family::Rows, key(1, 1).bytes()));
    let read = |k| store.read_block(&command(KeyRange::One(key(k, 1)), 1), Tier::Memory, 1 << 20);
    assert!(matches!(read(1), Err(ReadError::Row(_))));
    assert_eq!(read(2).unwrap().unwrap().rows.len(), 1);
    let mut sink = Rows::new(2);
    assert!(store.try_read(&command(KeyRange::One(key(1, 1)), 1), &projection(), &mut sink).is_err());
    assert_eq!(sink.rows(), 0);
}

#[test]
fn a_replacement_gives_way_to_a_write() {
    let (store, _) = open();
    apply(&store, SyncMode::Synced, &[write(1, 1, 1, "a")]);
    let key = key(1, 1);
    let (version, applied) = store.versions(Stripe::of(key.bytes()));
    assert_eq!((version, applied), (1, 1));
    let folded = row(&key, 1, "a");
    let mut done = Vec::new();
    assert!(store.replace_if_unchanged(key.to_bytes(), folded.clone(), version, 5).unwrap());
    assert_eq!(store.submit(&write(1, 1, 2, "b"), 6), Ok(false));
    while store.turn(SyncMode::Synced, &mut done) {}
    assert_eq!(done, [(5, Err(WriteError::Changed)), (6, Ok(()))]);
    let (version, _) = store.versions(Stripe::of(key.bytes()));
    done.clear();
    assert!(store.replace_if_unchanged(key.to_bytes(), row(&key, 2, "b"), version, 7).unwrap());
    store.turn(SyncMode::Synced, &mut done);
    assert_eq!(done, [(7, Ok(()))]);
}

#[test]
fn unknown_tables_full_disks_and_failed_syncs_are_told_apart() {
    let (store, engine) = open();
    store.set_tables::<Family>(BTreeMap::new());
    assert_eq!(store.submit(&write(1, 1, 1, "a"), 1), Err(WriteError::UnknownTable));
    let read = store.read_block(&command(KeyRange::One(key(1, 1)), 1), Tier::Memory, 1);
    assert_eq!(read, Err(ReadError::UnknownTable));
    let store = store_over(&engine);
    let outcome = |faults| {
        engine.set_faults(faults, Random::new(1));
        apply(&store, SyncMode::Synced, &[write(1, 1, 1, "a")]).remove(0).1
    };
    assert_eq!(outcome(ModelFaults { full: true, ..ModelFaults::default() }), Err(WriteError::Full));
    assert_eq!(outcome(ModelFaults { stall: true, ..ModelFaults::default() }), Err(WriteError::Stalled));
    let failed = outcome(ModelFaults { fail_sync: true, ..ModelFaults::default() });
    assert!(matches!(failed, Err(WriteError::Engine(EngineError::Sync(_)))));
}

#[test]
fn the_first_failed_sync_of_anything_is_told_and_the_last() {
    type Sync = fn(&Store) -> bool;
    let syncs: [(&str, Sync); 10] = [
        ("write", |store| {
            store.submit(&write(1, 1, 1, "a"), 1).unwrap();
            let mut done = Vec::new();
            while store.turn(SyncMode::Synced, &mut done) {}
            done[0].1.is_ok()
        }),
        ("period", |store| store.sync().is_ok()),
        ("end", |store| store.close().is_ok()),
        ("fact", |store| store.put_local("clock_lease", b"1").is_ok()),
        ("entry", |store| store.append_entry(1, Bytes::new()).is_ok()),
        ("snapshot", |store| store.put_log_snapshot(Bytes::new(), 1).is_ok()),
        ("fence", |store| store.raise_fence(TABLE, 5).is_ok()),
        ("hint", |store| {
            let to = HostId::random(&mut Random::new(1));
            store.add_hints(vec![Hint { to, mutation: Bytes::new(), created: 1 }]).is_ok()
        }),
        ("batch", |store| {
            let id = crate::BatchId { created: 1, id: uuid::Uuid::nil() };
            let place = crate::LogPlace::default();
            let batch = crate::LoggedBatch { id, place, mutations: Vec::new() };
            write_synced(store, |store, ticket| store.submit_batch(&batch, ticket))
        }),
        ("index", |store| store.begin_index((TABLE, henge_model::IndexId(1))).is_ok()),
    ];
    for (name, sync) in syncs {
        let (store, engine) = open();
        let told = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let count = Arc::clone(&told);
        store.on_failure(move |_| _ = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        engine.set_faults(ModelFaults { fail_sync: true, ..ModelFaults::default() }, Random::new(1));
        assert!(!sync(&store), "{name}");
        // Syncs that go well again prove nothing.
        engine.set_faults(ModelFaults::default(), Random::new(1));
        assert!(store.put_local("clock_lease", b"2").is_err(), "{name}");
        assert_eq!(told.load(std::sync::atomic::Ordering::Relaxed), 1, "{name}");
    }
}

#[test]
fn a_full_queue_refuses_and_empties() {
    let (store, _) = open();
    let big = "x".repeat(1 << 20);
    let refused = (0..100).position(|n| store.submit(&write(n, 1, 1, &big), n as u64) == Err(WriteError::Stalled));
    assert!(refused.is_some_and(|n| (50..64).contains(&n)), "{refused:?}");
    let mut done = Vec::new();
    while store.turn(SyncMode::Unsynced, &mut done) {}
    assert_eq!(done.len(), refused.unwrap());
    assert_eq!(store.submit(&write(1, 1, 1, &big), 1), Ok(true));
}

#[test]
fn hints_come_back_oldest_first_and_are_counted() {
    let engine = Arc::new(ModelEngine::new());
    let store = store_over(&engine);
    let mut random = Random::new(3);
    let (a, b) = (HostId::random(&mut random), HostId::random(&mut random));
    let hint = |to, created, text: &'static str| Hint { to, mutation: Bytes::from_static(text.as_bytes()), created };
    store
        .add_hints(vec![hint(a, 20, "later"), hint(b, 5, "other"), hint(a, 10, "first"), hint(a, 20, "last")])
        .unwrap();
    engine.crash(&mut random);
    let store = store_over(&engine);
    assert_eq!((store.hint_bytes(a), store.hint_bytes(b)), (14, 5));
    let hints = store.hints_of(a, None, 9).unwrap();
    let texts: Vec<&[u8]> = hints.iter().map(|(_, h)| h.mutation.as_ref()).collect();
    assert_eq!(texts, [b"first".as_ref(), b"later", b"last"]);
    assert_eq!(hints[1].1.created, 20);
    store.delete_hints(&[hints[0].0.clone(), hints[1].0.clone()]).unwrap();
    assert_eq!(store.hints_of(a, None, 9).unwrap().len(), 1);
    assert_eq!((store.hint_bytes(a), store.hints_of(b, None, 9).unwrap().len()), (4, 1));
    store.add_hints(vec![hint(a, 20, "again")]).unwrap();
    assert_eq!(store.hints_of(a, None, 9).unwrap().len(), 2, "numbers go on after a restart");
}

#[test]
fn local_facts_and_entries_are_synced() {
    let engine = Arc::new(ModelEngine::new());
    let store = store_over(&engine);
    store.put_local("lease", b"7").unwrap();
    for index in [2u64, 1, 300] {
        store.append_entry(index, Bytes::from(index.to_string())).unwrap();
    }
    engine.crash(&mut Random::new(1));
    let store = store_over(&engine);
    assert_eq!(store.local("lease").unwrap().as_deref(), Some(b"7".as_ref()));
    assert_eq!(store.local("none").unwrap(), None);
    let indexes = |store: &Store| -> Vec<u64> {
        store.metadata_log().unwrap().entries.into_iter().map(|(index, _)| index).collect()
    };
    assert_eq!(indexes(&store), [1, 2, 300]);
    store.put_log_snapshot(Bytes::from_static(b"state"), 300).unwrap();
    engine.crash(&mut Random::new(2));
    let store = store_over(&engine);
    assert_eq!(indexes(&store), [300]);
    assert_eq!(store.metadata_log().unwrap().snapshot.as_deref(), Some(b"state".as_ref()));
    assert!(matches!(store.put_local(&"n".repeat(256), b""), Err(EngineError::Io(_))));
}

/// Bytes of a row that was deleted at `local_seconds`.
fn tombstone(key: &Key, timestamp: i64, local_seconds: i64) -> Mutation {
    let deletion = Some(henge_model::Deletion { timestamp, local_seconds });
    let mut out = Vec::new();
    encode_row(key.bytes(), &Row { marker: None, deletion, cells: Vec::new() }, &mut out);
    Mutation::single(WriteId::of_repair(timestamp), key.to_bytes(), out.into())
}
