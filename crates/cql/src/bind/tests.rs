use super::*;
use crate::context::{BindContext, BoundValue};
use crate::fixture::prepare_text;
use crate::{ModifyPlan, Plan, SelectPlan};
use henge_base::Bytes;
use henge_model::{CellKind, Key, KeyKind, KeyRange, PartitionKey, Row, RowView, Token};

mod bound;
mod collection;
mod condition;
mod noise;
mod output;
mod read;

const NOW: i64 = 1_700_000_000;

fn context<'a>(values: &'a [BoundValue<'a>]) -> BindContext<'a> {
    BindContext {
        values,
        timestamp: 77,
        now_us: NOW * 1_000_000,
        now_seconds: NOW,
        before: None,
        statement: 0,
        seed: 1,
        guard: Default::default(),
    }
}

fn select(text: &str) -> Box<SelectPlan> {
    match prepare_text(text).unwrap().plan {
        Plan::Select(plan) => plan,
        other => panic!("{other:?}"),
    }
}

fn modify(text: &str) -> Box<ModifyPlan> {
    match prepare_text(text).unwrap().plan {
        Plan::Modify(plan) => plan,
        other => panic!("{other:?}"),
    }
}

fn bind_rows(text: &str, values: &[BoundValue<'_>]) -> Vec<(BoundModify, Row)> {
    let mut out = Vec::new();
    modify(text).bind(&context(values), &mut out).unwrap();
    let row = |m: &BoundModify| RowView::parse(m.key.bytes(), &m.row).unwrap().to_row();
    out.into_iter().map(|m| (m.clone(), row(&m))).collect()
}

fn bind_error(text: &str, values: &[BoundValue<'_>]) -> String {
    modify(text).bind(&context(values), &mut Vec::new()).unwrap_err().to_string()
}

fn partitions(text: &str, values: &[BoundValue<'_>]) -> Vec<PartitionRead> {
    match select(text).bind(&context(values)).unwrap().reads {
        Reads::Partitions(reads) => reads,
        scan => panic!("{scan:?}"),
    }
}

fn int(n: i32) -> [u8; 4] {
    n.to_be_bytes()
}

/// The key of a row of `wide`.
fn wide(a: i32, b: &str, c: i32, d: i32) -> Key {
    let plan = select("SELECT * FROM wide");
    let partition = PartitionKey::from_components(&[&int(a), b.as_bytes()]).unwrap();
    Key::row(plan.table(), &partition, &[&int(c), &int(d)]).unwrap()
}

#[test]
fn an_insert_has_a_marker_and_its_cells() {
    let text = "INSERT INTO kv (k, v, w) VALUES (?, ?, ?)";
    let all = bind_rows(text, &[BoundValue::Value(b"key"), BoundValue::Value(&int(5)), BoundValue::Null]);
    let [(bound, row)] = &all[..] else { panic!("one row") };
    assert_eq!(bound.timestamp, 77);
    assert_eq!(bound.token, Token::from_key(b"key"));
    assert_eq!(row.marker.unwrap().timestamp, 77);
    assert_eq!(row.cells[0].kind, CellKind::Live { value: Bytes::copy_from_slice(&int(5)) });
    assert_eq!(row.cells[1].kind, CellKind::Tombstone { local_seconds: NOW });
    let (_, row) = &bind_rows(text, &[BoundValue::Value(b"key"), BoundValue::Unset, BoundValue::Unset])[0];
    assert!(row.cells.is_empty() && row.marker.is_some());
}

#[test]
fn updates_leave_no_marker_and_may_say_nothing() {
    let text = "UPDATE kv USING TIMESTAMP 5 SET v = ? WHERE k = 'a'";
    let (bound, row) = &bind_rows(text, &[BoundValue::Value(&int(1))])[0];
    assert!(row.marker.is_none());
    assert_eq!((bound.timestamp, row.cells[0].timestamp), (5, 5));
    assert_eq!(bind_rows(text, &[BoundValue::Unset]), []);
}

#[test]
fn deletes_are_of_rows_or_of_columns() {
    let (_, row) = &bind_rows("DELETE FROM kv WHERE k = 'a'", &[])[0];
    let deletion = row.deletion.unwrap();
    assert_eq!((deletion.timestamp, deletion.local_seconds), (77, NOW));
    let (_, row) =
        &bind_rows("DELETE v FROM kv USING TIMESTAMP ? WHERE k = 'a'", &[BoundValue::Value(&9i64.to_be_bytes())])[0];
    assert_eq!(row.deletion, None);
    assert_eq!(row.cells[0].kind, CellKind::Tombstone { local_seconds: NOW });
    assert_eq!(row.cells[0].timestamp, 9);
    let (bound, _) = &bind_rows("DELETE FROM wide WHERE a = 1 AND b = 'x' AND c = 2 AND d = 3", &[])[0];
    assert_eq!(bound.key, wide(1, "x", 2, 3));
}

#[test]
fn time_to_live_comes_from_the_statement_or_the_table() {
    let expiry = |text: &str, values: &[BoundValue<'_>]| bind_rows(text, values)[0].1.marker.unwrap().expiry;
    let at = "50554d6e-29bb-11e5-b345-feff819cdc9f";
    let plain = format!("INSERT INTO events (id, at, note) VALUES (1, {at}, 'x')");
    assert_eq!(expiry(&plain, &[]), Some((60, NOW + 60)));
    assert_eq!(expiry(&format!("{plain} USING TTL 5"), &[]), Some((5, NOW + 5)));
    assert_eq!(expiry(&format!("{plain} USING TTL 0"), &[]), None);
    assert_eq!(expiry(&format!("{plain} USING TTL ?"), &[BoundValue::Null]), None);
    assert_eq!(expiry(&format!("{plain} USING TTL ?"), &[BoundValue::Unset]), Some((60, NOW + 60)));
    let (_, row) = &bind_rows(&plain, &[])[0];
    assert!(matches!(row.cells[0].kind, CellKind::Expiring { ttl: 60, .. }));
    assert_eq!(
        bind_error(&format!("{plain} USING TTL ?"), &[BoundValue::Value(&int(-1))]),
        "A TTL must be greater or equal to 0, but was -1"
    );
    assert_eq!(
        bind_error(&format!("{plain} USING TTL ?"), &[BoundValue::Value(&int(630_720_001))]),
        "ttl is too large. requested (630720001) maximum (630720000)"
    );
}

#[test]
fn bad_bound_values_are_refused() {
    let text = "INSERT INTO kv (k, v) VALUES (?, ?)";
    let key = BoundValue::Value(b"k");
    assert_eq!(
        bind_error(text, &[key]),
        "Invalid amount of bind variables: there were 2 markers(?) in CQL but 1 bound variables"
    );
    assert_eq!(bind_error(text, &[BoundValue::Null, BoundValue::Null]), "Invalid null value in condition for column k");
    assert_eq!(bind_error("DELETE FROM kv WHERE k = null", &[]), "Invalid null value in condition for column k");
    assert_eq!(bind_error(text, &[BoundValue::Unset, BoundValue::Null]), "Invalid unset value for column k");
    assert_eq!(bind_error(text, &[BoundValue::Value(b""), BoundValue::Null]), "Key may not be empty");
    let refused = |values: &[BoundValue<'_>]| bind_error(text, values);
    assert_eq!(
        refused(&[key, BoundValue::Value(&[1, 2])]),
        "Expected 4 or 0 byte int (2) (the value of bind marker 1)"
    );
    assert_eq!(
        refused(&[BoundValue::Value(&[0xff]), BoundValue::Null]),
        "String didn't validate. (the value of bind marker 0)"
    );
}

#[test]
fn in_writes_every_row_once() {
    let all = bind_rows("UPDATE kv SET v = 1 WHERE k IN ('b', 'a', 'b')", &[]);
    assert_eq!(all.len(), 2);
    assert!(!modify("UPDATE kv SET v = 1 WHERE k IN ('b', 'a')").is_single());
    assert_eq!(bind_rows("DELETE FROM wide WHERE a = 1 AND b = 'x' AND (c, d) IN ((1, 2), (3, 4))", &[]).len(), 2);
    assert_eq!(bind_rows("UPDATE wide SET v = '' WHERE a = 1 AND b = 'x' AND c IN (1, 1, 2) AND d = 0", &[]).len(), 2);
    assert_eq!(bind_rows("DELETE FROM kv WHERE k IN ()", &[]), []);
}

#[test]
fn deletions_of_ranges_are_tombstones_of_what_a_select_reads() {
    for bounds in [
        "AND c = 1",
        "AND c > 1",
        "AND c >= 1 AND c < 7",
        "AND c = 1 AND d <= 4",
        "AND c = 1 AND d > 4 AND d < 9",
        "AND c IN (1, 3)",
    ] {
        let extents: Vec<_> = bind_rows(&format!("DELETE FROM wide WHERE a = 1 AND b = 'x' {bounds}"), &[])
            .iter()
            .map(|(bound, row)| {
                assert_eq!(row.deletion.map(|d| d.timestamp), Some(bound.timestamp), "{bounds}");
                Key::extent(bound.key.bytes()).unwrap()
            })
            .collect();
        let runs: Vec<_> = partitions(&format!("SELECT * FROM wide WHERE a = 1 AND b = 'x' {bounds}"), &[])
            .into_iter()
            .map(|read| match read.keys {
                KeyRange::Run { start, end, .. } => henge_model::Extent { start, end },
                KeyRange::One(_) | KeyRange::Many(_) => panic!("{bounds} is no run"),
            })
            .collect();
        assert_eq!(extents, runs, "{bounds}");
    }
    // Of columns in mixed order: all beyond the first value, and beyond the second one where the first is the same.
    for (bounds, ranges) in
        [("(c, d) > (1, 2)", 2), ("(c, d) >= (1, 2) AND (c, d) < (1, 9)", 1), ("(c, d) >= (1, 2) AND (c) < (1)", 0)]
    {
        let text = format!("DELETE FROM wide WHERE a = 1 AND b = 'x' AND {bounds}");
        assert_eq!(bind_rows(&text, &[]).len(), ranges, "{bounds}");
    }
    let (whole, _) = &bind_rows("DELETE FROM wide WHERE a = 1 AND b = 'x'", &[])[0];
    assert_eq!(Key::kind(whole.key.bytes()), Some(KeyKind::PartitionTombstone));
    assert_eq!(bind_rows("DELETE FROM wide WHERE a = 1 AND b = 'x' AND c > 5 AND c < 5", &[]), []);
}
