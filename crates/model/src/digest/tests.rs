//! Digests are equal exactly where content is.

use super::*;
use crate::sample::{KEY, encode_sample, live, row};
use crate::{Cell, CellKind, ColumnId, Deletion, Row};
use henge_base::Bytes;
use proptest::prelude::*;

const NOW: i64 = 12;

fn digest(rows: &[Row], columns: &Columns, purge_before: i64) -> Digest {
    let mut digester = Digester::new(NOW, purge_before);
    for row in rows {
        digester.row(KEY, &RowView::parse(KEY, &encode_sample(row)).unwrap(), columns);
    }
    digester.finish()
}

/// The content of a row at `NOW`, found by other means than the digester's: all dead parts are made alike.
fn content(row: &Row, purge_before: i64) -> Row {
    let mut row = row.clone();
    let dead = |expires: i64| expires <= NOW;
    row.marker = row.marker.filter(|m| m.expiry.is_none_or(|(_, at)| at >= purge_before));
    if let Some(marker) = &mut row.marker {
        marker.expiry = marker.expiry.map(|(ttl, at)| if dead(at) { (0, 0) } else { (ttl, at) });
    }
    row.deletion = row.deletion.filter(|d| d.local_seconds >= purge_before);
    row.deletion = row.deletion.map(|d| Deletion { local_seconds: 0, ..d });
    row.cells.retain(|cell| !cell.view().is_purgeable(purge_before));
    for cell in &mut row.cells {
        cell.kind = match cell.kind.clone() {
            CellKind::Expiring { expires, .. } if dead(expires) => CellKind::Tombstone { local_seconds: 0 },
            CellKind::Tombstone { .. } => CellKind::Tombstone { local_seconds: 0 },
            CellKind::ComplexDeletion { .. } => CellKind::ComplexDeletion { local_seconds: 0 },
            other => other,
        };
    }
    row
}

#[test]
fn an_expired_value_is_a_deletion_of_its_timestamp() {
    let cell = |kind| Cell { column: ColumnId(1), path: Bytes::new(), timestamp: 5, kind };
    let row = |kind| Row { cells: vec![cell(kind)], ..Row::default() };
    let expired = |value: &'static [u8]| CellKind::Expiring { value: Bytes::from_static(value), ttl: 3, expires: NOW };
    let of = |kind| digest(&[row(kind)], &Columns::All, 0);
    assert_eq!(of(expired(b"value")), of(expired(b"")));
    assert_eq!(of(expired(b"value")), of(CellKind::Tombstone { local_seconds: 3 }));
    assert_ne!(of(expired(b"value")), of(CellKind::Live { value: Bytes::new() }));
}

#[test]
fn rows_of_which_nothing_is_left_do_not_count() {
    let gone = Row { deletion: Some(Deletion { timestamp: 5, local_seconds: 9 }), ..Row::default() };
    let other = Row { cells: vec![live(2, 1, b"x")], ..Row::default() };
    let columns = Columns::Some(vec![ColumnId(1)]);
    assert_eq!(digest(&[gone.clone(), other.clone(), Row::default()], &columns, 10), digest(&[], &columns, 10));
    assert_ne!(digest(&[gone], &columns, 9), digest(&[], &columns, 9));
    assert_ne!(digest(&[other], &Columns::All, 9), digest(&[], &Columns::All, 9));
}

proptest! {
    #[test]
    fn equal_exactly_if_content_is(a in row(), b in row(), purge_before in 9..=NOW) {
        let same = content(&a, purge_before) == content(&b, purge_before);
        let digests = [&a, &b].map(|row| digest(std::slice::from_ref(row), &Columns::All, purge_before));
        prop_assert_eq!(digests[0] == digests[1], same);
        let stripped = content(&a, purge_before);
        // A dead part's stand-in has local time 0, which must not count as purged.
        prop_assert!(stripped.is_empty() || digest(&[a], &Columns::All, purge_before) == digest_kept(&stripped));
    }
}

fn digest_kept(row: &Row) -> Digest {
    digest(std::slice::from_ref(row), &Columns::All, i64::MIN)
}

#[test]
fn a_stored_row_hashes_the_same_before_and_after_a_purge_and_does_not_change_with_time() {
    let hash = |row: &Row, purge_before| {
        let bytes = encode_sample(row);
        Digester::of_stored(purge_before).stored_row(KEY, &RowView::parse(KEY, &bytes).unwrap())
    };
    let expiring = CellKind::Expiring { value: Bytes::from_static(b"v"), ttl: 3, expires: 12 };
    let cell = Cell { column: ColumnId(2), path: Bytes::new(), timestamp: 5, kind: expiring };
    let kept = Row { cells: vec![live(1, 5, b"x"), cell.clone()], ..Row::default() };
    let full = Row { deletion: Some(Deletion { timestamp: 4, local_seconds: 9 }), ..kept.clone() };
    let (purged, present) = (hash(&kept, 10).unwrap(), hash(&full, 10).unwrap());
    assert_eq!(purged.hash, present.hash);
    assert_eq!((present.oldest_kept, present.newest_left_out), (12, 9));
    assert_eq!((purged.oldest_kept, purged.newest_left_out), (12, i64::MIN));
    assert_ne!(hash(&full, 9).unwrap().hash, present.hash);
    assert_ne!(hash(&kept, 13).unwrap().hash, present.hash);
    assert_eq!(hash(&Row::default(), 10), None);
    let gone = hash(&Row { cells: vec![cell], ..Row::default() }, 13).unwrap();
    assert_eq!((gone.hash, gone.newest_left_out), (0, 12));
}
