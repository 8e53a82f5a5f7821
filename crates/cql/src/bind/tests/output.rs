//! Tests of filters, functions and aggregates.

use super::*;
use crate::context::BindContext;

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

/// A row of `kv` as the plan fetches it, with `w` as its last value.
fn fetched_row(plan: &SelectPlan, v: Option<Bytes>, w: Option<Bytes>) -> Vec<Option<Bytes>> {
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
        output.add(&fetched_row(&plan, v, w)).unwrap();
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
