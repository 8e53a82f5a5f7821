//! Tests: `writetime` and the like of fields, and counter steps.

use crate::context::BindContext;
use crate::fixture::schema_of;
use crate::plan::{Plan, PlannedStatement, ResultColumn};
use crate::{Error, parse, prepare};
use henge_base::Bytes;
use henge_model::{DataType, Keyspace, ProjectedColumn, Schema, Table, UserType};
use std::sync::Arc;

fn context() -> BindContext<'static> {
    let guard = Default::default();
    BindContext { values: &[], timestamp: 0, now_us: 0, now_seconds: 0, before: None, statement: 0, seed: 0, guard }
}

/// `ks.t` with `u`, an unfrozen user type, and `f`, the same type frozen; `ks.n` with a counter.
fn schema() -> Schema {
    let texts = [
        "CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
        "CREATE TABLE ks.t (k int PRIMARY KEY, f int, u int, v int)",
        "CREATE TABLE ks.n (k int PRIMARY KEY, n counter)",
    ];
    let mut schema = schema_of(texts.into_iter());
    let fields = vec![("a".to_owned(), DataType::Int), ("b".to_owned(), DataType::Int)];
    let own = DataType::Udt(UserType { keyspace: "ks".to_owned(), name: "own".to_owned(), fields: fields.into() });
    let keyspace: &mut Keyspace = Arc::make_mut(schema.keyspaces.get_mut("ks").unwrap());
    let table: &mut Table = Arc::make_mut(keyspace.tables.get_mut("t").unwrap());
    for column in &mut table.regulars {
        match column.name.as_str() {
            "u" => column.data_type = own.clone(),
            "f" => column.data_type = DataType::Frozen(Box::new(own.clone())),
            _ => {}
        }
    }
    schema
}

fn prepare_text(text: &str) -> Result<PlannedStatement, Error> {
    prepare(&parse(text)?, &schema(), None)
}

fn list(parts: &[Option<&[u8]>]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        out.extend(part.map_or(-1, |part| part.len() as i32).to_be_bytes());
        out.extend(part.unwrap_or_default());
    }
    out
}

/// The result columns, and their values for a row whose second field was never written.
fn row(text: &str) -> (Vec<ResultColumn>, Vec<Option<Bytes>>) {
    let PlannedStatement { plan: Plan::Select(plan), result, .. } = prepare_text(text).unwrap() else {
        panic!("{text}")
    };
    let value = list(&[Some(&5i32.to_be_bytes()), None]);
    let times = [vec![0, 0, 0, 2], list(&[Some(&7i64.to_be_bytes()), None])].concat();
    let u = plan.table().column("u").unwrap().id;
    let fetched = plan.projection().columns.iter().map(|projected| match projected {
        ProjectedColumn::Cell(_) => Some(Bytes::from(value.clone())),
        ProjectedColumn::Writetime(id) if *id == u => Some(Bytes::from(times.clone())),
        _ => Some(Bytes::copy_from_slice(&9i64.to_be_bytes())),
    });
    let mut out = Vec::new();
    plan.output(&context()).row(&fetched.collect::<Vec<_>>(), &mut out).unwrap();
    (result.unwrap().to_vec(), out)
}

#[test]
fn fields_that_are_cells_have_times_of_their_own() {
    let (columns, values) = row("SELECT writetime(u.a), maxwritetime(u.b), maxwritetime(u), writetime(u) FROM ks.t");
    let bigint = |n: i64| Some(Bytes::copy_from_slice(&n.to_be_bytes()));
    assert_eq!(values[..3], [bigint(7), None, bigint(7)]);
    assert_eq!(columns[0].name, "writetime(u.a)");
    let types: Vec<DataType> = columns.into_iter().map(|c| c.data_type).collect();
    let list = DataType::List(Box::new(DataType::Bigint));
    assert_eq!(types, [DataType::Bigint, DataType::Bigint, DataType::Bigint, list]);
}

#[test]
fn fields_of_one_cell_have_its_time_if_they_are_there() {
    let (_, values) = row("SELECT writetime(f.a), writetime(f.b), writetime(f) FROM ks.t");
    let nine = Some(Bytes::copy_from_slice(&9i64.to_be_bytes()));
    assert_eq!(values, [nine.clone(), None, nine]);
}

#[test]
fn only_fields_of_user_types_have_times() {
    for wrong in ["writetime(v.a)", "writetime(k.a)", "writetime(u.c)", "ttl(u['a'])", "writetime((u.a))"] {
        assert!(prepare_text(&format!("SELECT {wrong} FROM ks.t")).is_err(), "{wrong}");
    }
}

#[test]
fn a_counter_takes_counters() {
    let set = |step: &str| prepare_text(&format!("UPDATE ks.n SET n = n {step} WHERE k = 1"));
    for good in [
        "+ 1",
        "- (1)",
        "+ -1",
        "+ -(1)",
        "+ -abs(1)",
        "- -(-(1))",
        "+ (counter)1",
        "+ blob_as_counter(0x0000000000000001)",
        "+ ?",
    ] {
        set(good).unwrap_or_else(|e| panic!("{good}: {e}"));
    }
    for wrong in [
        "+ (1 + 2)",
        "+ 1 + 2",
        "- 2 * 3",
        "+ (bigint)1",
        "+ (int)1",
        "+ blob_as_bigint(0x0000000000000001)",
        "+ 1.5",
        "+ null",
    ] {
        assert!(set(wrong).is_err(), "{wrong}");
    }
}
