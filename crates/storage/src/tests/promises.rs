//! Batches under way, acceptors, and what a table takes.

use super::*;
use crate::{Batch, BatchId, Engine, LogPlace, LoggedBatch, Op};

fn batch(created: i64, id: u128) -> LoggedBatch {
    let mutations = vec![write(1, 1, created, "a").encode(), write(2, 1, created, "b").encode()];
    let place = LogPlace { lineage: 1, index: 300 + created.unsigned_abs() };
    LoggedBatch { id: BatchId { created, id: uuid::Uuid::from_u128(id) }, place, mutations }
}

fn keep(store: &Store, batch: &LoggedBatch) {
    assert!(write_synced(store, |store, ticket| store.submit_batch(batch, ticket)));
}

fn before(store: &Store, moment: i64, max: usize) -> Vec<LoggedBatch> {
    store.batches(None, moment, max).unwrap().batches
}

#[test]
fn batches_come_back_oldest_first_until_they_are_settled() {
    let (store, engine) = open();
    let all = [batch(-3, 9), batch(5, 1), batch(5, 2), batch(40, 0)];
    for at in [2, 0, 3, 1] {
        keep(&store, &all[at]);
    }
    engine.crash(&mut Random::new(1));
    let store = store_over(&engine);
    assert_eq!(before(&store, 40, 9), all[..3]);
    assert_eq!(before(&store, 40, 2), all[..2]);
    assert!(write_synced(&store, |store, ticket| store.submit_batch_removals([all[1].id], ticket)));
    assert_eq!(before(&store, i64::MAX, 9), [all[0].clone(), all[2].clone(), all[3].clone()]);
    for batch in before(&store, i64::MAX, 9) {
        assert_eq!(Mutation::decode(batch.mutations[1].clone()).unwrap(), write(2, 1, batch.id.created, "b"));
    }
}

#[test]
fn a_batch_that_is_kept_and_settled_in_one_turn_is_gone() {
    let (store, _) = open();
    let [first, other] = [batch(1, 1), batch(2, 2)];
    let has_duty = store.submit_batch(&first, 1).unwrap();
    store.submit_batch(&other, 2).unwrap();
    store.submit_batch_removals([first.id], 3).unwrap();
    let mut done = Vec::new();
    while has_duty && store.turn(SyncMode::Synced, &mut done) {}
    assert_eq!(done, [(1, Ok(())), (2, Ok(())), (3, Ok(()))]);
    assert_eq!(before(&store, i64::MAX, 9), [other]);
}

#[test]
fn the_batch_log_is_read_page_by_page() {
    let (store, _) = open();
    let all: Vec<LoggedBatch> = (0..5).map(|n| batch(n, 1)).collect();
    all.iter().for_each(|batch| keep(&store, batch));
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = store.batches(after.as_ref(), 4, 2).unwrap();
        pages.push(page.batches);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(pages, [all[..2].to_vec(), all[2..4].to_vec(), Vec::new()]);
    assert_eq!(store.batches(after.as_ref(), 0, 2).unwrap(), crate::BatchPage::default(), "behind the end");
}

#[test]
fn a_batch_of_before_places_is_of_place_zero() {
    let (store, engine) = open();
    let batch = LoggedBatch { place: LogPlace::default(), ..batch(7, 7) };
    keep(&store, &batch);
    let key = [&(7u64 ^ 1 << 63).to_be_bytes()[..], &7u128.to_be_bytes()].concat();
    let mut value = Vec::new();
    engine.get(Family::Batchlog, &key, &mut |found| value = found.unwrap().to_vec()).unwrap();
    // Without its place, two zeros, and with a checksum that says so.
    value.truncate(value.len() - 2);
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&key);
    hasher.update(&value[4..]);
    value[..4].copy_from_slice(&hasher.finalize().to_le_bytes());
    let put = Op::Put { family: Family::Batchlog, key: key.into(), value: value.into() };
    engine.write(&Batch { ops: vec![put] }, SyncMode::Synced).unwrap();
    assert_eq!(before(&store, i64::MAX, 9), [batch]);
}

#[test]
fn a_damaged_batch_is_told_apart_and_hides_no_other() {
    let (store, engine) = open();
    let all = [batch(6, 1), batch(7, 7), batch(8, 1)];
    all.iter().for_each(|batch| keep(&store, batch));
    let key = [&(7u64 ^ 1 << 63).to_be_bytes()[..], &7u128.to_be_bytes()].concat();
    assert!(engine.corrupt(Family::Batchlog, &key));
    let page = store.batches(None, i64::MAX, 9).unwrap();
    assert_eq!(page.batches, [all[0].clone(), all[2].clone()]);
    let [damaged] = &page.damaged[..] else { panic!("{:?}", page.damaged) };
    assert_eq!((damaged.key.as_ref(), damaged.created), (key.as_slice(), Some(7)));
    store.remove_damaged_batch(damaged).unwrap();
    assert_eq!(store.batches(None, i64::MAX, 9).unwrap().damaged, []);
}

#[test]
fn an_acceptor_and_what_it_commits_are_stored_together() {
    let prefix = Key::partition_prefix(&table(), &PartitionKey::from_components(&[&1i32.to_be_bytes()]).unwrap());
    for seed in 0..30 {
        let (store, engine) = open();
        let turn = |sync| while store.turn(sync, &mut Vec::new()) {};
        assert!(store.submit_acceptor(&prefix, b"promised 1", None, 1).unwrap());
        turn(SyncMode::Synced);
        // Two of one batch: the later holds.
        store.submit_acceptor(&prefix, b"accepted 1", None, 2).unwrap();
        store.submit_acceptor(&prefix, b"committed 1", Some(&write(1, 1, 1, "decided")), 3).unwrap();
        turn(SyncMode::Unsynced);
        assert_eq!(store.acceptor(&prefix).unwrap().as_deref(), Some(&b"committed 1"[..]));
        engine.crash(&mut Random::new(seed));
        let store = store_over(&engine);
        let state = store.acceptor(&prefix).unwrap().unwrap();
        let rows = clusterings(&store, partition(1, false), 9).0;
        match &state[..] {
            b"promised 1" => assert_eq!(rows, Vec::<i32>::new()),
            b"committed 1" => assert_eq!(rows, [1]),
            other => panic!("{other:?} was never stored"),
        }
    }
}

#[test]
fn an_acceptor_is_read_from_memory_or_not_at_all() {
    let (store, engine) = open();
    let prefix = |k: i32| Key::partition_prefix(&table(), &PartitionKey::from_components(&[&k.to_be_bytes()]).unwrap());
    store.submit_acceptor(&prefix(1), b"state", None, 1).unwrap();
    while store.turn(SyncMode::Synced, &mut Vec::new()) {}
    let found = |k| store.acceptor_in_memory(&prefix(k)).unwrap();
    assert_eq!((found(1), found(2)), (Some(Some(b"state"[..].into())), Some(None)));
    engine.set_faults(ModelFaults { miss_permille: 1_000, ..ModelFaults::default() }, Random::new(1));
    assert_eq!((found(1), found(2)), (None, None), "that it is not there is not known either");
    assert_eq!(store.acceptor(&prefix(1)).unwrap(), Some(b"state"[..].into()));
    engine.set_faults(ModelFaults::default(), Random::new(1));
    assert!(engine.corrupt(Family::Paxos, &prefix(1)));
    assert!(matches!(store.acceptor_in_memory(&prefix(1)), Err(EngineError::Corrupt(_))));
}

#[test]
fn an_acceptor_of_flipped_bits_is_an_error_and_no_promise() {
    let (store, engine) = open();
    let prefix = |k: i32| Key::partition_prefix(&table(), &PartitionKey::from_components(&[&k.to_be_bytes()]).unwrap());
    store.submit_acceptor(&prefix(1), b"state", None, 1).unwrap();
    while store.turn(SyncMode::Synced, &mut Vec::new()) {}
    assert_eq!(store.acceptor(&prefix(2)).unwrap(), None);
    assert!(engine.corrupt(Family::Paxos, &prefix(1)));
    assert!(matches!(store.acceptor(&prefix(1)), Err(EngineError::Corrupt(_))));
}

#[test]
fn acceptors_go_with_their_table_and_do_not_come_back() {
    let (store, engine) = open();
    let prefix = Key::partition_prefix(&table(), &PartitionKey::from_components(&[&1i32.to_be_bytes()]).unwrap());
    store.submit_acceptor(&prefix, b"promised", None, 1).unwrap();
    while store.turn(SyncMode::Synced, &mut Vec::new()) {}
    assert_eq!(store.remove_strays(), Ok(0));
    assert!(store.acceptor(&prefix).unwrap().is_some());
    store.set_tables::<Family>(BTreeMap::new());
    assert_eq!(store.remove_strays(), Ok(1));
    for store in [&store, &store_over(&engine)] {
        assert_eq!(store.acceptor(&prefix).unwrap(), None);
    }
    assert_eq!(store.submit_acceptor(&prefix, b"promised late", None, 2), Err(WriteError::UnknownTable));
}

#[test]
fn partitions_are_counted_where_they_are_few_and_estimated_where_they_are_many() {
    let (store, _) = open();
    assert_eq!(store.statistics(TABLE).unwrap(), crate::TableStatistics::default());
    for (count, tolerance) in [(40u64, 0.0), (10_000, 0.2)] {
        for k in 0..count as i32 {
            apply(&store, SyncMode::Unsynced, &[write(k, 1, 1, "v"), write(k, 2, 1, "v")]);
        }
        let statistics = store.statistics(TABLE).unwrap();
        let wrong = (statistics.partitions as f64 - count as f64).abs() / count as f64;
        assert!(wrong <= tolerance, "{} partitions, counted {}", count, statistics.partitions);
        assert!(statistics.disk_bytes > count * 2 * 20);
    }
    assert_eq!(store.statistics(StorageId(1)), Err(ReadError::UnknownTable));
}
