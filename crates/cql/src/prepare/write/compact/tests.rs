//! Tests of compact tables: their columns, refusals, and writes.

use crate::bind::BoundModify;
use crate::context::BindContext;
use crate::fixture::schema_of;
use crate::plan::Plan;
use crate::{Error, describe, parse, prepare};
use henge_model::{CellKind, Column, CompactStorage, Key, KeyKind, Row, RowView, Schema, Table};
use std::sync::Arc;

fn schema() -> Schema {
    let texts = [
        "CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
        "CREATE TABLE ks.alone (k int PRIMARY KEY, column1 int, b text) WITH COMPACT STORAGE",
        "CREATE TABLE ks.counts (k int PRIMARY KEY, n counter) WITH COMPACT STORAGE",
        "CREATE TABLE ks.dense (k int, c int, d int, v text, PRIMARY KEY (k, c, d)) WITH COMPACT STORAGE",
        "CREATE TABLE ks.keys (k int, value int, PRIMARY KEY (k, value)) WITH COMPACT STORAGE",
    ];
    schema_of(texts.into_iter())
}

fn table(name: &str) -> Arc<Table> {
    schema().table("ks", name).unwrap().clone()
}

fn column_texts<'t>(columns: impl Iterator<Item = &'t Column>) -> Vec<String> {
    columns.map(|c| format!("{:?} {} {}", c.kind, c.name, c.data_type)).collect()
}

fn prepare_plan(text: &str) -> Result<Plan, Error> {
    prepare(&parse(text)?, &schema(), Some("ks")).map(|prepared| prepared.plan)
}

fn refusal(text: &str) -> String {
    prepare_plan(text).unwrap_err().message
}

/// The keys and rows that a statement writes.
fn written_rows(text: &str) -> Vec<(Key, Row)> {
    let Plan::Modify(plan) = prepare_plan(text).unwrap() else { panic!("{text} writes nothing") };
    let context = BindContext {
        values: &[],
        timestamp: 7,
        now_us: 0,
        now_seconds: 0,
        before: None,
        statement: 0,
        seed: 1,
        guard: Default::default(),
    };
    let mut out: Vec<BoundModify> = Vec::new();
    plan.bind(&context, &mut out).unwrap();
    let row = |m: &BoundModify| RowView::parse(m.key.bytes(), &m.row).unwrap().to_row();
    out.iter().map(|m| (m.key.clone(), row(m))).collect()
}

#[test]
fn hidden_columns_join_those_that_are_written() {
    let alone = table("alone");
    assert_eq!(alone.options.compact_storage, Some(CompactStorage::Static));
    assert_eq!(
        column_texts(alone.columns()),
        ["PartitionKey k int", "Clustering column2 text", "Static b text", "Static column1 int", "Regular value blob"]
    );
    assert_eq!(column_texts(alone.visible_columns()), ["PartitionKey k int", "Static b text", "Static column1 int"]);
    assert!(alone.column("column2").is_none() && alone.column("value").is_none());
    assert_eq!(column_texts(table("counts").regulars.iter()), ["Regular value counter"]);
    assert_eq!(table("dense").columns().count(), table("dense").visible_columns().count());
    assert_eq!(column_texts(table("keys").regulars.iter()), ["Regular value1 empty"]);
    assert!(table("keys").column("value1").is_none());
}

#[test]
fn what_has_no_compact_form_is_refused() {
    for (columns, message) in [
        ("k int PRIMARY KEY", "No definition found that is not part of the PRIMARY KEY"),
        ("k int, c int, a int, b int, PRIMARY KEY (k, c)", "allows no more than one column"),
        ("k int, c int, a int STATIC, PRIMARY KEY (k, c)", "Static columns are not supported"),
        ("k int PRIMARY KEY, a int STATIC", "Static columns are not supported"),
        ("k int PRIMARY KEY, a list<int>", "Non-frozen collections and UDTs are not supported"),
        ("k int PRIMARY KEY, a counter, b int", "Cannot mix counter and non counter columns"),
    ] {
        let message_of = refusal(&format!("CREATE TABLE t ({columns}) WITH COMPACT STORAGE"));
        assert!(message_of.contains(message), "{columns}: {message_of}");
    }
}

#[test]
fn rows_have_no_marker() {
    let rows = written_rows("INSERT INTO dense (k, c, d, v) VALUES (1, 2, 3, 'x')");
    assert!(rows[0].1.marker.is_none() && rows[0].1.cells.len() == 1);
    let rows = written_rows("INSERT INTO alone (k, b) VALUES (1, 'x')");
    assert_eq!(Key::kind(rows[0].0.bytes()), Some(KeyKind::Static));
    assert!(rows.len() == 1 && rows[0].1.marker.is_none());
    let rows = written_rows("INSERT INTO keys (k, value) VALUES (1, 2)");
    assert!(rows[0].1.marker.is_none());
    assert!(matches!(&rows[0].1.cells[0].kind, CellKind::Live { value } if value.is_empty()));
    assert_eq!(written_rows("INSERT INTO keys JSON '{\"k\": 1, \"value\": 2}'")[0].1.cells.len(), 1);
    assert!(written_rows("DELETE FROM keys WHERE k = 1 AND value = 2")[0].1.deletion.is_some());
}

#[test]
fn an_insert_needs_something_that_keeps_its_row() {
    assert_eq!(
        refusal("INSERT INTO dense (k, c, d) VALUES (1, 2, 3)"),
        "Column v is mandatory for this COMPACT STORAGE table"
    );
    assert_eq!(refusal("INSERT INTO alone (k) VALUES (1)"), "Some clustering keys are missing: column2");
    assert!(refusal("INSERT INTO alone JSON '{\"k\": 1}'").contains("Undefined column name column2"));
    assert!(
        refusal("INSERT INTO keys (k, value, value1) VALUES (1, 2, null)").contains("Undefined column name value1")
    );
}

#[test]
fn the_last_clustering_columns_may_be_missing() {
    let table = table("dense");
    let short = &written_rows("INSERT INTO dense (k, c, v) VALUES (1, 2, 'x')")[0].0;
    let (_, clustering, kind) = Key::decode(&table, short.bytes()).unwrap();
    assert_eq!((clustering.len(), kind), (1, KeyKind::Row));
    assert_eq!(*short, written_rows("UPDATE dense SET v = 'y' WHERE k = 1 AND c = 2")[0].0);
    assert_eq!(written_rows("UPDATE dense SET v = 'y' WHERE k = 1 AND c IN (2, 3)").len(), 2);
    let gap = "PRIMARY KEY column \"d\" cannot be restricted as preceding column \"c\" is not restricted";
    assert_eq!(refusal("INSERT INTO dense (k, d, v) VALUES (1, 2, 'x')"), gap);
    assert_eq!(refusal("UPDATE dense SET v = 'x' WHERE k = 1"), "Some clustering keys are missing: c, d");
    let range = refusal("DELETE v FROM dense WHERE k = 1 AND c = 2");
    assert_eq!(range, "Range deletions are not supported for specific columns");
}

#[test]
fn a_compact_table_is_described_in_a_comment() {
    let text = describe::create_table_text(&table("alone"));
    assert!(text.starts_with("/*\nWarning: Table ks.alone omitted because it has constructs not compatible with CQL"));
    let columns = "CREATE TABLE ks.alone (\n    k int,\n    b text,\n    column1 int,\n    PRIMARY KEY (k)\n)";
    assert!(text.contains(columns), "{text}");
    assert!(text.contains("\n) WITH COMPACT STORAGE\n    AND CLUSTERING ORDER BY (column2 ASC)\n"), "{text}");
    assert!(text.ends_with(";\n*/"));
}
