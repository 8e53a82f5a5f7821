//! Tests: the work of a statement is in proportion to its size. Steps are counted, not time, at one size and at twice
//! that size: what is quadratic takes four times as many.

use crate::bind::RowValues;
use crate::context::BindContext;
use crate::fixture::schema_of;
use crate::{ModifyPlan, Plan, PlannedStatement, parse, prepare};
use henge_base::{Bytes, steps_of};
use henge_model::{ColumnId, DataType, RowView, Schema, Table, UserType};
use std::sync::Arc;

/// Asserts that the steps for twice the size are fewer than three times as many.
fn assert_linear(what: &str, steps: impl Fn(usize) -> u64) {
    let (once, twice) = (steps(400), steps(800));
    assert!(twice < 3 * once, "{what}: {once} steps, then {twice}");
}

/// Each number's text, joined by commas.
fn comma_list(count: usize, each: impl Fn(usize) -> String) -> String {
    (0..count).map(each).collect::<Vec<_>>().join(", ")
}

/// Table `t` with collections, `w` with `columns` plain columns, and `u` with a column of a type of `columns` fields.
fn schema(columns: usize) -> Schema {
    let wide = format!("CREATE TABLE ks.w (k int PRIMARY KEY, {})", comma_list(columns, |i| format!("c{i} int")));
    let texts = [
        "CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
        "CREATE TABLE ks.t (k int PRIMARY KEY, l list<int>, m map<int, int>, f frozen<list<int>>, n int)",
        "CREATE TABLE ks.u (k int PRIMARY KEY, x int, y int)",
        "CREATE TABLE ks.c (k int PRIMARY KEY, n counter)",
        &wide,
    ];
    let mut schema = schema_of(texts.into_iter());
    let fields = (0..columns).map(|i| (format!("f{i}"), DataType::Int)).collect();
    let own = DataType::Udt(UserType { keyspace: "ks".to_owned(), name: "own".to_owned(), fields });
    let keyspace = Arc::make_mut(schema.keyspaces.get_mut("ks").unwrap());
    let table: &mut Table = Arc::make_mut(keyspace.tables.get_mut("u").unwrap());
    table.regulars[0].data_type = own.clone();
    table.regulars[1].data_type = DataType::Frozen(Box::new(own));
    schema
}

/// The steps of preparing a statement, which must succeed.
fn preparing(text: &str, schema: &Schema) -> u64 {
    let statement = parse(text).unwrap();
    steps_of(|| prepare(&statement, schema, Some("ks")).unwrap())
}

fn plan(text: &str, schema: &Schema) -> Plan {
    let PlannedStatement { plan, .. } = prepare(&parse(text).unwrap(), schema, Some("ks")).unwrap();
    plan
}

fn modify(text: &str, schema: &Schema) -> Box<ModifyPlan> {
    match plan(text, schema) {
        Plan::Modify(plan) => plan,
        other => panic!("{other:?}"),
    }
}

fn context<'a>(now_us: i64) -> BindContext<'a> {
    BindContext {
        values: &[],
        timestamp: now_us,
        now_us,
        now_seconds: now_us / 1_000_000,
        before: None,
        statement: 0,
        seed: 1,
        guard: Default::default(),
    }
}

/// The steps of binding an update of a row whose list has the numbers up to `elements`.
fn changing_list(text: &str, elements: usize) -> u64 {
    let schema = schema(1);
    let filled = format!("UPDATE t SET l = [{}] WHERE k = 1", comma_list(elements, |i| i.to_string()));
    let mut rows = Vec::new();
    modify(&filled, &schema).bind(&context(1_700_000_000_000_000), &mut rows).unwrap();
    let before = RowView::parse(rows[0].key.bytes(), &rows[0].row).unwrap();
    let plan = modify(text, &schema);
    let context = BindContext { before: Some(&before), ..context(1_700_000_001_000_000) };
    let (key, token) = plan.row_keys(&context).unwrap().remove(0);
    steps_of(|| plan.bind_row(key, token, &context, &mut Vec::new()).unwrap())
}

#[test]
fn changes_of_a_list_are_linear() {
    assert_linear("DELETE l[0], l[0], ...", |n| {
        changing_list(&format!("DELETE {} FROM t WHERE k = 1", comma_list(n, |_| "l[0]".to_owned())), n)
    });
    assert_linear("SET l[0] = 7, l[1] = 7, ...", |n| {
        changing_list(&format!("UPDATE t SET {} WHERE k = 1", comma_list(n, |i| format!("l[{i}] = 7"))), n)
    });
    assert_linear("l = l - [...]", |n| {
        changing_list(&format!("UPDATE t SET l = l - [{}] WHERE k = 1", comma_list(n, |i| (2 * i).to_string())), n)
    });
    assert_linear("l = l - [1], l = l - [2], ...", |n| {
        changing_list(&format!("UPDATE t SET {} WHERE k = 1", comma_list(n, |i| format!("l = l - [{i}]"))), n)
    });
    assert_linear("l = l + [1], l[1] = 2, ...", |n| {
        changing_list(
            &format!("UPDATE t SET {} WHERE k = 1", comma_list(n, |i| format!("l = l + [{i}], l[{i}] = 2"))),
            n,
        )
    });
    assert_linear("l = [1] + l, l[1] = 2, ...", |n| {
        changing_list(
            &format!("UPDATE t SET {} WHERE k = 1", comma_list(n, |i| format!("l = [{i}] + l, l[{i}] = 2"))),
            n,
        )
    });
}

/// A row each of whose collections has the same elements.
struct Collections(Vec<u8>);

impl RowValues for Collections {
    fn exists(&self) -> bool {
        true
    }

    fn value(&self, _: ColumnId) -> Option<&[u8]> {
        Some(&self.0)
    }
}

#[test]
fn conditions_on_parts_are_linear() {
    let schema = schema(1);
    // As a list twice as many numbers, as a map each number with itself.
    let row = |entries: usize, numbers: usize| {
        let number = |number: usize| [&4i32.to_be_bytes()[..], &(number as i32).to_be_bytes()].concat();
        let count = (entries as i32).to_be_bytes().to_vec();
        Collections(count.into_iter().chain((0..numbers).flat_map(|at| number(at / (numbers / entries)))).collect())
    };
    let tests = |numbers: usize, n: usize, each: &dyn Fn(usize) -> String| {
        let tests = (0..n).map(each).collect::<Vec<_>>().join(" AND ");
        let plan = modify(&format!("UPDATE t SET n = 1 WHERE k = 1 IF {tests}"), &schema);
        let (row, context) = (row(n, numbers * n), context(1));
        let mut holds = false;
        let steps = steps_of(|| holds = plan.condition.as_ref().unwrap().holds(&row, &context).unwrap());
        assert!(holds, "IF {}", each(1));
        steps
    };
    assert_linear("IF m[0] = 0 AND m[1] = 1 ...", |n| tests(2, n, &|i| format!("m[{i}] = {i}")));
    assert_linear("IF m CONTAINS KEY 0 AND ...", |n| tests(2, n, &|i| format!("m CONTAINS KEY {i}")));
    assert_linear("IF m CONTAINS 0 AND ...", |n| tests(2, n, &|i| format!("m CONTAINS {}", n - 1 - i)));
    assert_linear("IF l CONTAINS 0 AND ...", |n| tests(1, n, &|i| format!("l CONTAINS {}", n - 1 - i)));
    assert_linear("IF f CONTAINS 0 AND ...", |n| tests(1, n, &|i| format!("f CONTAINS {i}")));
    assert_linear("IF l[0] = 0 AND l[1] = 1 ...", |n| tests(1, n, &|i| format!("l[{i}] = {i}")));
}

#[test]
fn changes_of_parts_are_linear() {
    let schema = schema(800);
    let update = |n, each: &dyn Fn(usize) -> String| format!("UPDATE t SET {} WHERE k = 1", comma_list(n, each));
    assert_linear("m[i] = 1", |n| preparing(&update(n, &|i| format!("m[{i}] = 1")), &schema));
    assert_linear("DELETE m[i]", |n| {
        preparing(&format!("DELETE {} FROM t WHERE k = 1", comma_list(n, |i| format!("m[{i}]"))), &schema)
    });
    assert_linear("x.f = 1", |n| {
        preparing(&format!("UPDATE u SET {} WHERE k = 1", comma_list(n, |i| format!("x.f{i} = 1"))), &schema)
    });
    assert_linear("n = n + 1", |n| {
        let plan = modify(&format!("UPDATE c SET {} WHERE k = 1", comma_list(n, |_| "n = n + 1".to_owned())), &schema);
        steps_of(|| plan.bind(&context(1), &mut Vec::new()).unwrap())
    });
}

#[test]
fn statements_of_many_columns_are_linear() {
    assert_linear("SET c = 1", |n| {
        preparing(&format!("UPDATE w SET {} WHERE k = 1", comma_list(n, |i| format!("c{i} = 1"))), &schema(n))
    });
    assert_linear("INSERT", |n| {
        let text = format!(
            "INSERT INTO w (k, {}) VALUES (1, {})",
            comma_list(n, |i| format!("c{i}")),
            comma_list(n, |_| "1".into())
        );
        preparing(&text, &schema(n))
    });
    assert_linear("INSERT JSON", |n| {
        let members = comma_list(n, |i| format!("\"c{i}\": 1"));
        preparing(&format!("INSERT INTO w JSON '{{\"k\": 1, {members}}}'"), &schema(n))
    });
    assert_linear("SELECT c", |n| {
        preparing(&format!("SELECT {} FROM w", comma_list(n, |i| format!("c{i}"))), &schema(n))
    });
    assert_linear("SELECT c + 1", |n| {
        preparing(&format!("SELECT {} FROM w", comma_list(n, |i| format!("c{i} + 1"))), &schema(n))
    });
    assert_linear("SELECT *", |n| preparing("SELECT * FROM w", &schema(n)));
    assert_linear("WHERE c = 1", |n| {
        let all = (0..n).map(|i| format!("c{i} = 1")).collect::<Vec<_>>().join(" AND ");
        preparing(&format!("SELECT k FROM w WHERE {all} ALLOW FILTERING"), &schema(n))
    });
}

#[test]
fn selections_of_fields_are_linear() {
    let selects = |column: &str, n: usize| format!("SELECT {} FROM u", comma_list(n, |i| format!("{column}.f{i}")));
    assert_linear("SELECT x.f", |n| preparing(&selects("x", n), &schema(n)));
    assert_linear("x.f of a row", |n| {
        let Plan::Select(plan) = plan(&selects("y", n), &schema(n)) else { panic!("a SELECT") };
        let value: Vec<u8> = (0..n).flat_map(|_| [0, 0, 0, 4, 0, 0, 0, 9]).collect();
        let fetched = vec![Some(Bytes::from(value)); plan.projection().columns.len()];
        let context = context(1);
        steps_of(|| plan.output(&context).row(&fetched, &mut Vec::new()).unwrap())
    });
    assert_linear("{f: c}", |n| {
        preparing(&format!("SELECT (own) {{ {} }} FROM w", comma_list(n, |i| format!("f{i}: 1"))), &with_type(n))
    });
}

/// The schema with `own` among the types of its keyspace.
fn with_type(columns: usize) -> Schema {
    let mut schema = schema(columns);
    let keyspace = Arc::make_mut(schema.keyspaces.get_mut("ks").unwrap());
    let DataType::Udt(own) = &keyspace.tables["u"].regulars[0].data_type else { panic!("a user type") };
    keyspace.types.insert("own".to_owned(), Arc::new(own.clone()));
    schema
}

#[test]
fn restrictions_of_parts_are_linear() {
    let schema = schema(1);
    let text = |n: usize| {
        let all = (0..n).map(|i| format!("f CONTAINS {i}")).collect::<Vec<_>>().join(" AND ");
        format!("SELECT k FROM t WHERE {all} ALLOW FILTERING")
    };
    assert_linear("CONTAINS", |n| preparing(&text(n), &schema));
    assert_linear("CONTAINS of a row", |n| {
        let Plan::Select(plan) = plan(&text(n), &schema) else { panic!("a SELECT") };
        let bound = plan.bind(&context(1)).unwrap();
        let elements = (0..n as i32).flat_map(|i| [[0, 0, 0, 4], i.to_be_bytes()].concat());
        let list: Vec<u8> = (n as i32).to_be_bytes().into_iter().chain(elements).collect();
        let row = vec![Some(Bytes::from(list)); plan.projection().columns.len()];
        steps_of(|| assert!(bound.filter.matches(&row)))
    });
}

#[test]
fn definitions_of_many_columns_are_linear() {
    let schema = schema(1);
    assert_linear("CREATE TABLE", |n| {
        preparing(&format!("CREATE TABLE x (k int PRIMARY KEY, {})", comma_list(n, |i| format!("c{i} int"))), &schema)
    });
    assert_linear("CREATE TABLE with a long key", |n| {
        let (columns, names) = (comma_list(n, |i| format!("c{i} int")), comma_list(n, |i| format!("c{i}")));
        preparing(&format!("CREATE TABLE x ({columns}, v int, PRIMARY KEY ({names}))"), &schema)
    });
    assert_linear("CREATE TABLE with static columns", |n| {
        let columns = comma_list(n, |i| format!("c{i} int static"));
        preparing(&format!("CREATE TABLE x (k int, c int, {columns}, PRIMARY KEY (k, c))"), &schema)
    });
    assert_linear("ALTER TABLE", |n| {
        preparing(&format!("ALTER TABLE t ADD ({})", comma_list(n, |i| format!("c{i} int"))), &schema)
    });
    assert_linear("CREATE TYPE", |n| {
        preparing(&format!("CREATE TYPE x ({})", comma_list(n, |i| format!("c{i} int"))), &schema)
    });
}
