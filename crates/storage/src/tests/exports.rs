//! Pages of a range of the ring, for peers.

use super::*;
use crate::{ExportCursor, ExportPage, ReadAllowance};
use henge_model::{Deletion, KeyKind, TokenRange};

/// All pages of a range.
fn export(store: &Store, storage: StorageId, tokens: TokenRange, bytes_max: usize) -> Vec<ExportPage> {
    let (mut pages, mut after) = (Vec::new(), None::<ExportCursor>);
    loop {
        let page = store.export_page(storage, tokens, after.as_ref(), bytes_max).unwrap();
        after.clone_from(&page.next);
        pages.push(page);
        if after.is_none() {
            return pages;
        }
    }
}

fn keys_of(pages: &[ExportPage]) -> Vec<Bytes> {
    pages.iter().flat_map(|page| page.rows.iter().map(|(key, _)| key.clone())).collect()
}

fn deletion(key: Key, timestamp: i64) -> Mutation {
    let mut out = Vec::new();
    let deletion = Some(Deletion { timestamp, local_seconds: 1 });
    encode_row(key.bytes(), &Row { deletion, ..Row::default() }, &mut out);
    Mutation::single(WriteId::of_repair(1), key.to_bytes(), out.into())
}

fn prefix(k: i32) -> Vec<u8> {
    Key::partition_prefix(&table(), &PartitionKey::from_components(&[&k.to_be_bytes()]).unwrap())
}

fn token(k: i32) -> Token {
    Key::token(&prefix(k)).unwrap()
}

/// Twenty partitions of ten rows, every other with a tombstone of its own, every third with one of a range.
fn fill(store: &Store) {
    for k in 0..20 {
        let mut writes: Vec<Mutation> = (0..10).map(|c| write(k, c, 5, "value")).collect();
        if k % 2 == 0 {
            writes.push(deletion(Key::partition_tombstone(&prefix(k)), 2));
        }
        if k % 3 == 0 {
            let range = Key::range_tombstone(key(k, 3).bytes(), key(k, 6).bytes()).unwrap();
            writes.push(deletion(range, 3));
        }
        apply(store, SyncMode::Synced, &writes);
    }
}

#[test]
fn pages_of_any_size_hold_all_rows_and_tombstones_once_and_in_order() {
    let (store, _) = open();
    fill(&store);
    let whole = export(&store, TABLE, TokenRange::FULL, usize::MAX);
    assert_eq!(whole.len(), 1);
    let expected = keys_of(&whole);
    let of_kind = |kind| expected.iter().filter(|key| Key::kind(key) == Some(kind)).count();
    assert_eq!((of_kind(KeyKind::Row), of_kind(KeyKind::RangeTombstone)), (200, 7));
    // One of each partition with a tombstone of its own, and one that tells of ranges.
    assert_eq!(of_kind(KeyKind::PartitionTombstone), 10 + 3);
    assert!(expected.is_sorted());
    for bytes_max in [0, 1, 60, 100, 333, 1_000, 5_000] {
        let pages = export(&store, TABLE, TokenRange::FULL, bytes_max);
        assert_eq!(keys_of(&pages), expected, "{bytes_max}");
        assert!(pages.iter().all(|page| page.rows.len() == 1 || page.bytes() <= bytes_max), "{bytes_max}");
    }
}

#[test]
fn a_page_holds_what_lies_in_its_range_also_where_that_wraps() {
    let (store, _) = open();
    fill(&store);
    let mut tokens: Vec<Token> = (0..20).map(token).collect();
    tokens.sort_unstable();
    for (from, to) in [(0, 19), (3, 4), (5, 12), (12, 5), (19, 0), (7, 7)] {
        let range = TokenRange { start: tokens[from], end: tokens[to] };
        let expected: Vec<Bytes> = keys_of(&export(&store, TABLE, TokenRange::FULL, usize::MAX))
            .into_iter()
            .filter(|key| range.contains(Key::token(key).unwrap()))
            .collect();
        for bytes_max in [1, 500, usize::MAX] {
            assert_eq!(keys_of(&export(&store, TABLE, range, bytes_max)), expected, "{range:?} {bytes_max}");
        }
    }
}

#[test]
fn a_table_with_time_windows_is_exported_from_its_own_family() {
    let (store, _) = open();
    store.set_tables(BTreeMap::from([(TABLE, Family::Timed)]));
    fill(&store);
    assert_eq!(keys_of(&export(&store, TABLE, TokenRange::FULL, 400)).len(), 200 + 7 + 13);
}

#[test]
fn rows_are_merged_and_those_of_damaged_bytes_are_kept() {
    let (store, engine) = open();
    apply(&store, SyncMode::Synced, &[write(1, 1, 1, "old"), write(1, 2, 1, "b")]);
    apply(&store, SyncMode::Synced, &[write(1, 1, 2, "new")]);
    assert!(engine.corrupt(Family::Rows, key(1, 2).bytes()));
    let page = store.export_page(TABLE, TokenRange::FULL, None, usize::MAX).unwrap();
    assert_eq!(page.rows.len(), 2);
    assert_eq!(RowView::parse(&page.rows[0].0, &page.rows[0].1).unwrap().newest(), 2);
    assert!(RowView::parse(&page.rows[1].0, &page.rows[1].1).is_err());
    assert_eq!(store.export_page(StorageId(9), TokenRange::FULL, None, 1), Err(ReadError::UnknownTable));
}

#[test]
fn what_a_range_takes_is_estimated() {
    let (store, _) = open();
    fill(&store);
    let exported = |tokens| export(&store, TABLE, tokens, 1 << 20).iter().map(|page| page.bytes() as u64).sum::<u64>();
    let ranges = [
        TokenRange::FULL,
        TokenRange { start: token(3), end: token(7) },
        TokenRange { start: token(7), end: token(3) },
    ];
    let sizes = store.range_sizes(TABLE, &ranges, &mut ReadAllowance::default()).unwrap();
    assert_eq!(sizes, ranges.map(exported));
    assert_eq!(sizes[0], sizes[1] + sizes[2]);
    // More than is read: the engine tells the rest, and this one compresses nothing.
    let text = "v".repeat(1_000);
    for k in 0..20 {
        let rows: Vec<Mutation> = (0..40).map(|c| write(k, c, 9, &text)).collect();
        apply(&store, SyncMode::Synced, &rows);
    }
    let sizes = store.range_sizes(TABLE, &ranges[..1], &mut ReadAllowance::default()).unwrap();
    let all = exported(TokenRange::FULL);
    assert!(sizes[0] >= all / 2 && sizes[0] <= 3 * all, "{sizes:?} of {all}");
}
