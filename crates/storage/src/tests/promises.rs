//! Batches under way, acceptors, and what a table takes.

use super::*;
use crate::{BatchId, LoggedBatch};

fn batch(created: i64, id: u128) -> LoggedBatch {
    let mutations = vec![write(1, 1, created, "a").encode(), write(2, 1, created, "b").encode()];
    LoggedBatch { id: BatchId { created, id: uuid::Uuid::from_u128(id) }, mutations }
}

#[test]
fn batches_come_back_oldest_first_until_they_are_settled() {
    let (store, engine) = open();
    let all = [batch(-3, 9), batch(5, 1), batch(5, 2), batch(40, 0)];
    for at in [2, 0, 3, 1] {
        store.add_batch(&all[at]).unwrap();
    }
    engine.crash(&mut Random::new(1));
    let store = store_over(&engine);
    assert_eq!(store.batches_before(40, 9).unwrap(), all[..3]);
    assert_eq!(store.batches_before(40, 2).unwrap(), all[..2]);
    store.remove_batch(all[1].id).unwrap();
    assert_eq!(store.batches_before(i64::MAX, 9).unwrap(), [all[0].clone(), all[2].clone(), all[3].clone()]);
    for batch in store.batches_before(i64::MAX, 9).unwrap() {
        assert_eq!(Mutation::decode(batch.mutations[1].clone()).unwrap(), write(2, 1, batch.id.created, "b"));
    }
}

#[test]
fn a_flipped_bit_in_the_batch_log_is_found_out() {
    let (store, engine) = open();
    store.add_batch(&batch(7, 7)).unwrap();
    let key = [&(7u64 ^ 1 << 63).to_be_bytes()[..], &7u128.to_be_bytes()].concat();
    assert!(engine.corrupt(Family::Batchlog, &key));
    assert!(matches!(store.batches_before(i64::MAX, 9), Err(EngineError::Corrupt(_))));
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
fn an_acceptor_of_flipped_bits_is_an_error_and_no_promise() {
    let (store, engine) = open();
    store.submit_acceptor(b"a prefix", b"state", None, 1).unwrap();
    while store.turn(SyncMode::Synced, &mut Vec::new()) {}
    assert_eq!(store.acceptor(b"another").unwrap(), None);
    assert!(engine.corrupt(Family::Paxos, b"a prefix"));
    assert!(matches!(store.acceptor(b"a prefix"), Err(EngineError::Corrupt(_))));
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
