//! The codec: one encoding per row, and no other is read.

use super::layout::{FORMAT, cell_flag, row_flag};
use super::*;
use crate::sample::{KEY, encode_sample, live, loose_row, row};
use crate::{ColumnId, Columns, Deletion, Marker, Row};
use proptest::prelude::*;

fn walk(view: &RowView<'_>) -> usize {
    view.cells().map(|cell| cell.path.len() + cell.live_value(0).map_or(0, <[u8]>::len)).sum()
}

#[test]
fn a_small_row_is_small() {
    let marker = Some(Marker { timestamp: 1_700_000_000_000_000, expiry: None });
    let row = Row { marker, deletion: None, cells: vec![live(3, 1_700_000_000_000_000, b"value")] };
    // Checksum 4, format, flags, timestamp 8, marker, count; column, flags, length, value.
    assert_eq!(encode_sample(&row).len(), 4 + 1 + 1 + 8 + 1 + 1 + 3 + 5);
}

#[test]
fn a_row_of_nothing_is_read() {
    let bytes = encode_sample(&Row::default());
    let view = RowView::parse(KEY, &bytes).unwrap();
    assert!(view.is_empty() && !view.is_live(0));
    assert_eq!(view.to_row(), Row::default());
}

#[test]
fn another_key_or_format_is_refused() {
    let mut bytes = encode_sample(&Row::default());
    assert_eq!(RowView::parse(b"other", &bytes).err(), Some(RowError::Corrupt));
    bytes[CRC_BYTES] = 2;
    seal(KEY, &mut bytes, 0);
    assert_eq!(RowView::parse(KEY, &bytes).err(), Some(RowError::UnknownFormat(2)));
}

#[test]
fn what_could_be_written_shorter_is_refused() {
    let sealed = |body: &[u8]| {
        let mut bytes = [&[0, 0, 0, 0, FORMAT][..], body].concat();
        seal(KEY, &mut bytes, 0);
        RowView::parse(KEY, &bytes).map(|row| row.to_row())
    };
    // Flags, newest timestamp 5, one cell of column 1: flags, value "x".
    assert_eq!(
        sealed(&[0, 10, 1, 1, cell_flag::NEWEST, 1, b'x']),
        Ok(Row { cells: vec![live(1, 5, b"x")], ..Row::default() })
    );
    let others: [&[u8]; 6] = [
        &[0, 10, 1, 1, 0, 0, 1, b'x'],                                   // a distance of nothing
        &[0, 12, 1, 1, 0, 1, 1, b'x'],                                   // a newest timestamp that no part has
        &[0, 10, 1, 1, cell_flag::NEWEST, 0x80, 1, b'x'],                // a long vint
        &[0, 10, 1, 1, cell_flag::NEWEST | cell_flag::PATH, 0, 1, b'x'], // a path of nothing
        &[0, 10, 1, 1, cell_flag::NEWEST, 1, b'x', 0],                   // something after it
        &[row_flag::MARKER_EXPIRES, 0, 0],                               // an expiry without a marker
    ];
    others.iter().for_each(|body| assert_eq!(sealed(body), Err(RowError::Corrupt), "{body:?}"));
}

#[test]
fn liveness_follows_marker_cells_and_time() {
    let at = |expiry| Some(Marker { timestamp: 1, expiry });
    let cases = [
        (Row { marker: at(None), ..Row::default() }, true, true),
        (Row { marker: at(Some((10, 100))), ..Row::default() }, true, false),
        (Row { cells: vec![live(1, 1, b"")], ..Row::default() }, true, true),
        (Row { deletion: Some(Deletion { timestamp: 1, local_seconds: 1 }), ..Row::default() }, false, false),
    ];
    for (row, before, after) in cases {
        let bytes = encode_sample(&row);
        let view = RowView::parse(KEY, &bytes).unwrap();
        assert_eq!((view.is_live(99), view.is_live(100)), (before, after), "{row:?}");
    }
}

#[test]
fn stripping_keeps_what_was_asked_for() {
    let deletion = Some(Deletion { timestamp: 1, local_seconds: 50 });
    let bytes = encode_sample(&Row { marker: None, deletion, cells: vec![live(1, 5, b"x"), live(2, 6, b"y")] });
    let view = RowView::parse(KEY, &bytes).unwrap();
    let strip = |columns: Columns, purge_before| {
        let mut out = Vec::new();
        let any = strip_row(KEY, &view, &Strip { columns: &columns, purge_before, covered_by: None }, &mut out);
        any.then(|| RowView::parse(KEY, &out).unwrap().to_row())
    };
    assert_eq!(strip(Columns::All, 50), Some(view.to_row()));
    let second = Columns::Some(vec![ColumnId(2)]);
    assert_eq!(strip(second, 51), Some(Row { cells: vec![live(2, 6, b"y")], ..Row::default() }));
    assert_eq!(strip(Columns::Some(vec![]), 51), None);
    let added_again = Columns::Since(vec![(ColumnId(1), 5), (ColumnId(2), 5)]);
    assert_eq!(strip(added_again, 51), Some(Row { cells: vec![live(2, 6, b"y")], ..Row::default() }));
}

proptest! {
    #[test]
    fn covering_a_row_is_deleting_it(row in row(), timestamp in 0i64..6) {
        let deletion = Deletion { timestamp, local_seconds: 20 };
        let mut deleted = Row { deletion: row.deletion.max(Some(deletion)), ..row.clone() };
        deleted.normalize();
        // The tombstone lies elsewhere; a deletion of the row itself that is no newer adds nothing to it.
        deleted.deletion = deleted.deletion.filter(|own| own.timestamp > timestamp);
        let bytes = encode_sample(&row);
        let view = RowView::parse(KEY, &bytes).unwrap();
        let strip = Strip { columns: &Columns::All, purge_before: i64::MIN, covered_by: Some(deletion) };
        let mut out = Vec::new();
        let any = strip_row(KEY, &view, &strip, &mut out);
        prop_assert_eq!(any, !deleted.is_empty());
        prop_assert_eq!(strip.keeps(&view), view.to_row() == deleted);
        if any {
            prop_assert_eq!(RowView::parse(KEY, &out).unwrap().to_row(), deleted);
        }
    }

    #[test]
    fn rows_read_back(row in row()) {
        let bytes = encode_sample(&row);
        let view = RowView::parse(KEY, &bytes).unwrap();
        prop_assert_eq!(&view.to_row(), &row);
        prop_assert_eq!(&RowView::parse_trusted(&bytes).unwrap().to_row(), &row);
        prop_assert_eq!(view.is_empty(), row.is_empty());
    }

    #[test]
    fn equal_rows_are_equal_bytes(a in loose_row(), b in row()) {
        let mut normal = a.clone();
        normal.normalize();
        prop_assert!(normal.is_normal());
        prop_assert_eq!(encode_sample(&a), encode_sample(&normal));
        prop_assert_eq!(encode_sample(&normal) == encode_sample(&b), normal == b);
    }

    #[test]
    fn a_changed_byte_is_noticed(row in row(), at: prop::sample::Index, flip in 1u8..) {
        let mut bytes = encode_sample(&row);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(RowView::parse(KEY, &bytes).is_err());
        if let Ok(view) = RowView::parse_trusted(&bytes) {
            walk(&view);
        }
    }

    #[test]
    fn what_is_read_is_the_one_encoding(row in row(), edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3)) {
        let mut bytes = encode_sample(&row);
        for (at, byte) in edits {
            let at = CRC_BYTES + at.index(bytes.len() - CRC_BYTES);
            bytes[at] = byte;
        }
        seal(KEY, &mut bytes, 0);
        if let Ok(view) = RowView::parse(KEY, &bytes) {
            prop_assert!(view.to_row().is_normal());
            prop_assert_eq!(encode_sample(&view.to_row()), bytes);
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = RowView::parse(KEY, &bytes);
        if bytes.len() > CRC_BYTES {
            bytes[CRC_BYTES] = FORMAT;
            seal(KEY, &mut bytes, 0);
        }
        let _ = RowView::parse(KEY, &bytes);
        if let Ok(view) = RowView::parse_trusted(&bytes) {
            walk(&view);
        }
    }
}
