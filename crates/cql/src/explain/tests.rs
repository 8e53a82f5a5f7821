//! Explanations of statements on the fixture's tables.

use crate::fixture::schema;
use crate::{BindContext, Plan, parse, prepare};

fn plan(text: &str) -> Plan {
    let prepared = prepare(&parse(text).unwrap(), &schema(), Some("ks")).unwrap();
    match prepared.plan {
        Plan::Explain(explain) => explain.statement.plan,
        _ => panic!("{text} is no EXPLAIN"),
    }
}

fn words_of(text: &str) -> String {
    let context = BindContext { now_seconds: 1, ..BindContext::constant() };
    let told = match plan(text) {
        Plan::Select(select) => select.explain(&select.bind(&context).unwrap()),
        Plan::Modify(modify) => modify.explain(&context).unwrap(),
        _ => panic!("neither a read nor a write"),
    };
    let lines = told.lines.iter().skip(1).map(|line| format!("{}: {}", line.subject, line.detail));
    let tokens = told.tokens.map_or_else(|| "any".to_owned(), |tokens| tokens.len().to_string());
    format!("{}; tokens: {tokens}", lines.collect::<Vec<_>>().join("; "))
}

#[test]
fn reads_in_words() {
    assert_eq!(
        words_of("EXPLAIN SELECT * FROM kv WHERE k = 'a'"),
        "partitions: 1 by key; rows: 1 row by the whole primary key; tokens: 1"
    );
    assert_eq!(
        words_of("EXPLAIN ANALYZE SELECT * FROM kv WHERE k IN ('a', 'b', 'b') LIMIT 1"),
        "partitions: 2 by key; rows: 2 rows by the whole primary key; limit: 1 row; tokens: 2"
    );
    assert_eq!(words_of("EXPLAIN SELECT * FROM kv"), "partitions: all, by a scan of the ring; tokens: any");
    let filtered = words_of("EXPLAIN SELECT * FROM kv WHERE v = 1 ALLOW FILTERING");
    assert!(filtered.contains("filter: v = ..., checked"), "{filtered}");
    assert!(filtered.contains("warning: all rows of the range are read"), "{filtered}");
}

#[test]
fn writes_in_words() {
    assert_eq!(
        words_of("EXPLAIN INSERT INTO kv (k, v) VALUES ('a', 1)"),
        "partitions: 1 by key; rows: 1 row; tokens: 1"
    );
    assert_eq!(
        words_of("EXPLAIN DELETE FROM kv WHERE k IN ('a', 'b')"),
        "partitions: 2 by key; rows: 2 rows; tokens: 2"
    );
}

#[test]
fn only_statements_that_read_or_write_are_words_of() {
    let refused = |text: &str| parse(text).unwrap_err().to_string();
    assert!(refused("EXPLAIN DROP TABLE kv").contains("expected SELECT, INSERT, UPDATE or DELETE"));
    assert!(refused("EXPLAIN EXPLAIN SELECT * FROM kv").contains("expected SELECT"));
    assert!(refused("EXPLAIN BEGIN BATCH DELETE FROM kv WHERE k = 'a'; APPLY BATCH").contains("this is a batch"));
    let write = parse("EXPLAIN ANALYZE DELETE FROM kv WHERE k = 'a'").unwrap();
    let error = prepare(&write, &schema(), Some("ks")).unwrap_err().to_string();
    assert!(error.contains("for SELECT only"), "{error}");
}
