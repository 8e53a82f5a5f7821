//! Reads by an index compared with reads of everything.

use super::*;
use crate::{Flow, IndexBuild, IndexSweep, ScanRange, StoredTable};
use henge_model::{Deletion, Index, IndexId, IndexKind, IndexedPart, Probe, Terms};

const INDEX: IndexId = IndexId(4);
const VALUES: [&str; 4] = ["a", "b", "c", "bb"];

fn index() -> Index {
    Index { id: INDEX, name: "i".to_owned(), column: VALUE, part: IndexedPart::Value, kind: IndexKind::Plain }
}

fn indexed_table() -> Arc<Table> {
    Arc::new(Table { indexes: vec![index()], ..Table::clone(&table()) })
}

fn know_index(store: &Store) {
    store.set_tables(BTreeMap::from([(TABLE, StoredTable { family: Family::Rows, indexed: Some(indexed_table()) })]));
}

fn term(value: &str) -> Bytes {
    index().term(&table(), value.as_bytes()).unwrap()
}

fn everything() -> KeyRange {
    let (start, end) = Key::table_range(TABLE, Token::MIN, Token::MIN);
    KeyRange::Run { start: start.into(), end: end.into(), reversed: false }
}

/// The keys of live rows that an answer holds, page by page.
fn keys(store: &Store, probe: Option<Terms>, limit: u32) -> Vec<Bytes> {
    let (mut keys, mut all) = (everything(), Vec::new());
    loop {
        let probe = probe.clone().map(|terms| Probe { index: INDEX, whole_partitions: false, terms });
        let command = ReadCommand { probe, ..command(keys.clone(), limit) };
        let block = store.read_block(&command, Tier::Disk, 1 << 20).unwrap().unwrap();
        let live = |row: &Bytes| RowView::parse_trusted(row).unwrap().is_live(0);
        all.extend(block.rows.iter().filter(|(_, row)| live(row)).map(|(key, _)| key.clone()));
        let (Some((last, _)), KeyRange::Run { start, .. }) = (block.rows.last(), &mut keys) else { return all };
        if !block.more {
            return all;
        }
        *start = [last, &[0][..]].concat().into();
    }
}

/// The rows with a value, found by looking at every row.
fn scan_filtered(store: &Store, has: impl Fn(&[u8]) -> bool) -> Vec<Bytes> {
    let block = store.read_block(&command(everything(), u32::MAX), Tier::Disk, usize::MAX).unwrap().unwrap();
    let matches = |row: &Bytes| {
        let view = RowView::parse_trusted(row).unwrap();
        view.cells().any(|cell| cell.column == VALUE && cell.live_value(0).is_some_and(&has))
    };
    block.rows.iter().filter(|(_, row)| matches(row)).map(|(key, _)| key.clone()).collect()
}

fn entries(engine: &ModelEngine) -> usize {
    let mut count = 0;
    let all = ScanRange { family: Family::Index, start: &[], end: &[], reversed: false };
    crate::Engine::scan(engine, &all, Tier::Disk, &mut |_, _| {
        count += 1;
        Flow::Continue
    })
    .unwrap();
    count
}

fn settle(store: &Store) {
    let mut done = Vec::new();
    if store.claim_folds() {
        while store.turn(SyncMode::Synced, &mut done) {}
    }
}

fn deletion(random: &mut Random, timestamp: i64) -> Mutation {
    let deletion = Some(Deletion { timestamp, local_seconds: 1 });
    let at = key(random.below(3) as i32, random.below(6) as i32);
    let prefix = Key::partition(at.bytes()).unwrap();
    let key = match random.below(3) {
        0 => at,
        1 => Key::partition_tombstone(&at.bytes()[..prefix]),
        _ => Key::range_tombstone(at.bytes(), &Key::prefix_end(&at.bytes()[..prefix])).unwrap(),
    };
    let mut out = Vec::new();
    encode_row(key.bytes(), &Row { deletion, ..Row::default() }, &mut out);
    Mutation::single(WriteId::of_repair(timestamp), key.to_bytes(), out.into())
}

#[test]
fn an_index_finds_what_a_read_of_everything_does() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let (store, engine) = open();
        know_index(&store);
        store.finish_index((TABLE, INDEX)).unwrap();
        for step in 0..60 {
            let timestamp = random.below(50) as i64;
            let value = VALUES[random.below(4) as usize];
            let (k, c) = (random.below(3) as i32, random.below(6) as i32);
            let write =
                if random.below(5) == 0 { deletion(&mut random, timestamp) } else { write(k, c, timestamp, value) };
            apply(&store, SyncMode::Unsynced, &[write]);
            if step % 7 != 0 {
                continue;
            }
            for value in VALUES {
                let found = keys(&store, Some(Terms::One(term(value))), 1 + random.below(4) as u32);
                assert_eq!(
                    found,
                    scan_filtered(&store, |v| v == value.as_bytes()),
                    "seed {seed}, step {step}, {value}"
                );
            }
            let between = Terms::from_bounds(Some(term("b")), Some(term("c")));
            let found = keys(&store, Some(between), 1 + random.below(4) as u32);
            assert_eq!(found, scan_filtered(&store, |v| v != b"a"), "seed {seed}, step {step}");
            settle(&store);
            assert_eq!(entries(&engine), scan_filtered(&store, |_| true).len(), "what says nothing is removed");
        }
    }
}

#[test]
fn rows_from_before_an_index_are_found_once_it_is_built() {
    let (store, engine) = open();
    let writes: Vec<Mutation> = (0..50).map(|i| write(i % 5, i, 1, VALUES[i as usize % 4])).collect();
    apply(&store, SyncMode::Unsynced, &writes);
    know_index(&store);
    let probe = Some(Probe { index: INDEX, whole_partitions: false, terms: Terms::One(term("a")) });
    let early = ReadCommand { probe, ..command(everything(), 9) };
    assert_eq!(store.read_block(&early, Tier::Disk, 1 << 20), Err(ReadError::NoIndex));
    assert_eq!(store.indexes_to_change(), (vec![(TABLE, INDEX)], vec![]));
    let mut build = IndexBuild::new((TABLE, INDEX));
    while let Some(found) = store.build_index(&mut build).unwrap() {
        if store.submit_entries(found, 0).unwrap() {
            while store.turn(SyncMode::Unsynced, &mut Vec::new()) {}
        }
    }
    store.finish_index((TABLE, INDEX)).unwrap();
    assert_eq!(keys(&store, Some(Terms::One(term("a"))), 4), scan_filtered(&store, |v| v == b"a"));
    let again = store_over(&engine);
    know_index(&again);
    assert_eq!(again.indexes_to_change(), (vec![], vec![]), "the fact outlives the process");
}

#[test]
fn entries_go_with_their_index_and_with_their_table() {
    let (store, engine) = open();
    know_index(&store);
    store.finish_index((TABLE, INDEX)).unwrap();
    apply(&store, SyncMode::Unsynced, &[write(1, 1, 1, "a"), write(1, 2, 1, "b")]);
    assert_eq!(entries(&engine), 2);
    store.set_tables(BTreeMap::from([(TABLE, Family::Rows)]));
    assert_eq!(store.indexes_to_change(), (vec![], vec![(TABLE, INDEX)]));
    store.remove_index((TABLE, INDEX)).unwrap();
    assert_eq!((entries(&engine), store.indexes_to_change()), (0, (vec![], vec![])));
    know_index(&store);
    apply(&store, SyncMode::Unsynced, &[write(1, 1, 2, "a")]);
    store.set_tables::<Family>(BTreeMap::new());
    store.remove_strays().unwrap();
    assert_eq!(entries(&engine), 0);
}

#[test]
fn a_sweep_removes_what_nobody_asks_for() {
    let (store, engine) = open();
    know_index(&store);
    for timestamp in 0..20 {
        apply(&store, SyncMode::Unsynced, &[write(1, 1, timestamp, &format!("v{timestamp}"))]);
    }
    assert_eq!(entries(&engine), 20);
    let mut sweep = IndexSweep::new((TABLE, INDEX));
    while store.sweep_index(&mut sweep).unwrap() {}
    settle(&store);
    assert_eq!(entries(&engine), 1);
}

#[test]
fn an_entry_written_meanwhile_is_not_removed() {
    let (store, engine) = open();
    know_index(&store);
    store.finish_index((TABLE, INDEX)).unwrap();
    apply(&store, SyncMode::Unsynced, &[write(1, 1, 1, "a"), write(1, 1, 2, "b")]);
    assert_eq!(keys(&store, Some(Terms::One(term("a"))), 9), Vec::<Bytes>::new());
    // The wish is there; now the value comes back before its turn.
    apply(&store, SyncMode::Unsynced, &[write(1, 1, 3, "a")]);
    settle(&store);
    assert_eq!(keys(&store, Some(Terms::One(term("a"))), 9).len(), 1);
    assert_eq!(entries(&engine), 2);
}

#[test]
fn several_keys_are_read_as_each_by_itself() {
    let (store, _) = open();
    apply(&store, SyncMode::Unsynced, &[write(1, 1, 1, "a"), write(1, 2, 1, "b"), write(2, 1, 1, "c")]);
    let mut wanted = [key(1, 1), key(2, 1), key(7, 7)].map(|key| key.to_bytes());
    wanted.sort();
    let many = command(KeyRange::Many(wanted.to_vec()), u32::MAX);
    let block = store.read_block(&many, Tier::Disk, 1 << 20).unwrap().unwrap();
    assert_eq!((block.rows.len(), block.more), (2, false));
    let cut = store.read_block(&many, Tier::Disk, 1).unwrap().unwrap();
    assert_eq!((cut.rows.len(), cut.more), (1, true));
}

#[test]
fn a_row_named_by_many_entries_is_found_by_any_of_them() {
    let (store, _) = open();
    know_index(&store);
    store.finish_index((TABLE, INDEX)).unwrap();
    for timestamp in 0..200 {
        apply(&store, SyncMode::Unsynced, &[write(1, 1, timestamp, &format!("v{:03}", timestamp * 7 % 200))]);
    }
    apply(&store, SyncMode::Unsynced, &[write(1, 2, 1, "v050"), write(2, 1, 1, "v151")]);
    let all = Terms::from_bounds(Some(term("v")), Some(term("w")));
    assert_eq!(keys(&store, Some(all), 1).len(), 3);
    let upper = Terms::from_bounds(Some(term("v150")), Some(term("w")));
    assert_eq!(keys(&store, Some(upper), 1), scan_filtered(&store, |v| v >= &b"v150"[..]));
}

#[test]
fn an_index_dropped_while_it_was_being_built_leaves_nothing() {
    let (store, engine) = open();
    know_index(&store);
    store.begin_index((TABLE, INDEX)).unwrap();
    apply(&store, SyncMode::Unsynced, &[write(1, 1, 1, "a")]);
    let again = store_over(&engine);
    again.set_tables(BTreeMap::from([(TABLE, Family::Rows)]));
    assert!(!again.is_built((TABLE, INDEX)));
    assert_eq!(again.indexes_to_change(), (vec![], vec![(TABLE, INDEX)]), "what was begun outlives the process");
    again.remove_index((TABLE, INDEX)).unwrap();
    assert_eq!((entries(&engine), again.indexes_to_change()), (0, (vec![], vec![])));
}
