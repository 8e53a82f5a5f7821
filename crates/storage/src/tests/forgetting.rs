//! Tables that are gone, and sweeps that meet writers.

use super::*;
use crate::{Engine, Flow, Outcomes, ScanRange, Sweep, SweepStep};

fn turn(store: &Store) -> Outcomes {
    let mut done = Outcomes::new();
    while store.turn(SyncMode::Synced, &mut done) {}
    done
}

#[test]
fn rows_of_unknown_tables_are_removed_and_no_others() {
    let (store, _) = open();
    let other = StorageId(TABLE.0 + 1);
    store.set_tables(BTreeMap::from([(TABLE, Family::Rows), (other, Family::Timed)]));
    let mut of_other = table();
    Arc::get_mut(&mut of_other).unwrap().storage_id = other;
    let partition_key = PartitionKey::from_components(&[&1i32.to_be_bytes()]).unwrap();
    let gone = Key::row(&of_other, &partition_key, &[&1i32.to_be_bytes()]).unwrap();
    let dead = Key::partition_tombstone(&Key::partition_prefix(&of_other, &partition_key));
    let writes = [
        write(1, 1, 1, "stays"),
        Mutation::single(WriteId::of_repair(1), gone.to_bytes(), row(&gone, 1, "goes")),
        tombstone_at(&dead, 1),
    ];
    apply(&store, SyncMode::Synced, &writes);
    assert_eq!(store.remove_strays(), Ok(0));
    store.set_tables(BTreeMap::from([(TABLE, Family::Rows)]));
    assert_eq!(store.remove_strays(), Ok(1));
    assert_eq!(store.remove_strays(), Ok(0));
    assert_eq!(clusterings(&store, partition(1, false), 9).0, [1]);
}

#[test]
fn facts_about_tables_that_are_gone_go_too() {
    let (store, engine) = open();
    let prefix = Key::partition_prefix(&table(), &PartitionKey::from_components(&[&1i32.to_be_bytes()]).unwrap());
    apply(&store, SyncMode::Synced, &[tombstone_at(&Key::partition_tombstone(&prefix), 10)]);
    store.raise_fence(TABLE, 100).unwrap();
    store.raise_ballot_fence(TABLE, 100).unwrap();
    let facts = || {
        let (all, mut count) = (ScanRange { family: Family::Local, start: &[], end: &[], reversed: false }, 0);
        engine
            .scan(&all, Tier::Disk, &mut |_, _| {
                count += 1;
                Flow::Continue
            })
            .unwrap();
        count
    };
    assert_eq!(facts(), 3);
    store.remove_strays().unwrap();
    assert_eq!((facts(), store.refuses_ballot(TABLE, 99)), (3, Some(100)), "the table is there");
    store.set_tables::<Family>(BTreeMap::new());
    store.remove_strays().unwrap();
    for store in [&store, &store_over(&engine)] {
        assert_eq!((facts(), store.refuses_ballot(TABLE, 99)), (0, None));
        assert!(store.fences().is_empty());
    }
}

#[test]
fn a_table_made_while_others_are_removed_keeps_its_rows() {
    let (store, engine) = open();
    let (gone, made) = (TABLE, StorageId(TABLE.0 + 1));
    let row_of = |id| {
        let mut table = table();
        Arc::get_mut(&mut table).unwrap().storage_id = id;
        let partition_key = PartitionKey::from_components(&[&1i32.to_be_bytes()]).unwrap();
        let key = Key::row(&table, &partition_key, &[&1i32.to_be_bytes()]).unwrap();
        Mutation::single(WriteId::of_repair(1), key.to_bytes(), row(&key, 1, "v"))
    };
    apply(&store, SyncMode::Synced, &[row_of(gone)]);
    store.set_tables::<Family>(BTreeMap::new());
    let known = |table| {
        if table == gone {
            store.set_tables(BTreeMap::from([(made, Family::Rows)]));
            apply(&store, SyncMode::Synced, &[row_of(made)]);
        }
        store.holds_rows(table).is_ok()
    };
    assert_eq!(crate::strays::remove(&*engine, known), Ok(1));
    assert_eq!(store.holds_rows(made), Ok(true));
}

fn tombstone_at(key: &Key, seconds: i64) -> Mutation {
    let deletion = henge_model::Deletion { timestamp: 5, local_seconds: seconds };
    let mut out = Vec::new();
    encode_row(key.bytes(), &Row { deletion: Some(deletion), ..Row::default() }, &mut out);
    Mutation::single(WriteId::of_repair(1), key.to_bytes(), out.into())
}

#[test]
fn a_partition_that_is_written_meanwhile_is_left_alone() {
    let (store, _) = open();
    let prefix = Key::partition_prefix(&table(), &PartitionKey::from_components(&[&1i32.to_be_bytes()]).unwrap());
    apply(&store, SyncMode::Synced, &[write(1, 1, 1, "covered"), tombstone_at(&Key::partition_tombstone(&prefix), 10)]);
    let mut sweep = Sweep::new(TABLE, 20);
    let Ok(SweepStep::Found(replacement)) = store.sweep(&mut sweep) else { panic!("there is a tombstone to forget") };
    apply(&store, SyncMode::Synced, &[write(1, 2, 1, "late, and covered too")]);
    store.replace(replacement, 7).unwrap();
    assert_eq!(turn(&store), [(7, Err(WriteError::Changed))]);
    sweep.skip_partition();
    assert!(matches!(store.sweep(&mut sweep), Ok(SweepStep::End)));
    assert_eq!(clusterings(&store, partition(1, false), 9).0, Vec::<i32>::new(), "the tombstone is still there");
}

#[test]
fn a_fence_outlives_a_restart_and_never_sinks() {
    let (store, engine) = open();
    let at = |issued| Mutation { id: WriteId::of_repair(issued), ..write(1, 1, 1, "v") };
    store.raise_fence(TABLE, 100).unwrap();
    store.raise_fence(TABLE, 50).unwrap();
    for store in [store, store_over(&engine)] {
        assert_eq!(store.submit(&at(99), 1), Err(WriteError::Fenced));
        assert!(store.submit(&at(100), 1).is_ok());
        turn(&store);
    }
}

#[test]
fn a_large_partition_is_gone_through_in_parts() {
    let (store, engine) = open();
    let text = "x".repeat(60_000);
    let rows: Vec<Mutation> = (0..200).map(|c| write(1, c, 1, &text)).collect();
    for part in rows.chunks(20) {
        apply(&store, SyncMode::Synced, part);
    }
    let prefix = Key::partition_prefix(&table(), &PartitionKey::from_components(&[&1i32.to_be_bytes()]).unwrap());
    apply(&store, SyncMode::Synced, &[tombstone_at(&Key::partition_tombstone(&prefix), 10)]);
    let mut sweep = Sweep::new(TABLE, 20);
    let mut steps = 0;
    loop {
        match store.sweep(&mut sweep).unwrap() {
            SweepStep::Found(replacement) => {
                store.replace(replacement, 7).unwrap();
                assert_eq!(turn(&store), [(7, Ok(()))]);
                steps += 1;
            }
            SweepStep::Nothing => {}
            SweepStep::End => break,
        }
    }
    assert!(steps > 1, "12 MB in one step");
    assert!(crate::Engine::figures(&*engine).live_data_bytes < 1_000, "rows or tombstones are left");
}
