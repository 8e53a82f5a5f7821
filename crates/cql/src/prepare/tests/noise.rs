//! Tests of random statements, and of terms as deep as the parser accepts.

use super::*;
use proptest::prelude::*;

/// Keywords, names of the fixture and symbols that make up statements which get past the parser.
const PIECES: [&str; 60] = [
    "SELECT",
    "SELECT * FROM",
    "INSERT INTO",
    "UPDATE",
    "DELETE FROM",
    "CREATE TABLE",
    "DESCRIBE",
    "kv",
    "wide",
    "events",
    "types",
    "system.local",
    "k",
    "v",
    "w",
    "a",
    "b",
    "c",
    "d",
    "id",
    "at",
    "SET",
    "VALUES",
    "WHERE",
    "AND",
    "FROM",
    "USING TTL",
    "ORDER BY",
    "LIMIT",
    "ALLOW FILTERING",
    "=",
    "<",
    ">=",
    "IN",
    "CONTAINS",
    "token(k)",
    "token(a, b)",
    "count(*)",
    "max",
    "writetime",
    "now()",
    "toTimestamp",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "*",
    "?",
    "1",
    "-1",
    "'x'",
    "0xff",
    "null",
    "(int)",
    "PRIMARY KEY",
    "frozen<list<int>>",
];

fn pieces() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn no_statement_panics(pieces in pieces()) {
        let _ = prepare_text(&pieces.join(" "));
    }

    #[test]
    fn no_relation_panics(start in prop::sample::select(vec![
        "SELECT * FROM kv WHERE", "SELECT a FROM wide WHERE a = 1 AND b = '' AND", "UPDATE kv SET v =", "DELETE FROM wide WHERE a = 1 AND",
        "SELECT", "INSERT INTO types (k, l, m) VALUES (", "CREATE TABLE n (",
    ]), pieces in pieces()) {
        let _ = prepare_text(&format!("{start} {}", pieces.join(" ")));
    }
}

#[test]
fn terms_as_deep_as_they_may_be_are_within_the_stack() {
    // Chains of operators within parentheses, as deep as the parser accepts.
    let nested = |levels: usize, operators: usize| {
        let chain = " + 1".repeat(operators);
        (0..levels).fold("v".to_owned(), |term, _| format!("({term}{chain})"))
    };
    let select = |term: &str| format!("SELECT 1 + {term} FROM kv");
    let update = |term: &str| format!("UPDATE kv SET v = {} WHERE k = 'a'", term.replace('v', "1"));
    for (levels, operators) in [(30, 2), (10, 8), (1, 60)] {
        let term = nested(levels, operators);
        assert!(prepare_text(&select(&term)).is_ok(), "{levels} {operators}");
        assert!(prepare_text(&update(&term)).is_ok(), "{levels} {operators}");
    }
    for (levels, operators) in [(60, 60), (60, 4), (4, 60)] {
        let term = nested(levels, operators);
        assert!(error(&select(&term)).message.contains("levels"), "{levels} {operators}");
        assert!(error(&update(&term)).message.contains("levels"), "{levels} {operators}");
    }
    let selections = (0..60).fold("v".to_owned(), |term, _| format!("v[{term}]{}", "[1]".repeat(60)));
    assert!(error(&format!("SELECT {selections} FROM kv")).message.contains("levels"));
}
