use super::*;
use crate::fixture::prepared;
use crate::{ModifyPlan, Plan, SelectPlan};
use henge_base::Bytes;
use henge_model::{CellKind, Key, KeyKind, KeyRange, PartitionKey, Row, RowView, Token};
use proptest::prelude::*;

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
    }
}

fn select(text: &str) -> Box<SelectPlan> {
    match prepared(text).unwrap().plan {
        Plan::Select(plan) => plan,
        other => panic!("{other:?}"),
    }
}

fn modify(text: &str) -> Box<ModifyPlan> {
    match prepared(text).unwrap().plan {
        Plan::Modify(plan) => plan,
        other => panic!("{other:?}"),
    }
}

fn written(text: &str, values: &[BoundValue<'_>]) -> Vec<(BoundModify, Row)> {
    let mut out = Vec::new();
    modify(text).bind(&context(values), &mut out).unwrap();
    let row = |m: &BoundModify| RowView::parse(m.key.bytes(), &m.row).unwrap().to_row();
    out.into_iter().map(|m| (m.clone(), row(&m))).collect()
}

fn refused(text: &str, values: &[BoundValue<'_>]) -> String {
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

/// Key of a row of `wide`.
fn wide(a: i32, b: &str, c: i32, d: i32) -> Key {
    let plan = select("SELECT * FROM wide");
    let partition = PartitionKey::from_components(&[&int(a), b.as_bytes()]).unwrap();
    Key::row(plan.table(), &partition, &[&int(c), &int(d)]).unwrap()
}

#[test]
fn an_insert_has_a_marker_and_its_cells() {
    let text = "INSERT INTO kv (k, v, w) VALUES (?, ?, ?)";
    let all = written(text, &[BoundValue::Value(b"key"), BoundValue::Value(&int(5)), BoundValue::Null]);
    let [(bound, row)] = &all[..] else { panic!("one row") };
    assert_eq!(bound.timestamp, 77);
    assert_eq!(bound.token, Token::of(b"key"));
    assert_eq!(row.marker.unwrap().timestamp, 77);
    assert_eq!(row.cells[0].kind, CellKind::Live { value: Bytes::copy_from_slice(&int(5)) });
    assert_eq!(row.cells[1].kind, CellKind::Tombstone { local_seconds: NOW });
    let (_, row) = &written(text, &[BoundValue::Value(b"key"), BoundValue::Unset, BoundValue::Unset])[0];
    assert!(row.cells.is_empty() && row.marker.is_some());
}

#[test]
fn updates_leave_no_marker_and_may_say_nothing() {
    let text = "UPDATE kv USING TIMESTAMP 5 SET v = ? WHERE k = 'a'";
    let (bound, row) = &written(text, &[BoundValue::Value(&int(1))])[0];
    assert!(row.marker.is_none());
    assert_eq!((bound.timestamp, row.cells[0].timestamp), (5, 5));
    assert_eq!(written(text, &[BoundValue::Unset]), []);
}

#[test]
fn deletes_are_of_rows_or_of_columns() {
    let (_, row) = &written("DELETE FROM kv WHERE k = 'a'", &[])[0];
    let deletion = row.deletion.unwrap();
    assert_eq!((deletion.timestamp, deletion.local_seconds), (77, NOW));
    let (_, row) =
        &written("DELETE v FROM kv USING TIMESTAMP ? WHERE k = 'a'", &[BoundValue::Value(&9i64.to_be_bytes())])[0];
    assert_eq!(row.deletion, None);
    assert_eq!(row.cells[0].kind, CellKind::Tombstone { local_seconds: NOW });
    assert_eq!(row.cells[0].timestamp, 9);
    let (bound, _) = &written("DELETE FROM wide WHERE a = 1 AND b = 'x' AND c = 2 AND d = 3", &[])[0];
    assert_eq!(bound.key, wide(1, "x", 2, 3));
}

/// Cells as (path, value), tombstones without a value.
fn elements(row: &Row) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let value = |cell: &henge_model::Cell| match &cell.kind {
        CellKind::Live { value } => Some(value.to_vec()),
        _ => None,
    };
    row.cells.iter().map(|cell| (cell.path.to_vec(), value(cell))).collect()
}

#[test]
fn a_collection_that_is_replaced_keeps_what_comes_with_it() {
    let (_, row) = &written("UPDATE many SET m = {'b': 2, 'a': 1} WHERE k = 1", &[])[0];
    let replaced = &row.cells[0];
    assert!(matches!(replaced.kind, CellKind::ComplexDeletion { .. }) && replaced.timestamp == 76, "{replaced:?}");
    let rest: Vec<_> = elements(row)[1..].to_vec();
    assert_eq!(rest, [(b"a".to_vec(), Some(int(1).to_vec())), (b"b".to_vec(), Some(int(2).to_vec()))]);
    assert!(row.cells[1..].iter().all(|cell| cell.timestamp == 77));
    let (_, row) = &written("DELETE m FROM many WHERE k = 1", &[])[0];
    assert_eq!((row.cells.len(), row.cells[0].timestamp), (1, 77));
}

#[test]
fn parts_of_a_collection_are_cells_of_their_own() {
    let (_, row) = &written("UPDATE many SET m['b'] = 2, m['a'] = null, m = m - {'c'} WHERE k = 1", &[])[0];
    let b = (b"b".to_vec(), Some(int(2).to_vec()));
    assert_eq!(elements(row), [(b"a".to_vec(), None), b, (b"c".to_vec(), None)]);
    assert!(written("UPDATE many SET m['a'] = ? WHERE k = 1", &[BoundValue::Unset]).is_empty());
    assert!(refused("UPDATE many SET m[?] = 1 WHERE k = 1", &[BoundValue::Null]).contains("null"));
    let long = vec![b'x'; 65_536];
    assert!(refused("UPDATE many SET m[?] = 1 WHERE k = 1", &[BoundValue::Value(&long)]).contains("65535"));
}

#[test]
fn equal_elements_have_one_name() {
    let (_, a) = &written("UPDATE many SET s = s + {1.50, 20} WHERE k = 1", &[])[0];
    let (_, b) = &written("UPDATE many SET s = s + {1.5, 2.0E+1} WHERE k = 1", &[])[0];
    assert_eq!(elements(a), elements(b));
    assert_eq!(henge_model::DataType::Decimal.literal(&a.cells[0].path), "20");
}

#[test]
fn elements_of_a_list_are_found_in_the_row_as_it_is() {
    let (bound, before) = &written("UPDATE many SET l = [5, 6, 5] WHERE k = 1", &[])[0];
    let view = RowView::parse(bound.key.bytes(), &bound.row).unwrap();
    let plan = modify("UPDATE many SET l = l - [5], l[1] = 9 WHERE k = 1");
    assert!(plan.reads_rows());
    let keys = plan.row_keys(&context(&[])).unwrap();
    assert_eq!(keys, [(bound.key.clone(), bound.token)]);
    let mut out = Vec::new();
    plan.bind_row(keys[0].0.clone(), keys[0].1, &BindContext { before: Some(&view), ..context(&[]) }, &mut out)
        .unwrap();
    let change = RowView::parse(out[0].key.bytes(), &out[0].row).unwrap().to_row();
    let places: Vec<_> = elements(before).into_iter().map(|(path, _)| path).collect();
    let nine = Some(int(9).to_vec());
    assert_eq!(elements(&change), [(places[1].clone(), None), (places[2].clone(), nine), (places[3].clone(), None)]);
    let refused = plan.bind_row(keys[0].0.clone(), keys[0].1, &context(&[]), &mut out).unwrap_err().to_string();
    assert!(refused.contains("null"), "{refused}");
}

#[test]
fn time_to_live_comes_from_the_statement_or_the_table() {
    let expiry = |text: &str, values: &[BoundValue<'_>]| written(text, values)[0].1.marker.unwrap().expiry;
    let at = "50554d6e-29bb-11e5-b345-feff819cdc9f";
    let plain = format!("INSERT INTO events (id, at, note) VALUES (1, {at}, 'x')");
    assert_eq!(expiry(&plain, &[]), Some((60, NOW + 60)));
    assert_eq!(expiry(&format!("{plain} USING TTL 5"), &[]), Some((5, NOW + 5)));
    assert_eq!(expiry(&format!("{plain} USING TTL 0"), &[]), None);
    assert_eq!(expiry(&format!("{plain} USING TTL ?"), &[BoundValue::Null]), None);
    assert_eq!(expiry(&format!("{plain} USING TTL ?"), &[BoundValue::Unset]), Some((60, NOW + 60)));
    let (_, row) = &written(&plain, &[])[0];
    assert!(matches!(row.cells[0].kind, CellKind::Expiring { ttl: 60, .. }));
    assert_eq!(
        refused(&format!("{plain} USING TTL ?"), &[BoundValue::Value(&int(-1))]),
        "A TTL must be greater or equal to 0, but was -1"
    );
    assert_eq!(
        refused(&format!("{plain} USING TTL ?"), &[BoundValue::Value(&int(630_720_001))]),
        "ttl is too large. requested (630720001) maximum (630720000)"
    );
}

#[test]
fn bad_bound_values_are_refused() {
    let text = "INSERT INTO kv (k, v) VALUES (?, ?)";
    let key = BoundValue::Value(b"k");
    assert_eq!(refused(text, &[key]), "there were 2 markers(?) in CQL but 1 bound variables");
    assert_eq!(refused(text, &[BoundValue::Null, BoundValue::Null]), "Invalid null value in condition for column k");
    assert_eq!(refused(text, &[BoundValue::Unset, BoundValue::Null]), "Invalid unset value for column k");
    assert_eq!(refused(text, &[BoundValue::Value(b""), BoundValue::Null]), "Key may not be empty");
    assert!(refused(text, &[key, BoundValue::Value(&[1, 2])]).starts_with("Invalid value for bind marker 1:"));
    assert!(
        refused(text, &[BoundValue::Value(&[0xff]), BoundValue::Null]).starts_with("Invalid value for bind marker 0:")
    );
}

#[test]
fn in_writes_every_row_once() {
    let all = written("UPDATE kv SET v = 1 WHERE k IN ('b', 'a', 'b')", &[]);
    assert_eq!(all.len(), 2);
    assert!(!modify("UPDATE kv SET v = 1 WHERE k IN ('b', 'a')").is_single());
    assert_eq!(written("DELETE FROM wide WHERE a = 1 AND b = 'x' AND (c, d) IN ((1, 2), (3, 4))", &[]).len(), 2);
    assert_eq!(written("DELETE FROM kv WHERE k IN ()", &[]), []);
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
        let extents: Vec<_> = written(&format!("DELETE FROM wide WHERE a = 1 AND b = 'x' {bounds}"), &[])
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
    let (whole, _) = &written("DELETE FROM wide WHERE a = 1 AND b = 'x'", &[])[0];
    assert_eq!(Key::kind(whole.key.bytes()), Some(KeyKind::PartitionTombstone));
    assert_eq!(written("DELETE FROM wide WHERE a = 1 AND b = 'x' AND c > 5 AND c < 5", &[]), []);
}

#[test]
fn a_full_key_is_one_row_and_has_a_fast_path() {
    let plan = select("SELECT v FROM wide WHERE a = ? AND b = 'x' AND c = ? AND d = 4");
    let (a, c) = (int(1), int(3));
    let values = [BoundValue::Value(&a), BoundValue::Value(&c)];
    assert_eq!(plan.single_row_key(&values), Some(wide(1, "x", 3, 4)));
    assert_eq!(plan.single_row_key(&values[..1]), None);
    assert_eq!(plan.single_row_key(&[BoundValue::Null, values[1]]), None);
    assert_eq!(plan.single_row_key(&[BoundValue::Value(b"x"), values[1]]), None);
    let BoundSelect { reads: Reads::Partitions(reads), limit, .. } = plan.bind(&context(&values)).unwrap() else {
        panic!("one partition")
    };
    assert_eq!((&reads[0].keys, limit), (&KeyRange::One(wide(1, "x", 3, 4)), u32::MAX));
    assert_eq!(reads[0].token, reads[0].partition.token());
    assert_eq!(select("SELECT count(*) FROM kv WHERE k = 'a'").single_row_key(&[]), None);
    assert!(select("SELECT * FROM kv WHERE k = 'a' LIMIT 1").single_row_key(&[]).is_some());
    let limited = select("SELECT * FROM kv WHERE k = 'a' LIMIT ?");
    assert_eq!(limited.single_row_key(&[BoundValue::Value(&int(0))]), None);
    assert_eq!(select("SELECT * FROM wide WHERE a = 1 AND b = 'x'").single_row_key(&[]), None);
}

/// Which of a few rows of one partition of `wide` a WHERE reads.
fn rows_read(restriction: &str) -> Vec<(i32, i32)> {
    let reads = partitions(&format!("SELECT v FROM wide WHERE a = 1 AND b = 'x' AND {restriction}"), &[]);
    let mut rows = Vec::new();
    for read in &reads {
        let mut here: Vec<(Key, (i32, i32))> = Vec::new();
        for c in -1..3 {
            for d in 0..3 {
                here.push((wide(1, "x", c, d), (c, d)));
            }
        }
        here.sort_by(|a, b| a.0.bytes().cmp(b.0.bytes()));
        let inside = |key: &Key| match &read.keys {
            KeyRange::One(one) => one == key,
            KeyRange::Many(_) => false,
            KeyRange::Run { start, end, .. } => key.bytes() >= &start[..] && key.bytes() < &end[..],
        };
        rows.extend(here.into_iter().filter(|(key, _)| inside(key)).map(|(_, row)| row));
    }
    rows
}

#[test]
fn slices_bound_the_run_in_either_order() {
    assert_eq!(rows_read("c > 1"), [(2, 2), (2, 1), (2, 0)]);
    assert_eq!(rows_read("c >= 0 AND c < 1"), [(0, 2), (0, 1), (0, 0)]);
    assert_eq!(rows_read("c = 1 AND d > 0"), [(1, 2), (1, 1)]);
    assert_eq!(rows_read("c = 1 AND d >= 1"), [(1, 2), (1, 1)]);
    assert_eq!(rows_read("c = 1 AND d < 2 AND d > 0"), [(1, 1)]);
    assert_eq!(rows_read("c = 1 AND d <= 1"), [(1, 1), (1, 0)]);
    assert_eq!(rows_read("c IN (2, -1) AND d = 1"), [(-1, 1), (2, 1)]);
    assert_eq!(rows_read("c IN (2, -1, 2) AND d < 1"), [(-1, 0), (2, 0)]);
    assert_eq!(rows_read("c = 1 AND d IN (0, 2)"), [(1, 2), (1, 0)]);
    assert_eq!(rows_read("(c, d) = (1, 2)"), [(1, 2)]);
    assert_eq!(rows_read("(c, d) IN ((2, 0), (0, 1))"), [(0, 1), (2, 0)]);
    assert_eq!(rows_read("(c) < (0)"), [(-1, 2), (-1, 1), (-1, 0)]);
    assert_eq!(rows_read("c > 1 AND c < 1"), []);
    assert_eq!(rows_read("c IN ()"), []);
}

#[test]
fn order_by_reads_backwards() {
    let text = "SELECT v FROM wide WHERE a = 1 AND b = 'x' AND c IN (1, 2) ORDER BY c DESC";
    let bound = select(text).bind(&context(&[])).unwrap();
    assert!(bound.reversed);
    let Reads::Partitions(reads) = bound.reads else { panic!("partitions") };
    assert_eq!(reads.len(), 2);
    let start = |read: &PartitionRead| match &read.keys {
        KeyRange::Run { start, reversed: true, .. } => start.clone(),
        other => panic!("{other:?}"),
    };
    assert!(start(&reads[0]) > start(&reads[1]));
    assert!(
        !select("SELECT v FROM wide WHERE a = 1 AND b = 'x' ORDER BY c, d DESC").bind(&context(&[])).unwrap().reversed
    );
    assert!(
        select("SELECT v FROM wide WHERE a = 1 AND b = 'x' AND c = 1 ORDER BY d ASC")
            .bind(&context(&[]))
            .unwrap()
            .reversed
    );
}

#[test]
fn partitions_of_in_come_once_in_the_order_of_their_values() {
    let keys = |reads: Vec<PartitionRead>| reads.iter().map(|r| r.partition.bytes().to_vec()).collect::<Vec<_>>();
    assert_eq!(keys(partitions("SELECT * FROM kv WHERE k IN ('c', 'a', 'c')", &[])), [b"a", b"c"]);
    let list = [0, 0, 0, 2, 0, 0, 0, 1, b'z', 0, 0, 0, 1, b'y'];
    assert_eq!(keys(partitions("SELECT * FROM kv WHERE k IN ?", &[BoundValue::Value(&list)])), [b"y", b"z"]);
    let plan = select("SELECT * FROM kv WHERE k IN ?");
    assert!(plan.bind(&context(&[BoundValue::Value(&list[..9])])).is_err());
    assert!(plan.bind(&context(&[BoundValue::Null])).is_err());
    let huge = "SELECT * FROM wide WHERE a IN ? AND b IN ?";
    let many: Vec<u8> = int(300).into_iter().chain((0..300).flat_map(|i| [int(4), int(i)].concat())).collect();
    let texts: Vec<u8> = int(300)
        .into_iter()
        .chain((0..300).flat_map(|i| [int(3).to_vec(), format!("{i:03}").into_bytes()].concat()))
        .collect();
    let e = select(huge).bind(&context(&[BoundValue::Value(&many), BoundValue::Value(&texts)])).unwrap_err();
    assert_eq!(e.to_string(), "IN restrictions come to more than 65536 keys");
}

#[test]
fn scans_are_runs_of_tokens() {
    let tokens =
        |restriction: &str| match select(&format!("SELECT k FROM kv {restriction}")).bind(&context(&[])).unwrap().reads
        {
            Reads::Scan { tokens, start_key, end_key } => {
                assert!(start_key < end_key);
                Some((tokens.start.0, tokens.end.0))
            }
            Reads::Partitions(none) => {
                assert!(none.is_empty());
                None
            }
        };
    assert_eq!(tokens(""), Some((i64::MIN, i64::MAX)));
    assert_eq!(tokens("WHERE token(k) > 5 AND token(k) <= 10"), Some((5, 10)));
    assert_eq!(tokens("WHERE token(k) >= 5 AND token(k) < 10"), Some((4, 9)));
    assert_eq!(tokens("WHERE token(k) = 5"), Some((4, 5)));
    assert_eq!(tokens("WHERE token(k) > 5 AND token(k) <= 5"), None);
    assert_eq!(tokens("WHERE token(k) > 10 AND token(k) <= 5"), None);
    assert_eq!(tokens("WHERE token(k) > 10 AND token(k) <= -9223372036854775808"), Some((10, i64::MAX)));
    assert_eq!(tokens("WHERE token(k) <= token('a')").unwrap().1, Token::of(b"a").0);
}

#[test]
fn limits_are_checked() {
    assert_eq!(crate::fixture::error("SELECT * FROM kv LIMIT 0").message, "LIMIT must be strictly positive");
    assert_eq!(crate::fixture::error("SELECT * FROM kv LIMIT -1").message, "LIMIT must be strictly positive");
    let plan = select("SELECT * FROM kv LIMIT ?");
    let limit = |value: BoundValue<'_>| plan.bind(&context(&[value])).map(|b| b.limit).map_err(|e| e.to_string());
    assert_eq!(limit(BoundValue::Value(&int(3))), Ok(3));
    assert_eq!(limit(BoundValue::Unset), Ok(u32::MAX));
    assert_eq!(limit(BoundValue::Value(&int(0))), Err("LIMIT must be strictly positive".to_owned()));
    assert_eq!(limit(BoundValue::Null), Err("Invalid null value for LIMIT".to_owned()));
    assert_eq!(select("SELECT count(*) FROM kv LIMIT 1").bind(&context(&[])).unwrap().limit, u32::MAX);
}

fn text(value: &str) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(value.as_bytes()))
}

fn number(n: i32) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(&int(n)))
}

#[test]
fn filters_look_at_fetched_values() {
    let filter = |restriction: &str| {
        let plan = select(&format!("SELECT k FROM kv WHERE {restriction} ALLOW FILTERING"));
        plan.bind(&context(&[])).unwrap().filter
    };
    assert!(filter("v > 1").matches(&[text("a"), number(2)]));
    assert!(!filter("v > 1").matches(&[text("a"), number(1)]));
    assert!(!filter("v > 1").matches(&[text("a"), None]));
    assert!(filter("v IN (1, 2) AND w = 'x'").matches(&[text("a"), number(2), text("x")]));
    assert!(!filter("v IN (1, 2) AND w = 'x'").matches(&[text("a"), number(2), text("y")]));
    let plan = select("SELECT * FROM system.local WHERE tokens CONTAINS 'b' ALLOW FILTERING");
    let set = Bytes::from_static(&[0, 0, 0, 2, 0, 0, 0, 1, b'a', 0, 0, 0, 1, b'b']);
    let filter = plan.bind(&context(&[])).unwrap().filter;
    assert!(filter.matches(&[None, None, Some(set)]));
    assert!(!filter.matches(&[None, None, Some(Bytes::from_static(&[0, 0, 0, 0]))]));
}

/// A row of `kv` as the plan fetches it, where `w` comes last.
fn fetched(plan: &SelectPlan, v: Option<Bytes>, w: Option<Bytes>) -> Vec<Option<Bytes>> {
    let width = plan.projection().columns.len();
    let mut row = vec![v; width];
    row[width - 1] = w;
    row
}

#[test]
fn output_computes_functions_and_aggregates() {
    let context = context(&[]);
    let plan = select("SELECT token(k), v, (text) 'x', uuid(), uuid() FROM kv");
    let mut out = Vec::new();
    let mut output = plan.output(&context);
    let row = [text("a"), number(1)];
    output.row(&row, &mut out).unwrap();
    output.row(&row, &mut out).unwrap();
    assert_eq!(out[0].as_deref(), Some(&(-8839064797231613815i64).to_be_bytes()[..]));
    assert_eq!((&out[1], &out[2]), (&number(1), &text("x")));
    assert!(out[3] != out[4] && out[3] != out[8] && out[8] != out[9]);
    let plan = select("SELECT count(*), count(v), min(v), max(v), sum(v), avg(v), w FROM kv");
    let mut output = plan.output(&context);
    for (v, w) in [(number(4), text("p")), (None, text("q")), (number(-1), None)] {
        output.add(&fetched(&plan, v, w)).unwrap();
    }
    let mut out = Vec::new();
    output.finish(&mut out).unwrap();
    let long = |n: i64| Some(Bytes::copy_from_slice(&n.to_be_bytes()));
    assert_eq!(out[..2], [long(3), long(2)]);
    assert_eq!(out[2..6], [number(-1), number(4), number(3), number(1)]);
}

#[test]
fn aggregates_of_nothing_are_zero_or_null() {
    let context = context(&[]);
    let plan = select("SELECT count(*), max(v), sum(v), avg(v) FROM kv");
    let mut out = Vec::new();
    plan.output(&context).finish(&mut out).unwrap();
    assert_eq!(out, [Some(Bytes::copy_from_slice(&0i64.to_be_bytes())), None, number(0), number(0)]);
}

#[test]
fn now_differs_by_call_and_is_replayed_by_seed() {
    let text = "UPDATE types SET ts = toTimestamp(now()), b = timeuuidAsBlob(now()) WHERE k = uuid()";
    let bound = |seed| {
        let mut out = Vec::new();
        modify(text).bind(&BindContext { seed, ..context(&[]) }, &mut out).unwrap();
        out.remove(0)
    };
    assert_eq!(bound(1), bound(1));
    assert_ne!(bound(1).key, bound(2).key);
}

/// Statements with markers of every kind, for values of every kind.
const STATEMENTS: [&str; 17] = [
    "SELECT * FROM kv WHERE k = ?",
    "SELECT * FROM kv WHERE k IN ? AND v > ? LIMIT ? ALLOW FILTERING",
    "SELECT * FROM wide WHERE a = ? AND b IN (?, ?) AND c > ? AND c <= ?",
    "SELECT * FROM wide WHERE a = ? AND b = ? AND c IN ? AND d < ? ORDER BY c DESC",
    "SELECT count(*), max(v) FROM kv WHERE token(k) > ? AND token(k) <= token(?)",
    "SELECT * FROM events WHERE id = ? AND at > maxTimeuuid(?) AND at < ?",
    "SELECT (text) ?, toJson(m), token(k) FROM types WHERE l = ? AND m CONTAINS KEY ? AND t = (?, ?) ALLOW FILTERING",
    "INSERT INTO kv (k, v, w) VALUES (?, ?, ?) USING TTL ? AND TIMESTAMP ?",
    "INSERT INTO types (k, l, m, t, e) VALUES (?, ?, ?, ?, ?)",
    "INSERT INTO types (k, l, m, t, e) VALUES (uuid(), [?], {?: ?}, (?, ?), [?, ?])",
    "INSERT INTO types (k, ts, d, n, b, f, big, dt) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "UPDATE wide USING TTL ? SET v = ? WHERE a IN ? AND b = ? AND (c, d) IN ((?, ?), (1, 2))",
    "UPDATE types SET ts = toTimestamp((timeuuid) ?), big = toUnixTimestamp((date) ?), b = intAsBlob(?) WHERE k = blobAsUuid(?)",
    "DELETE v FROM kv USING TIMESTAMP ? WHERE k IN (?, ?)",
    "INSERT INTO many (k, l, s, m) VALUES (?, ?, ?, ?)",
    "UPDATE many USING TTL ? SET l = ? + l, s = s - ?, m[?] = ?, m = m - ? WHERE k = ?",
    "DELETE s[?], m[?], l FROM many WHERE k = ?",
];

#[derive(Clone, Debug)]
enum Given {
    Null,
    Unset,
    Bytes(Vec<u8>),
}

fn given() -> impl Strategy<Value = Given> {
    prop_oneof![
        1 => Just(Given::Null),
        1 => Just(Given::Unset),
        4 => prop::sample::select(vec![0, 1, 4, 8, 16]).prop_flat_map(|n| prop::collection::vec(any::<u8>(), n)).prop_map(Given::Bytes),
        4 => (1..4i32).prop_flat_map(|n| prop::collection::vec(any::<i32>(), n as usize)).prop_map(|all| {
            let parts = all.iter().flat_map(|v| [int(4), int(*v)].concat());
            Given::Bytes(int(all.len() as i32).into_iter().chain(parts).collect())
        }),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Given::Bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_bound_value_panics_a_plan(which in 0..STATEMENTS.len(), all in prop::collection::vec(given(), 10)) {
        let prepared = prepared(STATEMENTS[which]).unwrap();
        let values: Vec<BoundValue<'_>> = all.iter().take(prepared.bind.len()).map(|g| match g {
            Given::Null => BoundValue::Null,
            Given::Unset => BoundValue::Unset,
            Given::Bytes(bytes) => BoundValue::Value(bytes),
        }).collect();
        let context = context(&values);
        match prepared.plan {
            Plan::Select(plan) => {
                let key = plan.single_row_key(&values);
                let bound = plan.bind(&context);
                prop_assert!(key.is_none() || bound.is_ok());
                let row: Vec<Option<Bytes>> = plan.projection().columns.iter().zip(all.iter().cycle()).map(|(_, g)| match g {
                    Given::Bytes(bytes) => Some(Bytes::copy_from_slice(bytes)),
                    _ => None,
                }).collect();
                let _ = bound.map(|b| b.filter.matches(&row));
                let mut output = plan.output(&context);
                let _ = if plan.is_aggregate() { output.add(&row) } else { output.row(&row, &mut Vec::new()) };
                let _ = output.finish(&mut Vec::new());
            }
            Plan::Modify(plan) => {
                let mut out = Vec::new();
                if plan.bind(&context, &mut out).is_ok() {
                    for modify in out {
                        prop_assert!(RowView::parse(modify.key.bytes(), &modify.row).is_ok());
                        prop_assert_eq!(Key::token(modify.key.bytes()), Some(modify.token));
                    }
                }
            }
            other => panic!("{other:?}"),
        }
    }
}
