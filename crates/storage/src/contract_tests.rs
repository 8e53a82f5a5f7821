//! The contract of every engine, as assertions: for the tests of this crate's model engine and of the crates that bring
//! another. It panics where a promise is broken, and is for tests alone.

use crate::{Batch, Engine, EngineError, Family, Flow, MemoryOutcome, Op, ScanEnd, ScanRange, SyncMode, Tier};
use henge_base::Bytes;
use henge_model::{Cell, CellKind, ColumnId, Deletion, Row, RowView, encode_row, merge_encoded};
use std::sync::Arc;

/// A family that merges, and one that does not.
const MERGING: Family = Family::Rows;
const PLAIN: Family = Family::Local;

/// Checks all promises, each on an engine of its own: `make` gives an empty one.
pub fn run(make: &dyn Fn() -> Arc<dyn Engine>) {
    let promises = [
        nothing_is_found_in_an_empty_engine,
        puts_replace_and_deletes_remove,
        versions_of_a_row_merge_in_any_order,
        a_deletion_covers_what_is_older,
        damage_is_kept_in_a_merge,
        a_batch_applies_in_order,
        families_are_apart,
        scans_keep_their_bounds,
        scans_stop_where_they_are_told,
        scans_see_merged_rows,
        a_snapshot_stands_still,
        what_was_written_is_in_memory,
        a_row_in_many_versions_says_so,
        a_range_is_removed_and_its_neighbours_stay,
        a_batch_removes_ranges_and_writes_to_them_again,
        sequence_numbers_grow,
        flushing_changes_nothing,
    ];
    for promise in promises {
        promise(&*make());
    }
}

fn nothing_is_found_in_an_empty_engine(engine: &dyn Engine) {
    for family in Family::ALL {
        assert_eq!(get(engine, family, b"absent"), None);
        assert_eq!(keys(engine, family, (b"", b""), false), none());
        assert_eq!(keys(engine, family, (b"", b""), true), none());
    }
    assert!(engine.write(&Batch::default(), SyncMode::Synced).is_ok(), "an empty batch is written");
}

fn puts_replace_and_deletes_remove(engine: &dyn Engine) {
    write(engine, [put(PLAIN, b"a", b"1"), put(PLAIN, b"b", b"2"), put(PLAIN, b"c", b"")]);
    write(engine, [put(PLAIN, b"a", b"3"), delete(PLAIN, b"b"), delete(PLAIN, b"absent")]);
    assert_eq!(get(engine, PLAIN, b"a"), Some(b"3".to_vec()));
    assert_eq!(get(engine, PLAIN, b"b"), None);
    assert_eq!(get(engine, PLAIN, b"c"), Some(Vec::new()), "an empty value is a value");
    assert_eq!(keys(engine, PLAIN, (b"", b""), false), [b"a".to_vec(), b"c".to_vec()]);
}

fn versions_of_a_row_merge_in_any_order(engine: &dyn Engine) {
    let versions = |key: &[u8]| [row(key, &[(1, 5, "new")]), row(key, &[(2, 3, "other")]), row(key, &[(1, 4, "old")])];
    for (n, order) in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].into_iter().enumerate() {
        for family in Family::ALL.into_iter().filter(|family| family.merges()) {
            let key = [b'k', n as u8];
            let versions = versions(&key);
            for i in order {
                write(engine, [merge(family, &key, &versions[i])]);
            }
            let expected = merge_encoded(&key, versions.iter().map(Vec::as_slice));
            assert_eq!(get(engine, family, &key), Some(expected.clone()), "{family:?} {order:?}");
            write(engine, [merge(family, &key, &versions[0])]);
            assert_eq!(get(engine, family, &key), Some(expected), "again is as once: {family:?} {order:?}");
        }
    }
    assert_eq!(timestamps(engine, &[b'k', 0]), [5, 3]);
}

fn a_deletion_covers_what_is_older(engine: &dyn Engine) {
    let mut deletion = Vec::new();
    let at = Deletion { timestamp: 4, local_seconds: 100 };
    encode_row(b"k", &Row { marker: None, deletion: Some(at), cells: Vec::new() }, &mut deletion);
    write(engine, [merge(MERGING, b"k", &row(b"k", &[(1, 4, "covered"), (2, 5, "not")]))]);
    write(engine, [merge(MERGING, b"k", &deletion)]);
    assert_eq!(timestamps(engine, b"k"), [5]);
    write(engine, [merge(MERGING, b"k", &row(b"k", &[(3, 3, "late, and covered")]))]);
    assert_eq!(timestamps(engine, b"k"), [5]);
}

fn damage_is_kept_in_a_merge(engine: &dyn Engine) {
    let good = row(b"k", &[(1, 1, "good")]);
    write(engine, [merge(MERGING, b"k", &good), merge(MERGING, b"k", b"no row at all")]);
    let expected = merge_encoded(b"k", [good.as_slice(), b"no row at all"].into_iter());
    assert_eq!(get(engine, MERGING, b"k"), Some(expected.clone()));
    assert!(RowView::parse(b"k", &expected).is_err(), "it is not mistaken for a row");
}

fn a_batch_applies_in_order(engine: &dyn Engine) {
    write(engine, [put(PLAIN, b"a", b"1"), delete(PLAIN, b"a"), put(PLAIN, b"a", b"2"), put(PLAIN, b"a", b"3")]);
    assert_eq!(get(engine, PLAIN, b"a"), Some(b"3".to_vec()));
    write(engine, [put(PLAIN, b"a", b"4"), delete(PLAIN, b"a")]);
    assert_eq!(get(engine, PLAIN, b"a"), None);
    let (old, new) = (row(b"k", &[(1, 1, "old")]), row(b"k", &[(1, 2, "new")]));
    write(engine, [merge(MERGING, b"k", &new), put(PLAIN, b"with it", b""), merge(MERGING, b"k", &old)]);
    assert_eq!(get(engine, MERGING, b"k"), Some(new), "two versions in one batch");
    assert_eq!(get(engine, PLAIN, b"with it"), Some(Vec::new()), "across families");
}

fn families_are_apart(engine: &dyn Engine) {
    let plain = Family::ALL.into_iter().filter(|family| !family.merges());
    write(engine, plain.clone().map(|family| put(family, b"k", family.name().as_bytes())));
    write(engine, [delete(PLAIN, b"k")]);
    for family in plain {
        let expected = (family != PLAIN).then(|| family.name().as_bytes().to_vec());
        assert_eq!(get(engine, family, b"k"), expected, "{family:?}");
    }
    let value = row(b"k", &[(1, 1, "timed")]);
    write(engine, [merge(Family::Timed, b"k", &value)]);
    assert_eq!(get(engine, Family::Timed, b"k"), Some(value));
    assert_eq!(get(engine, Family::Rows, b"k"), None);
    assert_eq!(keys(engine, Family::Tombstones, (b"", b""), false), none());
}

fn scans_keep_their_bounds(engine: &dyn Engine) {
    let all: [&[u8]; 7] = [b"\0", b"a", b"a\0", b"aa", b"b", b"\xff", b"\xff\xff"];
    // Written out of order, some of them twice.
    write(engine, all.iter().rev().chain(&all[2..4]).map(|key| put(PLAIN, key, b"v")));
    let bounds: [&[u8]; 10] = [b"", b"\0", b"\0\0", b"a", b"a\0", b"aa", b"ab", b"b", b"\xff", b"\xff\xff\xff"];
    for start in bounds {
        for end in bounds {
            let within = |key: &&&[u8]| **key >= start && (end.is_empty() || **key < end);
            let mut expected: Vec<Vec<u8>> = all.iter().filter(within).map(|key| key.to_vec()).collect();
            assert_eq!(keys(engine, PLAIN, (start, end), false), expected, "{start:?} to {end:?}");
            expected.reverse();
            assert_eq!(keys(engine, PLAIN, (start, end), true), expected, "{end:?} back to {start:?}");
        }
    }
}

fn scans_stop_where_they_are_told(engine: &dyn Engine) {
    write(engine, [b"a", b"b", b"c"].map(|key| put(PLAIN, key, b"v")));
    for (reversed, expected) in [(false, [b"a", b"b"]), (true, [b"c", b"b"])] {
        let range = ScanRange { family: PLAIN, start: b"", end: b"", reversed };
        let mut seen = Vec::new();
        let scanned = engine.scan(&range, Tier::Disk, &mut |key, _| {
            seen.push(key.to_vec());
            if seen.len() == 2 { Flow::Stop } else { Flow::Continue }
        });
        assert_eq!(scanned, Ok(ScanEnd::Stopped));
        assert_eq!(seen, expected);
    }
}

fn scans_see_merged_rows(engine: &dyn Engine) {
    let versions = |key: &[u8]| [row(key, &[(1, 1, "one")]), row(key, &[(2, 2, "two")])];
    for key in [b"a", b"b"] {
        write(engine, versions(key).map(|version| merge(MERGING, key, &version)));
    }
    let expected = [b"a", b"b"].map(|key| merge_encoded(key, versions(key).iter().map(Vec::as_slice)));
    for tier in [Tier::Memory, Tier::Disk] {
        let mut seen = Vec::new();
        let range = ScanRange { family: MERGING, start: b"a", end: b"c", reversed: false };
        let scanned = engine.scan(&range, tier, &mut |_, value| {
            seen.push(value.to_vec());
            Flow::Continue
        });
        assert_eq!((scanned, seen.as_slice()), (Ok(ScanEnd::Done), expected.as_slice()), "{tier:?}");
    }
}

fn a_snapshot_stands_still(engine: &dyn Engine) {
    let (old, new) = (row(b"k", &[(1, 1, "old")]), row(b"k", &[(1, 2, "new")]));
    write(engine, [put(PLAIN, b"a", b"1"), put(PLAIN, b"b", b"1"), merge(MERGING, b"k", &old)]);
    let view = engine.snapshot();
    write(engine, [put(PLAIN, b"a", b"2"), delete(PLAIN, b"b"), put(PLAIN, b"c", b"2"), merge(MERGING, b"k", &new)]);
    assert_eq!(engine.flush(), Ok(()));
    for (family, key, expected) in
        [(PLAIN, b"a", Some(b"1".to_vec())), (PLAIN, b"b", Some(b"1".to_vec())), (PLAIN, b"c", None)]
            .into_iter()
            .chain([(MERGING, b"k", Some(old))])
    {
        assert_eq!(once(|hit| view.get(family, key, hit)), Ok(expected), "{family:?} {key:?}");
    }
    for (reversed, expected) in [(false, [b"a", b"b"]), (true, [b"b", b"a"])] {
        let mut seen = Vec::new();
        let range = ScanRange { family: PLAIN, start: b"", end: b"", reversed };
        let scanned = view.scan(&range, &mut |key, _| {
            seen.push(key.to_vec());
            Flow::Continue
        });
        assert_eq!((scanned, seen.as_slice()), (Ok(ScanEnd::Done), expected.map(|k| k.to_vec()).as_slice()));
    }
    drop(view);
    assert_eq!(get(engine, MERGING, b"k"), Some(new));
    assert_eq!(keys(engine, PLAIN, (b"", b""), false), [b"a".to_vec(), b"c".to_vec()]);
}

fn what_was_written_is_in_memory(engine: &dyn Engine) {
    let value = row(b"k", &[(1, 1, "v")]);
    write(engine, [merge(MERGING, b"k", &value), put(PLAIN, b"a", b"1")]);
    for (family, key, expected) in [(MERGING, b"k", Some(value)), (PLAIN, b"a", Some(b"1".to_vec()))] {
        let (found, tried) = try_get(engine, family, key);
        assert_eq!((found, tried), (expected, Ok(MemoryOutcome::Done)), "{family:?}");
    }
    assert_eq!(try_get(engine, PLAIN, b"absent"), (None, Ok(MemoryOutcome::Done)));
}

fn a_row_in_many_versions_says_so(engine: &dyn Engine) {
    let versions: Vec<Vec<u8>> = (0..=crate::FOLD_AT_VERSIONS as i64).map(|n| row(b"k", &[(1, n, "v")])).collect();
    for version in &versions[1..] {
        write(engine, [merge(MERGING, b"k", version)]);
    }
    assert_eq!(try_get(engine, MERGING, b"k").1, Ok(MemoryOutcome::Done), "few enough");
    write(engine, [merge(MERGING, b"k", &versions[0])]);
    let (found, tried) = try_get(engine, MERGING, b"k");
    assert_eq!(tried, Ok(MemoryOutcome::Piled));
    let folded = found.unwrap_or_default();
    write(engine, [put(MERGING, b"k", &folded)]);
    assert_eq!(try_get(engine, MERGING, b"k"), (Some(folded), Ok(MemoryOutcome::Done)));
}

fn a_range_is_removed_and_its_neighbours_stay(engine: &dyn Engine) {
    let value = row(b"b1", &[(1, 1, "v")]);
    write(engine, [put(PLAIN, b"a", b"1"), put(PLAIN, b"b", b"1"), merge(MERGING, b"b1", &value)]);
    assert_eq!(engine.flush(), Ok(()));
    write(engine, [put(PLAIN, b"b2", b"1"), put(PLAIN, b"c", b"1"), merge(MERGING, b"b1", &value)]);
    assert_eq!(engine.remove(PLAIN, b"b", b"c"), Ok(()));
    assert_eq!(keys(engine, PLAIN, (b"", b""), false), [b"a".to_vec(), b"c".to_vec()]);
    assert_eq!(get(engine, PLAIN, b"b"), None);
    assert_eq!(get(engine, MERGING, b"b1"), Some(value), "another family");
    assert_eq!(engine.remove(MERGING, b"a", b"z"), Ok(()));
    assert_eq!(get(engine, MERGING, b"b1"), None);
}

fn a_batch_removes_ranges_and_writes_to_them_again(engine: &dyn Engine) {
    let (old, new) = (row(b"b", &[(1, 9, "old")]), row(b"b", &[(1, 2, "new")]));
    write(engine, [merge(MERGING, b"a", &row(b"a", &[(1, 1, "v")])), merge(MERGING, b"b", &old)]);
    assert_eq!(engine.flush(), Ok(()));
    write(
        engine,
        [merge(MERGING, b"b1", &row(b"b1", &[(1, 1, "v")])), put(PLAIN, b"b", b"1"), merge(MERGING, b"c", &new)],
    );
    let range = Op::DeleteRange { family: MERGING, start: Bytes::from_static(b"b"), end: Bytes::from_static(b"c") };
    write(engine, [range, merge(MERGING, b"b", &new), put(PLAIN, b"fact", b"")]);
    assert_eq!(get(engine, MERGING, b"b"), Some(new), "the old version is gone, though it is newer by its stamp");
    assert_eq!(keys(engine, MERGING, (b"", b""), false), [b"a".to_vec(), b"b".to_vec(), b"c".to_vec()]);
    assert_eq!(keys(engine, PLAIN, (b"", b""), false), [b"b".to_vec(), b"fact".to_vec()]);
    assert_eq!(engine.flush(), Ok(()));
    assert_eq!(keys(engine, MERGING, (b"", b""), true), [b"c".to_vec(), b"b".to_vec(), b"a".to_vec()]);
}

fn sequence_numbers_grow(engine: &dyn Engine) {
    let mut last = 0;
    for n in 0..10u8 {
        let sync = if n % 2 == 0 { SyncMode::Synced } else { SyncMode::Unsynced };
        let number = engine.write(&Batch { ops: vec![put(PLAIN, &[n], b"v")] }, sync).unwrap_or(0);
        assert!(number > last, "{number} after {last}");
        last = number;
    }
    assert_eq!(engine.sequence(), last);
    assert!(engine.sync().is_ok_and(|durable| durable >= last), "a sync covers what was written before it");
    assert_eq!(engine.durable(), last);
    write(engine, [put(PLAIN, b"more", b"v")]);
    assert!(engine.durable() == last && engine.sequence() > last, "what is not synced is not known to be on disk");
}

fn flushing_changes_nothing(engine: &dyn Engine) {
    let versions = [row(b"k", &[(1, 2, "new")]), row(b"k", &[(2, 1, "x")]), row(b"k", &[(1, 1, "old")])];
    let expected = merge_encoded(b"k", versions.iter().map(Vec::as_slice));
    for version in &versions {
        write(engine, [merge(MERGING, b"k", version), put(PLAIN, b"a", version), put(PLAIN, b"b", b"")]);
        assert_eq!(engine.flush(), Ok(()));
    }
    write(engine, [delete(PLAIN, b"b")]);
    assert_eq!(engine.flush(), Ok(()));
    assert_eq!(get(engine, MERGING, b"k"), Some(expected), "merged across files");
    assert_eq!(get(engine, PLAIN, b"a").as_ref(), versions.last());
    assert_eq!(keys(engine, PLAIN, (b"", b""), false), [b"a".to_vec()]);
}

fn put(family: Family, key: &[u8], value: &[u8]) -> Op {
    Op::Put { family, key: Bytes::copy_from_slice(key), value: Bytes::copy_from_slice(value) }
}

fn merge(family: Family, key: &[u8], value: &[u8]) -> Op {
    Op::Merge { family, key: Bytes::copy_from_slice(key), value: Bytes::copy_from_slice(value) }
}

fn delete(family: Family, key: &[u8]) -> Op {
    Op::Delete { family, key: Bytes::copy_from_slice(key) }
}

/// An encoded row of cells: column, timestamp and text.
fn row(key: &[u8], cells: &[(u32, i64, &'static str)]) -> Vec<u8> {
    let cell = |&(column, timestamp, text): &(u32, i64, &'static str)| {
        let kind = CellKind::Live { value: Bytes::from_static(text.as_bytes()) };
        Cell { column: ColumnId(column), path: Bytes::new(), timestamp, kind }
    };
    let mut out = Vec::new();
    encode_row(key, &Row { marker: None, deletion: None, cells: cells.iter().map(cell).collect() }, &mut out);
    out
}

fn write(engine: &dyn Engine, ops: impl IntoIterator<Item = Op>) {
    let written = engine.write(&Batch { ops: ops.into_iter().collect() }, SyncMode::Unsynced);
    assert!(written.is_ok(), "{written:?}");
}

/// The result of a read, which calls back exactly once.
fn once<T>(
    read: impl FnOnce(&mut dyn FnMut(Option<&[u8]>)) -> Result<T, EngineError>,
) -> Result<Option<Vec<u8>>, EngineError> {
    let (mut found, mut calls) = (None, 0);
    read(&mut |value| {
        (found, calls) = (value.map(<[u8]>::to_vec), calls + 1);
    })?;
    assert_eq!(calls, 1, "an answer is given once");
    Ok(found)
}

fn get(engine: &dyn Engine, family: Family, key: &[u8]) -> Option<Vec<u8>> {
    let found = once(|hit| engine.get(family, key, hit));
    assert!(found.is_ok(), "{family:?} {key:?}: {found:?}");
    found.ok().flatten()
}

fn try_get(engine: &dyn Engine, family: Family, key: &[u8]) -> (Option<Vec<u8>>, Result<MemoryOutcome, EngineError>) {
    let mut found = None;
    let tried = engine.try_get(family, key, &mut |value| found = value.map(<[u8]>::to_vec));
    (found, tried)
}

/// The timestamps of a row's cells, by column.
fn timestamps(engine: &dyn Engine, key: &[u8]) -> Vec<i64> {
    let value = get(engine, MERGING, key).unwrap_or_default();
    let row = RowView::parse(key, &value).map(|row| row.to_row());
    assert!(row.is_ok(), "{key:?} is no row");
    row.map(|row| row.cells.iter().map(|cell| cell.timestamp).collect()).unwrap_or_default()
}

fn keys(engine: &dyn Engine, family: Family, (start, end): (&[u8], &[u8]), reversed: bool) -> Vec<Vec<u8>> {
    let mut seen = Vec::new();
    let scanned = engine.scan(&ScanRange { family, start, end, reversed }, Tier::Disk, &mut |key, _| {
        seen.push(key.to_vec());
        Flow::Continue
    });
    assert_eq!(scanned, Ok(ScanEnd::Done), "{family:?} {start:?} {end:?}");
    seen
}

fn none() -> Vec<Vec<u8>> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use crate::{Engine, ModelEngine};
    use std::sync::Arc;

    #[test]
    fn the_model_keeps_the_contract() {
        super::run(&|| Arc::new(ModelEngine::new()) as Arc<dyn Engine>);
    }
}
