//! Rows that are written again and again.

use super::*;
use crate::{Engine, FOLD_AT_VERSIONS};

fn read(store: &Store, key: &Key) -> MemoryOutcome {
    let command = command(KeyRange::One(key.clone()), 1);
    store.try_read(&command, &projection(), &mut Rows::new(2)).unwrap()
}

fn is_piled(engine: &ModelEngine, key: &Key) -> bool {
    engine.try_get(Family::Rows, key.bytes(), &mut |_| ()) == Ok(MemoryOutcome::Piled)
}

#[test]
fn a_read_of_many_versions_has_them_folded() {
    let (store, engine) = open();
    for n in 0..=FOLD_AT_VERSIONS as i64 {
        apply(&store, SyncMode::Synced, &[write(1, 1, n, &n.to_string()), write(1, 2, n, "other")]);
    }
    assert!(!store.claim_folds(), "nobody has read anything");
    assert_eq!(read(&store, &key(1, 1)), MemoryOutcome::Done);
    assert_eq!(read(&store, &key(1, 1)), MemoryOutcome::Done);
    assert!(store.claim_folds(), "one reader has to take turns");
    assert!(!store.claim_folds());
    let before = store.read_block(&command(partition(1, false), 10), Tier::Disk, 1 << 20).unwrap();
    assert!(!store.turn(SyncMode::Synced, &mut Vec::new()));
    assert!(!is_piled(&engine, &key(1, 1)), "folded");
    assert!(is_piled(&engine, &key(1, 2)), "nobody asked for this one");
    assert_eq!(store.read_block(&command(partition(1, false), 10), Tier::Disk, 1 << 20).unwrap(), before);
}

#[test]
fn a_fold_and_a_write_of_one_batch_leave_the_write() {
    let (store, engine) = open();
    for n in 0..=FOLD_AT_VERSIONS as i64 {
        apply(&store, SyncMode::Synced, &[write(1, 1, n, "old")]);
    }
    read(&store, &key(1, 1));
    assert_eq!(store.submit(&write(1, 1, 100, "new"), 7), Ok(true));
    assert!(!store.claim_folds(), "the writer takes it along");
    let mut done = Vec::new();
    assert!(!store.turn(SyncMode::Unsynced, &mut done));
    assert_eq!(done, [(7, Ok(()))]);
    let mut value = None;
    engine.get(Family::Rows, key(1, 1).bytes(), &mut |found| value = found.map(Bytes::copy_from_slice)).unwrap();
    assert_eq!(value, Some(row(&key(1, 1), 100, "new")));
}

#[test]
fn a_damaged_row_is_not_folded() {
    let (store, engine) = open();
    for n in 0..=FOLD_AT_VERSIONS as i64 {
        apply(&store, SyncMode::Synced, &[write(1, 1, n, "v")]);
    }
    read(&store, &key(1, 1));
    assert!(engine.corrupt(Family::Rows, key(1, 1).bytes()));
    let stored = || {
        let mut value = None;
        engine.get(Family::Rows, key(1, 1).bytes(), &mut |found| value = found.map(Bytes::copy_from_slice)).unwrap();
        value
    };
    let before = stored();
    assert!(store.claim_folds());
    assert!(!store.turn(SyncMode::Synced, &mut Vec::new()));
    assert_eq!(stored(), before);
}
