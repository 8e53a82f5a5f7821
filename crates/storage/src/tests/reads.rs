//! Reads of runs: where they stop, and what they leave out.

use super::*;
use henge_model::{Digest, Strip, strip_row};

#[test]
fn rows_of_which_nothing_is_left_do_not_end_a_run() {
    let (store, _) = open();
    let mut rows: Vec<Mutation> = (0..20).map(|c| tombstone(&key(1, c), 1, 10)).collect();
    rows.push(write(1, 99, 1, "alive"));
    apply(&store, SyncMode::Synced, &rows);
    let command = ReadCommand { purge_before: 50, now_seconds: 100, ..command(partition(1, false), 5) };
    let block = store.read_block(&command, Tier::Disk, 1).unwrap().unwrap();
    assert_eq!(block.rows.len(), 1, "an answer that stopped holds the row to go on from");
}

fn block(store: &Store, command: &ReadCommand, max_bytes: usize) -> henge_model::RowBlock {
    store.read_block(command, Tier::Disk, max_bytes).unwrap().unwrap()
}

#[test]
fn dead_rows_come_along_uncounted() {
    let (store, _) = open();
    let rows: Vec<Mutation> =
        (0..20).map(|c| if c % 2 == 0 { tombstone(&key(1, c), 1, 10) } else { write(1, c, 1, "v") }).collect();
    apply(&store, SyncMode::Synced, &rows);
    assert_eq!(clusterings(&store, partition(1, false), 3), ((0..6).collect(), true));
    assert_eq!(clusterings(&store, partition(1, true), 3), ((15..20).rev().collect(), true));
    assert_eq!(clusterings(&store, partition(1, false), 0), (vec![], false));
    let (mut forward, mut backward) = (Rows::new(2), Rows::new(2));
    store.try_read(&command(partition(1, false), 3), &projection(), &mut forward).unwrap();
    store.try_read(&command(partition(1, true), 3), &projection(), &mut backward).unwrap();
    let first = |rows: &Rows| rows.rows.iter().map(|r| r[0].as_ref().unwrap()[3]).collect::<Vec<u8>>();
    assert_eq!((first(&forward), first(&backward)), (vec![1, 3, 5], vec![19, 17, 15]));
}

#[test]
fn pages_put_together_are_the_whole_run() {
    let (store, _) = open();
    let rows: Vec<Mutation> = (0..40)
        .map(|c| if c % 3 == 0 { tombstone(&key(1, c), 1, i64::from(c)) } else { write(1, c, 1, "v") })
        .collect();
    apply(&store, SyncMode::Synced, &rows);
    for reversed in [false, true] {
        for (limit, max_bytes) in [(1, 1 << 20), (7, 1 << 20), (100, 1), (100, 150), (13, 1 << 20)] {
            let KeyRange::Run { mut start, mut end, .. } = partition(1, reversed) else { panic!("no run") };
            let purging = |keys, limit| ReadCommand { purge_before: 20, now_seconds: 100, ..command(keys, limit) };
            let whole = block(&store, &purging(partition(1, reversed), 100), 1 << 20);
            let mut pages = Vec::new();
            loop {
                let keys = KeyRange::Run { start: start.clone(), end: end.clone(), reversed };
                let page = block(&store, &purging(keys, limit), max_bytes);
                let last = page.rows.last().map(|(key, _)| key.clone());
                pages.extend(page.rows);
                match last {
                    Some(last) if page.more && reversed => end = last,
                    Some(last) if page.more => start = [&last[..], &[0]].concat().into(),
                    _ => break,
                }
            }
            assert_eq!(pages, whole.rows, "{reversed} {limit} {max_bytes}");
        }
    }
}

#[test]
fn what_was_purged_here_and_not_there_is_no_difference() {
    let (purged, _) = open();
    let (not_yet, _) = open();
    let alive: Vec<Mutation> = (0..10).map(|c| write(1, c * 2, 1, "v")).collect();
    apply(&purged, SyncMode::Synced, &alive);
    apply(&not_yet, SyncMode::Synced, &alive);
    let dead: Vec<Mutation> = (0..10).map(|c| tombstone(&key(1, c * 2 + 1), 1, 10)).collect();
    apply(&not_yet, SyncMode::Synced, &dead);
    // Cut by rows, by bytes, and not at all.
    for (limit, max_bytes) in [(4, 1 << 20), (99, 200), (99, 1 << 20)] {
        let command = ReadCommand { purge_before: 50, now_seconds: 100, ..command(partition(1, false), limit) };
        assert_eq!(block(&purged, &command, max_bytes), block(&not_yet, &command, max_bytes));
        let digest = |store: &Store| -> Option<Digest> { store.digest(&command, Tier::Disk, max_bytes).unwrap() };
        assert_eq!(digest(&purged), digest(&not_yet));
    }
}

#[test]
fn rows_answered_whole_are_what_stripping_gives() {
    let (store, _) = open();
    apply(&store, SyncMode::Synced, &[write(1, 1, 5, "v"), tombstone(&key(1, 2), 7, 10), tombstone(&key(1, 1), 2, 3)]);
    for purge_before in [i64::MIN, 5, 50] {
        let command = ReadCommand { purge_before, now_seconds: 100, ..command(partition(1, false), 99) };
        let mut expected = Vec::new();
        for c in [1, 2] {
            let whole = block(&store, &super::command(KeyRange::One(key(1, c)), 1), 1 << 20).rows.remove(0);
            let mut out = Vec::new();
            let view = RowView::parse(&whole.0, &whole.1).unwrap();
            if strip_row(&whole.0, &view, &Strip { columns: &Columns::All, purge_before, covered_by: None }, &mut out) {
                expected.push((whole.0, Bytes::from(out)));
            }
        }
        assert_eq!(block(&store, &command, 1 << 20).rows, expected, "{purge_before}");
    }
}

#[test]
fn columns_that_were_not_asked_for_do_not_count() {
    let (store, _) = open();
    let rows: Vec<Mutation> = (0..5).map(|c| write(1, c, 1, "v")).collect();
    apply(&store, SyncMode::Synced, &rows);
    let command = ReadCommand { columns: Columns::Some(vec![ColumnId(99)]), ..command(partition(1, false), 2) };
    let block = block(&store, &command, 1 << 20);
    assert_eq!((block.rows.len(), block.more), (0, false), "an answer without rows is a whole one");
}

#[test]
fn long_runs_and_static_rows_leave_memory_to_others() {
    let (store, _) = open();
    let text = "x".repeat(1_000);
    let rows: Vec<Mutation> = (0..300).map(|c| write(1, c, 1, &text)).collect();
    apply(&store, SyncMode::Synced, &rows);
    let mut sink = Rows::new(2);
    let mut read = |limit| {
        let tried = store.try_read(&command(partition(1, false), limit), &projection(), &mut sink).unwrap();
        (tried, sink.rows())
    };
    assert_eq!(read(50), (MemoryOutcome::Done, 50));
    assert_eq!(read(300), (MemoryOutcome::WouldBlock, 50));
    assert_eq!(store.read_block(&command(partition(1, false), 300), Tier::Memory, 1 << 20), Ok(None));
    assert_eq!(block(&store, &command(partition(1, false), 300), 1 << 20).rows.len(), 300);
    let with_statics = ReadCommand { statics: true, ..command(partition(1, false), 5) };
    assert_eq!(store.try_read(&with_statics, &projection(), &mut sink), Ok(MemoryOutcome::WouldBlock));
    assert_eq!(sink.rows(), 50);
}

#[test]
fn one_key_is_read_as_it_is_shown() {
    let (store, _) = open();
    apply(&store, SyncMode::Synced, &[write(1, 1, 1, "a"), tombstone(&key(1, 2), 1, 1)]);
    let mut sink = Rows::new(2);
    for c in [1, 2, 3] {
        assert_eq!(
            store.try_read(&command(KeyRange::One(key(1, c)), 1), &projection(), &mut sink),
            Ok(MemoryOutcome::Done)
        );
    }
    let shown = vec![Some(Bytes::from_static(&[0, 0, 0, 1])), Some(Bytes::from_static(b"a"))];
    assert_eq!(sink.rows, [shown]);
}
