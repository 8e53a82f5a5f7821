use super::*;
use crate::ErrorKind;
use crate::fixture::{error, prepare_text, schema};
use crate::plan::SelectPlan;
use henge_model::ProjectedColumn;

mod describe;
mod noise;
mod schema;
mod value;

fn bind_names(text: &str) -> Vec<String> {
    prepare_text(text).unwrap().bind.iter().map(|b| format!("{} {}", b.name, b.data_type)).collect()
}

fn result_names(text: &str) -> Vec<String> {
    prepare_text(text).unwrap().result.unwrap().iter().map(|c| format!("{} {}", c.name, c.data_type)).collect()
}

#[test]
fn markers_are_named_and_typed_by_what_they_are_for() {
    assert_eq!(
        bind_names("INSERT INTO kv (k, v, w) VALUES (?, :x, ?) USING TTL ? AND TIMESTAMP ?"),
        ["k text", "x int", "w text", "[ttl] int", "[timestamp] bigint"]
    );
    assert_eq!(
        bind_names("SELECT v FROM wide WHERE a = ? AND b IN ? AND (c, d) = (?, ?) LIMIT ?"),
        ["a int", "in(b) list<text>", "c int", "d int", "[limit] int"]
    );
    assert_eq!(bind_names("SELECT * FROM kv WHERE token(k) > ? AND token(k) <= ?"), ["partition key token bigint"; 2]);
    assert_eq!(
        bind_names("SELECT * FROM events WHERE id = 1 AND at > minTimeuuid(?)"),
        ["arg0(system.mintimeuuid) timestamp"]
    );
    assert_eq!(
        bind_names(
            "BEGIN BATCH USING TIMESTAMP ? INSERT INTO kv (k, v) VALUES (?, ?); DELETE FROM kv WHERE k = ? APPLY BATCH"
        ),
        ["[timestamp] bigint", "k text", "v int", "k text"]
    );
}

#[test]
fn partition_key_markers_are_told_for_routing() {
    let indexes = |text: &str| prepare_text(text).unwrap().pk_indexes;
    assert_eq!(indexes("INSERT INTO wide (c, d, b, a) VALUES (?, ?, ?, ?)"), [3, 2]);
    assert_eq!(indexes("SELECT * FROM wide WHERE b = ? AND a = ? AND c = ?"), [1, 0]);
    assert_eq!(indexes("UPDATE kv SET v = ? WHERE k = ?"), [1]);
    assert_eq!(indexes("SELECT * FROM wide WHERE a = 1 AND b = ?"), [0u16; 0]);
    assert_eq!(indexes("SELECT * FROM kv WHERE k IN ?"), [0u16; 0]);
    assert_eq!(indexes("SELECT * FROM kv"), [0u16; 0]);
    assert_eq!(indexes("SELECT * FROM wide WHERE a = ? AND b > ? ALLOW FILTERING"), [0, 1]);
    assert_eq!(indexes("SELECT * FROM wide WHERE a = :x AND b IN ('p', ?)"), [0, 1]);
    assert_eq!(indexes("BEGIN BATCH INSERT INTO kv (k) VALUES (?); DELETE FROM kv WHERE k = ? APPLY BATCH"), [1]);
    let timed = "BEGIN BATCH USING TIMESTAMP ? INSERT INTO kv (k) VALUES (?); DELETE FROM kv WHERE k = ? APPLY BATCH";
    assert_eq!(indexes(timed), [0u16; 0]);
}

#[test]
fn result_columns_are_named_as_cassandra_names_them() {
    assert_eq!(result_names("SELECT * FROM wide"), ["a int", "b text", "c int", "d int", "v text"]);
    assert_eq!(
        result_names("SELECT k AS key, writetime(v), ttl(v), token(k), count(*), max(v) FROM kv"),
        [
            "key text",
            "writetime(v) bigint",
            "ttl(v) int",
            "system.token(k) bigint",
            "count bigint",
            "system.max(v) int"
        ]
    );
    assert_eq!(
        result_names("SELECT toTimestamp(at), now() FROM events"),
        ["system.totimestamp(at) timestamp", "system.now() timeuuid"]
    );
    assert_eq!(result_names("SELECT tokens FROM system.local"), ["tokens set<text>"]);
    assert_eq!(result_names("SELECT to_json(m) FROM types"), ["system.to_json(m) text"]);
}

fn select(text: &str) -> Box<SelectPlan> {
    match prepare_text(text).unwrap().plan {
        Plan::Select(plan) => plan,
        other => panic!("{other:?}"),
    }
}

#[test]
fn plain_columns_go_straight_to_the_sink() {
    let plan = select("SELECT w, v, v FROM kv WHERE k = ?");
    assert!(plan.is_identity() && !plan.is_aggregate() && !plan.has_filter());
    assert!(matches!(
        plan.projection().columns[..],
        [ProjectedColumn::Cell(_), ProjectedColumn::Cell(_), ProjectedColumn::Cell(_)]
    ));
    assert!(select("SELECT writetime(v), k FROM kv").is_identity());
    assert!(!select("SELECT count(*) FROM kv").is_identity());
    assert!(!select("SELECT token(k) FROM kv").is_identity());
    let filtered = select("SELECT k FROM kv WHERE v = 1 ALLOW FILTERING");
    assert!(filtered.has_filter() && !filtered.is_identity());
}

#[test]
fn selects_that_cannot_be_answered_say_why() {
    for (text, expected) in [
        ("SELECT x FROM kv", "Undefined column name x in table ks.kv"),
        ("SELECT * FROM kvv", "table kvv does not exist (did you mean kv?)"),
        ("SELECT * FROM nope.kv", "keyspace nope does not exist"),
        ("SELECT * FROM wide WHERE a = 1", FILTERING_MESSAGE),
        ("SELECT * FROM kv WHERE v = 1", FILTERING_MESSAGE),
        ("SELECT * FROM wide WHERE c = 1", FILTERING_MESSAGE),
        ("SELECT * FROM kv WHERE k > 'a'", FILTERING_MESSAGE),
        ("SELECT * FROM kv WHERE token(k) > 1 AND k > 'a'", FILTERING_MESSAGE),
        (
            "SELECT * FROM wide WHERE a = 1 AND b = '' AND d = 1",
            "PRIMARY KEY column \"d\" cannot be restricted as preceding column \"c\" is not restricted",
        ),
        (
            "SELECT * FROM wide WHERE a = 1 AND b = '' AND c > 1 AND d = 1",
            "Clustering column \"d\" cannot be restricted (preceding column \"c\" is restricted by a non-EQ relation)",
        ),
        (
            "SELECT * FROM wide WHERE a = 1 AND b = '' AND c > 1 AND c = 2",
            "Column \"c\" cannot be restricted by both an equality and an inequality relation",
        ),
        (
            "SELECT * FROM wide WHERE a = 1 AND b = '' AND c IN (1, 2) AND c = 2 AND nosuch = 1",
            "c cannot be restricted by more than one relation if it includes a IN",
        ),
        (
            "SELECT * FROM wide WHERE a = 1 AND b = '' AND (c, d) = (1, 2) AND (c, d) = (1, 2)",
            "c ,d cannot be restricted by more than one relation if it includes an Equal",
        ),
        (
            "SELECT * FROM wide WHERE a = 1 AND b = '' AND (c, d) > (1, 2) AND d = 2",
            "Column \"d\" cannot be restricted by both an equality and an inequality relation",
        ),
        (
            "SELECT * FROM wide WHERE c < 1 AND d = 1",
            "Clustering column \"d\" cannot be restricted (preceding column \"c\" is restricted by a non-EQ relation)",
        ),
        (
            "SELECT * FROM wide WHERE c = 1 ORDER BY c",
            "ORDER BY is only supported when the partition key is restricted by an EQ or an IN.",
        ),
        ("SELECT * FROM wide WHERE (c) != (1)", "Unsupported \"!=\" relation: (c) != (1)"),
        (
            "SELECT * FROM kv WHERE k LIKE 'a%'",
            "LIKE restriction is only supported on properly indexed columns. k LIKE 'a%' is not valid.",
        ),
        (
            "SELECT * FROM kv WHERE token(k) > 1 AND token(k) = 1",
            "Columns \"k\" cannot be restricted by both an equality and an inequality relation",
        ),
        (
            "SELECT * FROM kv WHERE token(k) > 1 AND token(k) > 2",
            "More than one restriction was found for the start bound on k",
        ),
        // Errors in WHERE are reported before errors in the selection, and unknown columns of ORDER BY before both.
        ("SELECT v[1] FROM kv WHERE k != 'a'", "Unsupported \"!=\" relation: k != 'a'"),
        ("SELECT v[1], nope(v) FROM kv WHERE k != 'a'", "Unsupported \"!=\" relation: k != 'a'"),
        ("SELECT nope FROM kv WHERE k != 'a' ORDER BY nosuch", "Undefined column name nosuch in table ks.kv"),
        (
            "SELECT * FROM kv WHERE k = 'a' AND k = 'b'",
            "k cannot be restricted by more than one relation if it includes an Equal",
        ),
        (
            "SELECT * FROM wide WHERE a = 1 AND b = '' AND c > 1 AND c >= 2",
            "More than one restriction was found for the start bound on c",
        ),
        ("SELECT * FROM kv WHERE k != 'a'", "Unsupported \"!=\" relation: k != 'a'"),
        ("SELECT * FROM kv WHERE k = 5", "Invalid INTEGER constant (5) for \"k\" of type text"),
        (
            "SELECT * FROM wide WHERE token(b, a) > 1",
            "The token function arguments must be in the partition key order: a, b",
        ),
        (
            "SELECT * FROM kv ORDER BY v",
            "ORDER BY is only supported when the partition key is restricted by an EQ or an IN.",
        ),
        ("SELECT * FROM wide WHERE a = 1 AND b = '' ORDER BY c ASC, d ASC", "Unsupported order by relation"),
        ("SELECT writetime(k) FROM kv", "Cannot use selection function writetime on PRIMARY KEY part k"),
        ("SELECT nope(v) FROM kv", "Unknown function 'nope' (did you mean now?)"),
        ("SELECT ? FROM kv", "Cannot infer type for term ? in selection clause (try using a cast to force a type)"),
        (
            "SELECT DISTINCT k, v FROM kv",
            "SELECT DISTINCT queries must only request partition key columns and/or static columns (not v)",
        ),
        (
            "SELECT DISTINCT a FROM wide",
            "SELECT DISTINCT queries must request all the partition key columns (missing b)",
        ),
        ("SELECT 1 FROM kv", "Cannot infer type for term 1 in selection clause (try using a cast to force a type)"),
        ("SELECT max(min(v)) FROM kv", "aggregate functions cannot be used as arguments of aggregate functions"),
        ("SELECT count(*) FROM kv PER PARTITION LIMIT 1", "PER PARTITION LIMIT is not allowed with aggregate queries."),
    ] {
        assert_eq!(error(text).to_string(), expected, "{text}");
        assert_eq!(error(text).kind, ErrorKind::Invalid, "{text}");
    }
}

const FILTERING_MESSAGE: &str = "Cannot execute this query as it might involve data filtering and thus may have unpredictable \
     performance. If you want to execute this query despite the performance unpredictability, use ALLOW FILTERING";

#[test]
fn writes_that_cannot_be_done_say_why() {
    for (text, expected) in [
        ("INSERT INTO kv (v) VALUES (1)", "Some partition key parts are missing: k"),
        ("INSERT INTO wide (a, b, d) VALUES (1, '', 2)", "Some clustering keys are missing: c"),
        ("INSERT INTO kv (k, v) VALUES ('a')", "Unmatched column names/values"),
        ("INSERT INTO kv (k, v, v) VALUES ('a', 1, 2)", "The column names contains duplicates: v"),
        ("INSERT INTO kv (k, v) VALUES ('a', 'b')", "Invalid STRING constant (b) for \"v\" of type int"),
        (
            "INSERT INTO kv (k, v) VALUES ('a', 1) IF NOT EXISTS USING TIMESTAMP 1",
            "Cannot provide custom timestamp for conditional updates",
        ),
        ("UPDATE kv SET v = 1 WHERE k = 'a' IF k = 'a'", "PRIMARY KEY column 'k' cannot have IF conditions"),
        (
            "UPDATE kv SET v = 1 WHERE k IN ('a', 'b') IF EXISTS",
            "IN on the partition key is not supported with conditional updates",
        ),
        ("UPDATE kv SET k = 'b' WHERE k = 'a'", "PRIMARY KEY part k found in SET part"),
        ("UPDATE kv SET v[1] = 2 WHERE k = 'a'", "Invalid operation (v[1] = 2) for non collection column v"),
        ("UPDATE many SET s[1] = 2 WHERE k = 1", "Invalid operation (s[1] = 2) for set column s"),
        ("UPDATE many SET m = {'a'} + m WHERE k = 1", "Invalid operation (m = {'a'} - m) for non list column m"),
        ("DELETE v[1] FROM kv WHERE k = 'a'", "Invalid deletion operation for non collection column v"),
        ("UPDATE kv SET v = v + 1 WHERE k = 'a'", "Invalid operation (v = v + 1) for non counter column v"),
        (
            "UPDATE types SET b = b + 0x01 WHERE k = 00000000-0000-4000-8000-000000000000 IF EXISTS",
            "Invalid operation (b = b + 0x01) for non-numeric and non-text type b",
        ),
        ("UPDATE kv SET k = 'b' WHERE k = 'a' IF k = 'b'", "PRIMARY KEY column 'k' cannot have IF conditions"),
        ("UPDATE many SET m = m + 1 WHERE k = 1", "Value for a map addition has to be a map, but was: '1'"),
        ("INSERT INTO kv (k, v) VALUES ('a', (int) 'x')", "Cannot cast value 'x' to type int"),
        ("UPDATE kv SET v = 1 WHERE w = 'a'", "Some partition key parts are missing: k"),
        ("UPDATE wide SET v = '' WHERE a = 1", "Some partition key parts are missing: b"),
        ("UPDATE wide SET v = '' WHERE a = 1 AND b = ''", "Some clustering keys are missing: c, d"),
        (
            "UPDATE wide SET v = '' WHERE a = 1 AND b = '' AND c = 1 AND d > 2",
            "Slice restrictions are not supported on the clustering columns in UPDATE statements",
        ),
        ("DELETE FROM wide WHERE a = 1", "Some partition key parts are missing: b"),
        ("DELETE v FROM wide WHERE a = 1 AND b = ''", "Range deletions are not supported for specific columns"),
        ("DELETE k FROM kv WHERE k = 'a'", "Invalid identifier k for deletion (should not be a PRIMARY KEY part)"),
        (
            "DELETE FROM kv WHERE token(k) = 1",
            "The token function cannot be used in WHERE clauses for DELETE statements",
        ),
        (
            "BEGIN COUNTER BATCH INSERT INTO kv (k, v) VALUES ('a', 1); APPLY BATCH",
            "Cannot include non-counter statement in a counter batch",
        ),
        (
            "BEGIN BATCH USING TIMESTAMP 1 INSERT INTO kv (k) VALUES ('a') USING TIMESTAMP 2 APPLY BATCH",
            "Timestamp must be set either on BATCH or individual statements",
        ),
    ] {
        assert_eq!(error(text).to_string(), expected, "{text}");
        assert_eq!(error(text).kind, ErrorKind::Invalid, "{text}");
    }
    for no_value in ["VALUES (a, 1)", "VALUES ('a', 1 + v)", "VALUES ('a', [v])", "VALUES ('a', abs(v))"] {
        assert_eq!(error(&format!("INSERT INTO kv (nosuch, v) {no_value}")).kind, ErrorKind::Syntax, "{no_value}");
    }
    let refused = error("INSERT INTO system.local (key) VALUES ('x')");
    assert_eq!(refused.kind, ErrorKind::Unauthorized);
    assert_eq!(refused.message, "system keyspace is not user-modifiable.");
}
