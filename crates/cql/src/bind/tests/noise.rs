//! Tests of random values for statements of every kind.

use super::*;
use crate::context::BoundValue;
use proptest::prelude::*;

/// Statements with every kind of marker.
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
    "INSERT INTO types (k, l, m, t, e) VALUES (uuid(), [1], {'a': 1}, (?, ?), [?, ?])",
    "INSERT INTO types (k, ts, d, n, b, f, big, dt) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "UPDATE wide USING TTL ? SET v = ? WHERE a IN ? AND b = ? AND (c, d) IN ((?, ?), (1, 2))",
    "UPDATE types SET ts = toTimestamp((timeuuid) ?), big = toUnixTimestamp((date) ?), b = intAsBlob(?) WHERE k = blobAsUuid(?)",
    "DELETE v FROM kv USING TIMESTAMP ? WHERE k IN (?, ?)",
    "INSERT INTO many (k, l, s, m) VALUES (?, ?, ?, ?)",
    "UPDATE many USING TTL ? SET l = ? + l, s = s - ?, m[?] = ?, m = m - ? WHERE k = ?",
    "DELETE s[?], m[?], l FROM many WHERE k = ?",
];

#[derive(Clone, Debug)]
enum NoiseValue {
    Null,
    Unset,
    Bytes(Vec<u8>),
}

fn any_value() -> impl Strategy<Value = NoiseValue> {
    prop_oneof![
        1 => Just(NoiseValue::Null),
        1 => Just(NoiseValue::Unset),
        4 => prop::sample::select(vec![0, 1, 4, 8, 16]).prop_flat_map(|n| prop::collection::vec(any::<u8>(), n)).prop_map(NoiseValue::Bytes),
        4 => (1..4i32).prop_flat_map(|n| prop::collection::vec(any::<i32>(), n as usize)).prop_map(|all| {
            let parts = all.iter().flat_map(|v| [int(4), int(*v)].concat());
            NoiseValue::Bytes(int(all.len() as i32).into_iter().chain(parts).collect())
        }),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(NoiseValue::Bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_bound_value_panics_a_plan(which in 0..STATEMENTS.len(), all in prop::collection::vec(any_value(), 10)) {
        let prepared = prepare_text(STATEMENTS[which]).unwrap();
        let values: Vec<BoundValue<'_>> = all.iter().take(prepared.bind.len()).map(|g| match g {
            NoiseValue::Null => BoundValue::Null,
            NoiseValue::Unset => BoundValue::Unset,
            NoiseValue::Bytes(bytes) => BoundValue::Value(bytes),
        }).collect();
        let context = context(&values);
        match prepared.plan {
            Plan::Select(plan) => {
                let key = plan.single_row_key(&values);
                let bound = plan.bind(&context);
                prop_assert!(key.is_none() || bound.is_ok());
                let row: Vec<Option<Bytes>> = plan.projection().columns.iter().zip(all.iter().cycle()).map(|(_, g)| match g {
                    NoiseValue::Bytes(bytes) => Some(Bytes::copy_from_slice(bytes)),
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
