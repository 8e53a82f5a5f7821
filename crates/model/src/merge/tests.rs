//! The laws of merging, and the rules of Cassandra's reconciliation one by one.

use super::*;
use crate::sample::{KEY, encode_sample, live, loose_row, row};
use crate::{CellKind, ColumnId, Deletion, Marker};
use henge_base::Bytes;
use proptest::prelude::*;

fn merge_all(operands: &[&[u8]]) -> Vec<u8> {
    merge_encoded(KEY, operands.iter().copied())
}

fn cell(timestamp: i64, kind: CellKind) -> Cell {
    Cell { column: ColumnId(1), path: Bytes::new(), timestamp, kind }
}

fn expiring(timestamp: i64, value: &'static [u8], ttl: u32, expires: i64) -> Cell {
    cell(timestamp, CellKind::Expiring { value: Bytes::from_static(value), ttl, expires })
}

fn tombstone(timestamp: i64, local_seconds: i64) -> Cell {
    cell(timestamp, CellKind::Tombstone { local_seconds })
}

fn of(cells: Vec<Cell>) -> Row {
    Row { cells, ..Row::default() }
}

#[test]
fn each_version_beats_those_before_it() {
    let ladder = [
        live(1, 5, b"z"),
        live(1, 6, b""),
        live(1, 6, b"a"),
        live(1, 6, b"b"),
        expiring(6, b"z", 9, 100),
        expiring(6, b"a", 9, 101),
        expiring(6, b"b", 9, 101),
        expiring(6, b"b", 8, 101),
        tombstone(6, 50),
        tombstone(6, 51),
        live(1, 7, b""),
    ];
    for (i, loser) in ladder.iter().enumerate() {
        for winner in &ladder[i..] {
            let expected = of(vec![winner.clone()]);
            assert_eq!(merge_rows(&of(vec![loser.clone()]), &of(vec![winner.clone()])), expected);
            assert_eq!(merge_rows(&of(vec![winner.clone()]), &of(vec![loser.clone()])), expected);
        }
    }
}

#[test]
fn markers_and_deletions_have_the_same_order() {
    let marker = |timestamp, expiry| Row { marker: Some(Marker { timestamp, expiry }), ..Row::default() };
    let deletion =
        |timestamp, local_seconds| Row { deletion: Some(Deletion { timestamp, local_seconds }), ..Row::default() };
    let markers = [
        marker(1, None),
        marker(1, Some((9, 50))),
        marker(1, Some((9, 51))),
        marker(1, Some((8, 51))),
        marker(2, None),
    ];
    let deletions = [deletion(1, 50), deletion(1, 51), deletion(2, 1)];
    for ladder in [&markers[..], &deletions[..]] {
        for pair in ladder.windows(2) {
            assert_eq!(merge_rows(&pair[0], &pair[1]), pair[1]);
            assert_eq!(merge_rows(&pair[1], &pair[0]), pair[1]);
        }
    }
}

#[test]
fn a_deletion_covers_its_own_timestamp() {
    let deletion = Deletion { timestamp: 5, local_seconds: 9 };
    let gone = Row { deletion: Some(deletion), ..Row::default() };
    let written =
        Row { marker: Some(Marker { timestamp: 5, expiry: None }), ..of(vec![live(1, 5, b"x"), live(2, 6, b"y")]) };
    let left = Row { cells: vec![live(2, 6, b"y")], ..gone.clone() };
    assert_eq!(merge_rows(&gone, &written), left);
}

#[test]
fn a_complex_deletion_covers_its_column_alone() {
    let element = |column, path: &'static [u8], timestamp| {
        let path = Bytes::from_static(path);
        Cell { path, ..live(column, timestamp, b"v") }
    };
    let gone = cell(5, CellKind::ComplexDeletion { local_seconds: 9 });
    let a = of(vec![gone.clone()]);
    let b = of(vec![element(0, b"k", 1), element(1, b"", 5), element(1, b"k", 6), element(2, b"k", 1)]);
    let left = of(vec![element(0, b"k", 1), gone, element(1, b"k", 6), element(2, b"k", 1)]);
    assert_eq!(merge_rows(&a, &b), left);
}

#[test]
fn bad_bytes_are_kept_and_reading_them_is_an_error() {
    let good = encode_sample(&of(vec![live(1, 5, b"x")]));
    let damaged = merge_all(&[&good, b"rubbish"]);
    assert_eq!(RowView::parse(KEY, &damaged).err(), Some(RowError::Damaged));
    assert!(damaged.windows(7).any(|w| w == b"rubbish"));
    let later = encode_sample(&of(vec![live(1, 6, b"y")]));
    let still = merge_all(&[&damaged, &later]);
    assert_eq!(RowView::parse(KEY, &still).err(), Some(RowError::Damaged));
    assert!(still.windows(later.len()).any(|w| w == later));
}

#[test]
fn merging_nothing_gives_the_empty_row() {
    assert_eq!(merge_all(&[]), encode_sample(&Row::default()));
}

/// Operands that an engine may pass to a merge: rows, noise, and results of merging them.
fn operand() -> impl Strategy<Value = Vec<u8>> {
    let rubbish = || prop::collection::vec(any::<u8>(), 0..12);
    let broken = (row(), any::<prop::sample::Index>(), 1u8..).prop_map(|(row, at, flip)| {
        let mut bytes = encode_sample(&row);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        bytes
    });
    let sealed = rubbish().prop_map(|rest| {
        let mut bytes = [&[0, 0, 0, 0, DAMAGED][..], &rest].concat();
        seal(KEY, &mut bytes, 0);
        bytes
    });
    let damaged = (row(), rubbish()).prop_map(|(row, bad)| merge_all(&[&encode_sample(&row), &bad]));
    prop_oneof![6 => row().prop_map(|row| encode_sample(&row)), 1 => rubbish(), 1 => broken, 1 => sealed, 1 => damaged]
}

proptest! {
    #[test]
    fn rows_obey_the_laws(a in row(), b in row(), c in row()) {
        prop_assert_eq!(merge_rows(&a, &a), a.clone());
        prop_assert_eq!(merge_rows(&a, &b), merge_rows(&b, &a));
        prop_assert_eq!(merge_rows(&merge_rows(&a, &b), &c), merge_rows(&a, &merge_rows(&b, &c)));
        prop_assert!(merge_rows(&a, &b).is_normal());
        prop_assert_eq!(merge_rows(&a, &Row::default()), a);
    }

    #[test]
    fn loose_rows_merge_as_their_normal_forms(a in loose_row(), b in loose_row()) {
        let normal = |row: &Row| { let mut row = row.clone(); row.normalize(); row };
        prop_assert_eq!(merge_rows(&a, &b), merge_rows(&normal(&a), &normal(&b)));
    }

    #[test]
    fn encoded_rows_merge_as_rows(rows in prop::collection::vec(row(), 1..6)) {
        let operands: Vec<Vec<u8>> = rows.iter().map(encode_sample).collect();
        let row = rows.iter().fold(Row::default(), |a, b| merge_rows(&a, b));
        prop_assert_eq!(merge_encoded(KEY, operands.iter().map(Vec::as_slice)), encode_sample(&row));
    }

    #[test]
    fn anything_obeys_the_laws(a in operand(), b in operand(), c in operand()) {
        let ab = merge_all(&[&a, &b]);
        prop_assert_eq!(&ab, &merge_all(&[&b, &a]));
        prop_assert_eq!(&merge_all(&[&ab, &ab, &a]), &ab);
        prop_assert_eq!(&merge_all(&[&a]), &merge_all(&[&a, &a]));
        let all = merge_all(&[&a, &b, &c]);
        prop_assert_eq!(&merge_all(&[&ab, &c]), &all);
        prop_assert_eq!(&merge_all(&[&a, &merge_all(&[&b, &c])]), &all);
        prop_assert_eq!(&merge_all(&[&all, &b]), &all);
    }

    #[test]
    fn damage_stays(a in operand(), b in operand()) {
        let is_bad = |bytes: &[u8]| RowView::parse(KEY, bytes).is_err();
        prop_assert_eq!(is_bad(&merge_all(&[&a, &b])), is_bad(&a) || is_bad(&b));
    }
}
