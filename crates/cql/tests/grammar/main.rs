//! Tests of random statements over the whole grammar: a tree that is printed and parsed results in the same tree.
//!
//! One file per family of statements, as in `statement`. A new statement gets a function that builds one and a line in
//! [`statement`]. `HENGE_FUZZ=n` runs n times as many rounds; a failure prints its seed.

#![allow(clippy::unwrap_used, clippy::panic)]

mod access;
mod functions;
mod indexes;
mod modify;
mod names;
mod relations;
mod schema;
mod select;
mod terms;
mod views;

use henge_base::Random;
use henge_cql::statement::ModifyStatement;
use henge_cql::{ErrorKind, Statement, parse};

fn statement(random: &mut Random) -> Statement {
    match random.below(23) {
        0..=3 => Statement::Select(select::select(random)),
        4 => Statement::Modify(ModifyStatement::Insert(modify::insert(random))),
        5 => Statement::Modify(ModifyStatement::Update(modify::update(random))),
        6 => Statement::Modify(ModifyStatement::Delete(modify::delete(random))),
        7 => Statement::Batch(modify::batch(random)),
        8 => Statement::CreateTable(schema::create_table(random)),
        9 => Statement::AlterTable(schema::alter_table(random)),
        10 => Statement::Describe(schema::describe(random)),
        11 => Statement::CreateType(schema::create_type(random)),
        12 => Statement::AlterType(schema::alter_type(random)),
        13 => Statement::Role(access::roles(random)),
        14 => Statement::Permission(access::permissions(random)),
        15 => Statement::Identity(access::identity(random)),
        16 => Statement::Function(functions::function(random)),
        17 => Statement::View(views::view(random)),
        18 => Statement::Trigger(views::trigger(random)),
        19 => indexes::indexes(random),
        _ => schema::small(random),
    }
}

/// The debug text of a tree, without positions.
fn shape(statement: &Statement) -> String {
    let text = format!("{statement:?}");
    let mut parts = text.split("Position { line: ");
    let mut shape = parts.next().unwrap().to_owned();
    for part in parts {
        shape.push('_');
        shape.push_str(part.split_once(" }").unwrap().1);
    }
    shape
}

/// A shape without parentheses around single terms: those that the printer adds may be parsed as tuples of one.
fn bare(shape: &str) -> String {
    const OPEN: &str = "Term { kind: Tuple([";
    const CLOSE: &str = "]), position: _ }";
    let Some(start) = shape.find(OPEN) else { return shape.to_owned() };
    let inner_start = start + OPEN.len();
    let inner = &shape[inner_start..inner_start + length_inside(&shape[inner_start..])];
    let rest = &shape[inner_start + inner.len()..];
    let (head, inner, tail) = (&shape[..start], bare(inner), bare(&rest[CLOSE.len()..]));
    match is_one_term(&inner) {
        true => format!("{head}{inner}{tail}"),
        false => format!("{head}{OPEN}{inner}{CLOSE}{tail}"),
    }
}

/// The nesting depth of each character outside quotes.
fn depths(text: &str) -> impl Iterator<Item = (usize, char, i32)> + '_ {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    text.char_indices().filter_map(move |(at, c)| {
        if quoted {
            (quoted, escaped) = (escaped || c != '"', !escaped && c == '\\');
            return None;
        }
        quoted = c == '"';
        depth -= i32::from("])}".contains(c));
        let here = (at, c, depth);
        depth += i32::from("[({".contains(c));
        Some(here)
    })
}

/// The length up to the bracket that closes the one in which the text begins.
fn length_inside(text: &str) -> usize {
    depths(text).find(|(_, _, depth)| *depth < 0).map_or(text.len(), |(at, ..)| at)
}

fn is_one_term(text: &str) -> bool {
    text.starts_with("Term") && depths(text).all(|(_, c, depth)| depth > 0 || c != ',')
}

/// A shape whose markers are numbered in the order of the text, as the parser numbers them.
fn number_markers(shape: &str) -> String {
    let mut parts = shape.split("Marker { index: 0,");
    let mut counted = parts.next().unwrap().to_owned();
    for (index, part) in parts.enumerate() {
        counted.push_str(&format!("Marker {{ index: {index},{part}"));
    }
    counted
}

#[test]
fn what_is_printed_reads_as_the_same_tree() {
    henge_fuzz::fuzz(
        5_000,
        |_| usize::MAX,
        |random| {
            let made = statement(random);
            let text = made.to_string();
            let read = parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}\n{made:?}"));
            assert_eq!(bare(&number_markers(&shape(&made))), bare(&shape(&read)), "{text}");
            assert_eq!(text, read.to_string());
            text.len()
        },
    );
}

/// The comparison detects differences.
#[test]
fn other_statements_have_other_shapes() {
    let shapes = ["SELECT a FROM t", "SELECT  a FROM t", "SELECT b FROM t", "SELECT a FROM t LIMIT ?"];
    let shapes = shapes.map(|text| shape(&parse(text).unwrap()));
    assert_eq!(shapes[0], shapes[1]);
    assert_ne!(shapes[0], shapes[2]);
    assert_ne!(shapes[0], shapes[3]);
}

/// Words that are names or keywords depending on their place, as in Apache Cassandra.
#[test]
fn words_of_the_grammar_are_names_where_nothing_else_fits() {
    let texts = [
        ("SELECT json + 1 FROM t", "SELECT \"json\" + 1 FROM t"),
        ("SELECT distinct + 1 FROM t", "SELECT \"distinct\" + 1 FROM t"),
        ("SELECT json AS x FROM t", "SELECT \"json\" AS x FROM t"),
        ("SELECT json as FROM t", "SELECT JSON \"as\" FROM t"),
        ("SELECT json (int) a FROM t", "SELECT JSON (int) a FROM t"),
        ("SELECT json - json FROM t", "SELECT JSON -\"json\" FROM t"),
        ("SELECT json[0] FROM t", "SELECT JSON [0] FROM t"),
        ("SELECT a FROM t WHERE (a) != (1)", "SELECT a FROM t WHERE (a) != (1)"),
        ("UPDATE t SET v = 1 WHERE k = 1 IF exists > 1", "UPDATE t SET v = 1 WHERE k = 1 IF \"exists\" > 1"),
        ("UPDATE t SET v = 1 WHERE k = 1 IF exists IN (1)", "UPDATE t SET v = 1 WHERE k = 1 IF \"exists\" IN (1)"),
        ("UPDATE t SET v = 1 WHERE k = 1 IF exists", "UPDATE t SET v = 1 WHERE k = 1 IF EXISTS"),
        ("ALTER TABLE t DROP compact", "ALTER TABLE t DROP (\"compact\")"),
        ("CREATE TYPE \"byte\" (a int,,b int,)", "CREATE TYPE \"byte\" (a int, b int)"),
        ("DROP FUNCTION TOKEN(int)", "DROP FUNCTION \"token\"(int)"),
        ("SELECT a FROM t WHERE \"\" = 1 AND expr(I, 'x')", "SELECT a FROM t WHERE \"\" = 1 AND expr(i, 'x')"),
        ("SELECT expr (a) FROM t", "SELECT \"expr\"(a) FROM t"),
        ("SELECT EXPR(a) FROM t", "SELECT \"expr\"(a) FROM t"),
        ("ALTER TABLE t DROP compact storage", "ALTER TABLE t DROP COMPACT STORAGE"),
    ];
    for (text, printed) in texts {
        assert_eq!(parse(text).map(|s| s.to_string()), Ok(printed.to_owned()), "{text}");
    }
}

/// Texts that Apache Cassandra's grammar does not accept.
#[test]
fn what_is_no_statement_is_refused() {
    let texts = [
        "INSERT INTO t (k) VALUES (())",
        "INSERT INTO t (k) VALUES (1) USING TTL 1 + 1",
        "INSERT INTO t (k) VALUES (1) USING TTL 'a'",
        "INSERT INTO t (k) VALUES (1) USING TTL (int) 1",
        "SELECT a FROM t WHERE a IN ? + 1",
        "ALTER TABLE t DROP s USING TTL 5",
        "ALTER TABLE t DROP s USING TIMESTAMP ?",
        "ALTER TABLE t DROP s USING TIMESTAMP 5 AND TIMESTAMP 6",
        "ALTER TABLE t ADD a int PRIMARY KEY",
        "CREATE TYPE byte (a int)",
        "CREATE TYPE t (,a int)",
        "DROP TYPE ks.ttl",
        "SELECT key(a) FROM t",
        "SELECT expr(i, 'x') FROM t",
        "SELECT a FROM t WHERE (expr(i, 'x'))",
        "UPDATE t SET a = 1 WHERE k = 1 IF expr(i, 'x')",
        "BEGIN TRANSACTION COMMIT TRANSACTION",
        "LIST SUPERUSERS",
        "DESCRIBE FUNCTION f(int)",
        "SELECT \"\" FROM t",
    ];
    for text in texts {
        assert_eq!(parse(text).map_err(|e| e.kind), Err(ErrorKind::Syntax), "{text}");
    }
}
