//! Tests of JSON documents, filters and groups with bound values.

use crate::context::{BindContext, BoundValue};
use crate::fixture::prepare_text;
use crate::{ModifyPlan, Plan, SelectPlan};
use henge_base::Bytes;
use henge_model::{CellKind, RowView};

fn context<'a>(values: &'a [BoundValue<'a>]) -> BindContext<'a> {
    BindContext {
        values,
        timestamp: 7,
        now_us: 0,
        now_seconds: 0,
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

fn number(n: i32) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(&n.to_be_bytes()))
}

fn cells(text: &str, values: &[BoundValue<'_>]) -> Result<Vec<CellKind>, String> {
    let mut out = Vec::new();
    modify(text).bind(&context(values), &mut out).map_err(|e| e.message)?;
    let row = RowView::parse(out[0].key.bytes(), &out[0].row).unwrap().to_row();
    assert!(row.marker.is_some());
    Ok(row.cells.into_iter().map(|cell| cell.kind).collect())
}

#[test]
fn bound_documents_write_what_literal_ones_do() {
    let document = r#"{"k": "a", "V": 5}"#;
    let tombstone = CellKind::Tombstone { local_seconds: 0 };
    let five = CellKind::Live { value: Bytes::copy_from_slice(&5i32.to_be_bytes()) };
    let literal = cells(&format!("INSERT INTO kv JSON '{document}'"), &[]);
    assert_eq!(literal, Ok(vec![five.clone(), tombstone]));
    let value = [BoundValue::Value(document.as_bytes())];
    assert_eq!(cells("INSERT INTO kv JSON ?", &value), literal);
    assert_eq!(cells("INSERT INTO kv JSON ? DEFAULT UNSET", &value), Ok(vec![five]));
    for (document, expected) in [
        (r#"{"v": 5}"#, "Invalid null value in condition for column k"),
        (r#"{"k": "a", "x": 5}"#, "JSON values map contains unrecognized column: x"),
        (r#"{"k": "a", "v": "x"}"#, "Error decoding JSON value for v: Unable to make int from 'x'"),
        ("null", "Got null for INSERT JSON values"),
    ] {
        assert_eq!(cells("INSERT INTO kv JSON ?", &[BoundValue::Value(document.as_bytes())]), Err(expected.to_owned()));
    }
}

#[test]
fn groups_begin_where_what_they_have_in_common_ends() {
    let plan = select("SELECT c, sum(d) FROM wide WHERE a = 1 AND b = 'x' GROUP BY c");
    assert!(plan.is_grouped() && !plan.is_aggregate() && !plan.is_identity());
    let context = context(&[]);
    let mut output = plan.output(&context);
    // The fetched values: c, d, then those of the other GROUP BY columns.
    let row = |c: i32, d: i32| {
        let of = |projected: &henge_model::ProjectedColumn| match projected {
            henge_model::ProjectedColumn::Clustering(0) => number(c),
            henge_model::ProjectedColumn::Clustering(_) => number(d),
            _ => Some(Bytes::from_static(b"x")),
        };
        plan.projection().columns.iter().map(of).collect::<Vec<_>>()
    };
    let mut answers = Vec::new();
    for (c, d) in [(1, 10), (1, 20), (2, 5)] {
        if output.begins_group(&row(c, d)).unwrap() {
            if output.is_in_group() {
                output.finish(&mut answers).unwrap();
            }
            output.begin_group(&row(c, d)).unwrap();
        }
        output.add(&row(c, d)).unwrap();
    }
    output.finish(&mut answers).unwrap();
    assert_eq!(answers, [number(1), number(30), number(2), number(5)]);
    assert!(!output.is_in_group());
}

#[test]
fn tuples_in_mixed_order_are_bounded_by_their_first_column_and_filtered() {
    let plan = select("SELECT c FROM wide WHERE a = 1 AND b = 'x' AND (c, d) > (1, 5)");
    let bound = plan.bind(&context(&[])).unwrap();
    let row = |c: i32, d: i32| {
        let of = |projected: &henge_model::ProjectedColumn| match projected {
            henge_model::ProjectedColumn::Clustering(0) => number(c),
            _ => number(d),
        };
        plan.projection().columns.iter().map(of).collect::<Vec<_>>()
    };
    assert!(bound.filter.matches(&row(1, 6)) && bound.filter.matches(&row(2, 0)));
    assert!(!bound.filter.matches(&row(1, 5)));
}

#[test]
fn entries_of_maps_filter() {
    let plan = select("SELECT k FROM many WHERE m['x'] = ? AND m['y'] = 2 ALLOW FILTERING");
    let one = 1i32.to_be_bytes();
    let bound = plan.bind(&context(&[BoundValue::Value(&one)])).unwrap();
    let map = |x: u8, y: u8| {
        let mut bytes = vec![0, 0, 0, 2];
        for (key, value) in [(b'x', x), (b'y', y)] {
            bytes.extend([0, 0, 0, 1, key, 0, 0, 0, 4, 0, 0, 0, value]);
        }
        let bytes = Bytes::from(bytes);
        plan.projection().columns.iter().map(|_| Some(bytes.clone())).collect::<Vec<_>>()
    };
    assert!(bound.filter.matches(&map(1, 2)));
    assert!(!bound.filter.matches(&map(1, 3)));
    assert!(!bound.filter.matches(&map(0, 2)));
}
