//! Removal of what lies in ranges of the ring, and writes that have to wait for fences.

use super::*;
use crate::{Engine, KeyRemoval, Sweep, SweepStep};
use henge_model::TokenRange;
use std::collections::BTreeSet;

fn token_of(k: i32) -> Token {
    Key::token(key(k, 1).bytes()).unwrap()
}

fn only(k: i32) -> TokenRange {
    TokenRange::of_one(token_of(k))
}

fn turns(store: &Store) -> Vec<(u64, Result<(), WriteError>)> {
    let mut done = Vec::new();
    while store.turn(SyncMode::Synced, &mut done) {}
    done
}

fn rows_of(store: &Store, k: i32) -> usize {
    clusterings(store, partition(k, false), 99).0.len()
}

#[test]
fn a_removal_takes_rows_tombstones_and_acceptors_of_its_ranges_and_sets_its_facts() {
    let (store, engine) = open();
    let prefix = |k: i32| key(k, 1).bytes()[..Key::partition(key(k, 1).bytes()).unwrap()].to_vec();
    for k in [1, 2, 3] {
        let tombstone = Key::partition_tombstone(&prefix(k));
        let mut bytes = Vec::new();
        let deletion = Some(henge_model::Deletion { timestamp: 1, local_seconds: 1 });
        encode_row(tombstone.bytes(), &Row { deletion, ..Row::default() }, &mut bytes);
        let tombstone = Mutation::single(WriteId::of_repair(1), tombstone.to_bytes(), bytes.into());
        apply(&store, SyncMode::Synced, &[write(k, 1, 5, "a"), write(k, 2, 5, "b"), tombstone]);
        assert!(write_synced(&store, |store, ticket| store.submit_acceptor(&prefix(k), b"state", None, ticket)));
    }
    let removal = store.find_in_ranges(TABLE, &[only(1), only(3)]).unwrap();
    assert!(!removal.is_empty());
    let facts = [("moved".to_owned(), Bytes::from_static(b"1"))];
    assert!(write_synced(&store, |store, ticket| store.submit_removal(removal, facts, ticket)));
    engine.crash(&mut Random::new(1));
    let store = store_over(&engine);
    assert_eq!([1, 2, 3].map(|k| rows_of(&store, k)), [0, 2, 0]);
    assert_eq!(store.local("moved").unwrap().as_deref(), Some(b"1".as_ref()));
    let acceptors = store.export_acceptors(TABLE, TokenRange::FULL, None, usize::MAX).unwrap();
    assert_eq!(acceptors.rows, [(Bytes::from(prefix(2)), Bytes::from_static(b"state"))]);
    assert_eq!(store.find_in_ranges(TABLE, &[only(1), only(3)]), Ok(KeyRemoval::default()), "nothing is left");
    assert_eq!(store.export_page(TABLE, TokenRange::FULL, None, usize::MAX).unwrap().rows.len(), 3);
}

#[test]
fn what_was_queued_before_a_removal_goes_and_what_comes_later_stays() {
    let (store, _) = open();
    apply(&store, SyncMode::Synced, &[write(1, 1, 5, "old")]);
    let removal = store.find_in_ranges(TABLE, &[TokenRange::FULL]).unwrap();
    assert_eq!(store.submit(&write(1, 2, 5, "before"), 1), Ok(true));
    assert_eq!(store.submit_removal(removal, [], 2), Ok(false));
    assert_eq!(store.submit(&write(1, 3, 1, "later"), 3), Ok(false));
    assert_eq!(turns(&store), [(1, Ok(())), (2, Ok(())), (3, Ok(()))]);
    assert_eq!(clusterings(&store, partition(1, false), 9).0, [3]);
    assert_eq!(store.check(), Ok(()));
}

#[test]
fn what_was_read_before_a_removal_is_not_written_back() {
    let (store, engine) = open();
    let expiring = |c| {
        let key = key(1, c);
        let value = Bytes::from_static(b"v");
        let kind = CellKind::Expiring { value, ttl: 1, expires: 5 };
        let cell = Cell { column: VALUE, path: Bytes::new(), timestamp: 1, kind };
        let mut out = Vec::new();
        encode_row(key.bytes(), &Row { marker: None, deletion: None, cells: vec![cell] }, &mut out);
        Mutation::single(WriteId::of_repair(1), key.to_bytes(), out.into())
    };
    apply(&store, SyncMode::Synced, &[expiring(1), write(1, 1, 0, "x")]);
    let mut sweep = Sweep::new(TABLE, 20);
    let Ok(SweepStep::Found(replacement)) = store.sweep(&mut sweep) else { panic!("a value has expired") };
    let removal = store.find_in_ranges(TABLE, &[TokenRange::FULL]).unwrap();
    assert!(write_synced(&store, |store, ticket| store.submit_removal(removal, [], ticket)));
    store.replace(replacement, 9).unwrap();
    assert_eq!(turns(&store), [(9, Err(WriteError::Changed))]);
    assert_eq!(engine.figures().live_data_bytes, 0);
}

#[test]
fn a_failed_removal_says_so() {
    let (store, engine) = open();
    apply(&store, SyncMode::Synced, &[write(1, 1, 5, "a")]);
    let removal = store.find_in_ranges(TABLE, &[TokenRange::FULL]).unwrap();
    engine.set_faults(ModelFaults { full: true, ..ModelFaults::default() }, Random::new(1));
    store.submit_removal(removal, [], 2).unwrap();
    assert_eq!(turns(&store), [(2, Err(WriteError::Full))]);
}

#[test]
fn acceptors_are_exported_in_pages_and_a_damaged_one_is_an_error() {
    let (store, engine) = open();
    let prefix = |k: i32| key(k, 1).bytes()[..Key::partition(key(k, 1).bytes()).unwrap()].to_vec();
    for k in 0..10 {
        assert!(write_synced(&store, |store, ticket| store.submit_acceptor(&prefix(k), b"state", None, ticket)));
    }
    let (mut after, mut seen) = (None, 0);
    loop {
        let page = store.export_acceptors(TABLE, TokenRange::FULL, after.as_ref(), 60).unwrap();
        seen += page.rows.len();
        assert!(page.rows.len() < 4);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, 10);
    assert!(engine.corrupt(Family::Paxos, &prefix(4)));
    assert!(store.export_acceptors(TABLE, TokenRange::FULL, None, usize::MAX).is_err());
    assert_eq!(store.export_acceptors(TABLE, only(5), None, usize::MAX).unwrap().rows.len(), 1);
}

#[test]
fn late_writes_wait_until_fences_are_known() {
    let (store, _) = open();
    let at = |issued| Mutation { id: WriteId::of_repair(issued), ..write(1, 1, 1, "v") };
    store.hold_late_writes(BTreeSet::from([TABLE]), 100);
    assert_eq!(store.submit(&at(99), 1), Err(WriteError::Stalled));
    assert_eq!(store.submit(&at(100), 1), Ok(true));
    turns(&store);
    store.raise_fence(TABLE, 50).unwrap();
    store.hold_late_writes(BTreeSet::new(), 0);
    assert_eq!(store.fences(), BTreeMap::from([(TABLE, 50)]));
    assert_eq!(store.submit(&at(49), 1), Err(WriteError::Fenced));
    assert_eq!(store.submit(&at(50), 1), Ok(true));
}
