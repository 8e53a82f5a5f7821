use super::*;
use crate::statement::{
    Arguments, AssignmentKind, BatchKind, Condition, Constant, DescribeSubject, ModifyStatement, Operator, Statement,
    Subject, TermKind,
};
use proptest::prelude::*;

fn message(text: &str) -> String {
    match parse(text) {
        Ok(statement) => panic!("{text} gave {statement:?}"),
        Err(e) => e.to_string(),
    }
}

fn select(text: &str) -> crate::statement::Select {
    match parse(text) {
        Ok(Statement::Select(select)) => select,
        other => panic!("{text} gave {other:?}"),
    }
}

#[test]
fn every_part_of_a_select_is_read() {
    let s = select(
        "SELECT a, \"B\" AS c, count(*), writetime(d), ks.f(1) FROM k.t WHERE a = ? AND (b, c) > (1, :x) AND d IN (1,2) \
         AND token(a) <= -5 AND m CONTAINS KEY 'k' ORDER BY b DESC, c PER PARTITION LIMIT 2 LIMIT ? ALLOW FILTERING;",
    );
    assert_eq!(s.items.len(), 5);
    assert_eq!(s.items[1].alias.as_ref().unwrap().text, "c");
    assert!(matches!(&s.items[2].term.kind, TermKind::Call { arguments: Arguments::Star, .. }));
    assert_eq!(s.table.keyspace.unwrap().text, "k");
    let operators: Vec<_> = s.relations.iter().map(|r| r.operator).collect();
    assert_eq!(
        operators,
        [Operator::Equal, Operator::Greater, Operator::In, Operator::LessOrEqual, Operator::ContainsKey]
    );
    assert!(matches!(&s.relations[1].subject, Subject::Columns(names) if names.len() == 2));
    assert!(matches!(&s.relations[3].values[0].kind, TermKind::Constant(Constant::Integer(n)) if n == "-5"));
    assert!(s.order_by[0].descending && !s.order_by[1].descending);
    assert!(s.allow_filtering);
    let TermKind::Marker(limit) = &s.limit.unwrap().kind else { panic!("a marker") };
    assert_eq!(limit.index, 2);
}

#[test]
fn a_text_in_parentheses_is_no_type_where_no_term_follows() {
    let s = select("SELECT a FROM t WHERE a = 1 AND (c) = ('c') GROUP BY a LIMIT 1 ALLOW FILTERING");
    assert!(s.group_by.len() == 1 && s.allow_filtering);
    assert!(matches!(&s.relations[1].values[0].kind, TermKind::Tuple(parts) if parts.len() == 1));
    assert!(parse("INSERT INTO t (a) VALUES ({('c'): 3})").is_ok());
    assert!(parse("SELECT ('text') f(c) FROM t").is_ok());
    assert!(select("SELECT a FROM t WHERE (c) > ('c') LIMIT (1)").limit.is_some());
    let mixed = message("SELECT a FROM t WHERE (b, c) IN (?, (?, ?))");
    assert_eq!(mixed, "line 1:36 tuples and bind markers cannot stand in one list");
}

#[test]
fn words_that_are_not_reserved_are_names() {
    let s = select("SELECT key, value, json, distinct, ttl, count, timestamp FROM system.local WHERE key = 'local'");
    assert_eq!(s.items.len(), 7);
    assert!(s.json.is_none() && s.distinct.is_none());
    assert!(select("SELECT DISTINCT a FROM t").distinct.is_some());
    assert!(select("SELECT JSON a FROM t").json.is_some());
    assert_eq!(message("SELECT table FROM t"), "line 1:7 'table' is reserved; quote it to use it as a value or column");
}

#[test]
fn terms_keep_their_forms() {
    let value = |text: &str| match parse(&format!("INSERT INTO t (a) VALUES ({text})")) {
        Ok(Statement::Modify(ModifyStatement::Insert(insert))) => match insert.values {
            crate::statement::InsertValues::Columns { mut terms, .. } => terms.remove(0).kind,
            other => panic!("{other:?}"),
        },
        other => panic!("{text}: {other:?}"),
    };
    assert!(matches!(value("[1, 2]"), TermKind::List(l) if l.len() == 2));
    assert!(matches!(value("{1, 2}"), TermKind::Set(l) if l.len() == 2));
    assert!(matches!(value("{}"), TermKind::Set(l) if l.is_empty()));
    assert!(matches!(value("{'a': 1, 'b': :x}"), TermKind::Map(l) if l.len() == 2));
    assert!(matches!(value("{a: 1}"), TermKind::UserType(_)));
    assert!(matches!(value("(1, 'a')"), TermKind::Tuple(l) if l.len() == 2));
    assert!(matches!(value("(1)"), TermKind::Tuple(l) if l.len() == 1));
    assert!(matches!(value("(int) ?"), TermKind::Hinted { .. }));
    assert!(matches!(value("(list<int>) [1]"), TermKind::Hinted { .. }));
    assert!(matches!(value("CAST(1 AS text)"), TermKind::Cast { .. }));
    assert!(matches!(value("1 + 2 * 3"), TermKind::Arithmetic { .. }));
    assert!(matches!(value("-NaN"), TermKind::Constant(Constant::Float(f)) if f == "-NaN"));
    assert!(matches!(value("0xcafe"), TermKind::Constant(Constant::Blob(b)) if b == [0xca, 0xfe]));
    assert!(matches!(value("$$it's$$"), TermKind::Constant(Constant::String(s)) if s == "it's"));
    assert!(matches!(value("'it''s'"), TermKind::Constant(Constant::String(s)) if s == "it's"));
    assert!(matches!(value("system.now()"), TermKind::Call { keyspace: Some(_), .. }));
    assert_eq!(
        message("INSERT INTO t (a) VALUES (0xabc)"),
        "cannot parse 'abc' as hex bytes: it has an odd number of digits"
    );
}

#[test]
fn writes_are_read() {
    let Ok(Statement::Modify(ModifyStatement::Update(update))) = parse(
        "UPDATE t USING TTL ? AND TIMESTAMP 5 SET a = 1, b = b + 2, c += 3, l = [1] + l, m['k'] = ?, u.f = 2 WHERE k = 1 IF EXISTS",
    ) else {
        panic!("an update")
    };
    let kinds: Vec<_> = update.assignments.iter().map(|a| &a.kind).collect();
    assert!(matches!(kinds[0], AssignmentKind::Value(_)));
    assert!(matches!(kinds[1], AssignmentKind::Change(..)));
    assert!(matches!(kinds[2], AssignmentKind::Change(..)));
    assert!(matches!(kinds[3], AssignmentKind::Prepend(_)));
    assert!(matches!(kinds[4], AssignmentKind::Element(..)));
    assert!(matches!(kinds[5], AssignmentKind::Field(..)));
    assert!(matches!(update.condition, Some(Condition::Exists(_))));
    let Ok(Statement::Modify(ModifyStatement::Delete(delete))) =
        parse("DELETE a, m[1], u.f FROM t USING TIMESTAMP 1 WHERE k = 1 IF a = 2")
    else {
        panic!("a delete")
    };
    assert_eq!(delete.deletions.len(), 3);
    let Ok(Statement::Batch(batch)) = parse(
        "BEGIN UNLOGGED BATCH USING TIMESTAMP ? INSERT INTO t (k) VALUES (?); DELETE FROM t WHERE k = ? APPLY BATCH;",
    ) else {
        panic!("a batch")
    };
    assert_eq!((batch.kind, batch.statements.len()), (BatchKind::Unlogged, 2));
    assert!(matches!(parse("BEGIN BATCH APPLY BATCH"), Ok(Statement::Batch(b)) if b.statements.is_empty()));
    assert_eq!(message("UPDATE t SET a = b + 1 WHERE k = 1"), "line 1:17 only a itself may be added to or taken from");
}

#[test]
fn schema_statements_are_read() {
    let Ok(Statement::CreateTable(create)) = parse(
        "CREATE TABLE IF NOT EXISTS k.t (a int, b frozen<map<text, list<int>>>, c vector<float, 3> STATIC, \
         PRIMARY KEY ((a, b), c)) WITH CLUSTERING ORDER BY (c DESC) AND comment = 'x' AND gc_grace_seconds = 5 \
         AND compaction = {'class': 'LeveledCompactionStrategy', 'sstable_size_in_mb': 100}",
    ) else {
        panic!("a table")
    };
    assert!(create.if_not_exists);
    assert_eq!(create.columns.len(), 3);
    assert_eq!(create.primary_keys[0].0.len(), 2);
    assert!(create.clustering_order[0].1);
    assert_eq!(create.properties.len(), 3);
    for text in [
        "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1} AND durable_writes = true",
        "ALTER KEYSPACE k WITH durable_writes = false",
        "DROP KEYSPACE IF EXISTS k",
        "USE \"K\"",
        "TRUNCATE TABLE k.t",
        "TRUNCATE t",
        "DROP TABLE IF EXISTS t",
        "ALTER TABLE t ADD a int",
        "ALTER TABLE t ADD (a int, b text)",
        "ALTER TABLE t DROP a USING TIMESTAMP 3",
        "ALTER TABLE t RENAME a TO b AND c TO d",
        "ALTER TABLE t WITH comment = ''",
        "ALTER TABLE t ALTER a TYPE text",
        "CREATE TABLE t (a int PRIMARY KEY)",
        "CREATE TYPE IF NOT EXISTS k.t (a int, b frozen<list<text>>)",
        "ALTER TYPE t ADD IF NOT EXISTS a int",
        "ALTER TYPE IF EXISTS t RENAME a TO b AND c TO d",
        "DROP TYPE IF EXISTS k.t",
        "create columnfamily t (a int primary key)",
    ] {
        assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
    }
}

#[test]
fn describe_has_many_subjects() {
    let subject = |text: &str| match parse(text) {
        Ok(Statement::Describe(d)) => d.subject,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(subject("DESCRIBE CLUSTER"), DescribeSubject::Cluster);
    assert_eq!(subject("desc keyspaces;"), DescribeSubject::Keyspaces);
    assert_eq!(subject("DESC FULL SCHEMA"), DescribeSubject::Schema { full: true });
    assert_eq!(subject("DESCRIBE SCHEMA"), DescribeSubject::Schema { full: false });
    assert!(matches!(subject("DESCRIBE KEYSPACE k"), DescribeSubject::Keyspace { only: false, name: Some(_) }));
    assert!(matches!(subject("DESCRIBE KEYSPACE"), DescribeSubject::Keyspace { only: false, name: None }));
    assert!(matches!(subject("DESCRIBE ONLY KEYSPACE k WITH INTERNALS"), DescribeSubject::Keyspace { only: true, .. }));
    assert!(matches!(subject("DESCRIBE TABLE k.t"), DescribeSubject::Table(_)));
    assert!(matches!(subject("DESCRIBE k.t"), DescribeSubject::Any(t) if t.keyspace.is_some()));
    assert!(matches!(subject("DESCRIBE \"Tables\""), DescribeSubject::Any(_)));
}

#[test]
fn errors_say_where_and_what() {
    for (text, expected) in [
        ("", "line 1:0 no statement in the text"),
        ("SELCT * FROM t", "line 1:0 expected a statement, found 'SELCT' (did you mean SELECT?)"),
        ("SELECT * FORM t", "line 1:9 expected FROM, found 'FORM' (did you mean FROM?)"),
        ("SELECT *\nFROM", "line 2:4 expected a table name, found the end of the text"),
        ("SELECT * FROM t WHERE", "line 1:21 expected a column, found the end of the text"),
        ("SELECT * FROM t x", "line 1:16 expected the end of the statement, found 'x'"),
        ("SELECT * FROM t; SELECT", "line 1:17 expected the end of the statement, found 'SELECT'"),
        ("SELECT 'a FROM t", "line 1:7 quote without an end"),
        ("SELECT * FROM ?", "line 1:14 expected a table name, found '?'"),
        (
            "CREATE TABEL t",
            "line 1:7 expected KEYSPACE, TABLE, INDEX, VIEW, TYPE, FUNCTION, AGGREGATE, TRIGGER, ROLE or USER, found 'TABEL' (did you mean TABLE?)",
        ),
        ("DELETE FROM t", "line 1:13 expected WHERE, found the end of the text"),
        ("SELECT # FROM t", "line 1:7 unexpected character"),
    ] {
        assert_eq!(message(text), expected, "{text}");
    }
}

#[test]
fn depth_and_length_are_limited() {
    for (open, close) in [("(", ")"), ("[", "]"), ("- ", ""), ("{", "}"), ("f(", ")"), ("{1:", "}")] {
        let text = format!("INSERT INTO t (a) VALUES ({}1{})", open.repeat(10_000), close.repeat(10_000));
        assert!(message(&text).contains("nested deeper"), "{open}");
    }
    assert!(message(&format!("SELECT 1{} FROM t", "+1".repeat(10_000))).contains("operators in a row"));
    assert!(message(&format!("SELECT a{} FROM t", ".a".repeat(10_000))).contains("levels"));
    assert!(message(&format!("CREATE TABLE t (a {}int{})", "list<".repeat(999), ">".repeat(999))).contains("nested"));
    assert!(message(&format!("SELECT a FROM t WHERE {}a = 1{}", "(".repeat(999), ")".repeat(999))).contains("nested"));
    let markers = vec!["?"; 70_000].join(",");
    assert_eq!(parse(&format!("SELECT a FROM t WHERE a IN ({markers})")).unwrap_err().message, "too many bind markers");
}

/// Keywords and symbols from which random statements are built.
const PIECES: [&str; 84] = [
    "SELECT",
    "INSERT",
    "INTO",
    "UPDATE",
    "DELETE",
    "BEGIN",
    "BATCH",
    "APPLY",
    "CREATE",
    "TABLE",
    "KEYSPACE",
    "WITH",
    "AND",
    "FROM",
    "WHERE",
    "SET",
    "VALUES",
    "IF",
    "NOT",
    "EXISTS",
    "USING",
    "TTL",
    "TIMESTAMP",
    "ORDER",
    "GROUP",
    "BY",
    "LIMIT",
    "PER",
    "PARTITION",
    "ALLOW",
    "FILTERING",
    "IN",
    "CONTAINS",
    "KEY",
    "LIKE",
    "IS",
    "NULL",
    "TOKEN",
    "PRIMARY",
    "CAST",
    "AS",
    "DESCRIBE",
    "ALTER",
    "DROP",
    "ADD",
    "JSON",
    "DISTINCT",
    "list",
    "map",
    "frozen",
    "int",
    "text",
    "a",
    "b",
    "\"Q\"",
    "'s'",
    "1",
    "2.5",
    "1d",
    "0xaf",
    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "true",
    "NaN",
    "?",
    ":n",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    ",",
    ".",
    "..",
    "=",
    "+",
    "-",
    "*",
    "/",
    ";",
    ":",
    "+=",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_panics_the_parser(text in "\\PC{0,80}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_bytes_panic_the_parser(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let _ = parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_tokens_panic_the_parser(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40)) {
        let _ = parse(&pieces.join(" "));
    }

    #[test]
    fn positions_lie_in_the_text(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12)) {
        let text = pieces.join("\n");
        if let Err(e) = parse(&text) {
            let position = e.position.unwrap();
            prop_assert!(position.offset as usize <= text.len());
            prop_assert!(position.line as usize <= pieces.len().max(1));
        }
    }
}
