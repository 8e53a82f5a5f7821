use super::*;
use crate::ErrorKind;
use crate::fixture::{error, prepared, schema};
use henge_model::Projected;
use proptest::prelude::*;

fn bind_names(text: &str) -> Vec<String> {
    prepared(text).unwrap().bind.iter().map(|b| format!("{} {}", b.name, b.data_type)).collect()
}

fn result_names(text: &str) -> Vec<String> {
    prepared(text).unwrap().result.unwrap().iter().map(|c| format!("{} {}", c.name, c.data_type)).collect()
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
    let indexes = |text: &str| prepared(text).unwrap().pk_indexes;
    assert_eq!(indexes("INSERT INTO wide (c, d, b, a) VALUES (?, ?, ?, ?)"), [3, 2]);
    assert_eq!(indexes("SELECT * FROM wide WHERE b = ? AND a = ? AND c = ?"), [1, 0]);
    assert_eq!(indexes("UPDATE kv SET v = ? WHERE k = ?"), [1]);
    assert_eq!(indexes("SELECT * FROM wide WHERE a = 1 AND b = ?"), [0u16; 0]);
    assert_eq!(indexes("SELECT * FROM kv WHERE k IN ?"), [0u16; 0]);
    assert_eq!(indexes("SELECT * FROM kv"), [0u16; 0]);
    assert_eq!(indexes("BEGIN BATCH INSERT INTO kv (k) VALUES (?); DELETE FROM kv WHERE k = ? APPLY BATCH"), [0]);
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
    match prepared(text).unwrap().plan {
        Plan::Select(plan) => plan,
        other => panic!("{other:?}"),
    }
}

#[test]
fn plain_columns_go_straight_to_the_sink() {
    let plan = select("SELECT w, v, v FROM kv WHERE k = ?");
    assert!(plan.is_identity() && !plan.is_aggregate() && !plan.has_filter());
    assert!(matches!(plan.projection().columns[..], [Projected::Cell(_), Projected::Cell(_), Projected::Cell(_)]));
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
        ("SELECT * FROM nope.kv", "Keyspace 'nope' does not exist"),
        ("SELECT * FROM wide WHERE a = 1", FILTERING),
        ("SELECT * FROM kv WHERE v = 1", FILTERING),
        ("SELECT * FROM wide WHERE c = 1", FILTERING),
        (
            "SELECT * FROM kv WHERE k > 'a'",
            "Only EQ and IN relation are supported on the partition key (unless you use the token() function) \
             for unindexed columns, or with ALLOW FILTERING",
        ),
        (
            "SELECT * FROM wide WHERE a = 1 AND b = '' AND d = 1",
            "PRIMARY KEY column \"d\" cannot be restricted as preceding column \"c\" is not restricted or is \
             restricted by a non-EQ relation (ALLOW FILTERING would make it a filter)",
        ),
        (
            "SELECT * FROM kv WHERE k = 'a' AND k = 'b'",
            "k cannot be restricted by more than one relation if it includes an Equal",
        ),
        (
            "SELECT * FROM wide WHERE a = 1 AND b = '' AND c > 1 AND c >= 2",
            "More than one restriction was found for the start bound on c",
        ),
        ("SELECT * FROM kv WHERE k != 'a'", "Unsupported \"!=\" relation: k != ..."),
        ("SELECT * FROM kv WHERE k = null", "Invalid null value in condition for column k"),
        ("SELECT * FROM kv WHERE k = 5", "Invalid INTEGER constant (5) for \"k\" of type text"),
        (
            "SELECT * FROM wide WHERE token(b, a) > 1",
            "The token function arguments must be in the partition key order: a,b",
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
        ("SELECT * FROM kv PER PARTITION LIMIT 0", "PER PARTITION LIMIT must be strictly positive"),
        ("SELECT count(*) FROM kv PER PARTITION LIMIT 1", "PER PARTITION LIMIT is not allowed with aggregate queries."),
    ] {
        assert_eq!(error(text).to_string(), expected, "{text}");
        assert_eq!(error(text).kind, ErrorKind::Invalid, "{text}");
    }
}

const FILTERING: &str = "Cannot execute this query as it might involve data filtering and thus may have unpredictable \
     performance. If you want to execute this query despite the performance unpredictability, use ALLOW FILTERING";

#[test]
fn writes_that_cannot_be_done_say_why() {
    for (text, expected) in [
        ("INSERT INTO kv (v) VALUES (1)", "Some partition key parts are missing: k"),
        ("INSERT INTO wide (a, b, d) VALUES (1, '', 2)", "Some clustering keys are missing: c"),
        ("INSERT INTO kv (k, v) VALUES ('a')", "Unmatched column names/values"),
        ("INSERT INTO kv (k, v, v) VALUES ('a', 1, 2)", "Multiple definitions found for column v"),
        ("INSERT INTO kv (k, v) VALUES ('a', 'b')", "Invalid STRING constant (b) for \"v\" of type int"),
        (
            "INSERT INTO kv (k, v) VALUES ('a', 1) IF NOT EXISTS USING TIMESTAMP 1",
            "Cannot provide custom timestamp for conditional updates",
        ),
        ("UPDATE kv SET v = 1 WHERE k = 'a' IF k = 'a'", "PRIMARY KEY column 'k' cannot have IF conditions"),
        ("UPDATE kv SET v = 1 WHERE k = 'a' IF v > null", "Invalid comparison with null for operator \">\""),
        (
            "UPDATE kv SET v = 1 WHERE k IN ('a', 'b') IF EXISTS",
            "IN on the partition key is not supported with conditional updates",
        ),
        ("UPDATE kv SET k = 'b' WHERE k = 'a'", "PRIMARY KEY part k found in SET part"),
        ("UPDATE kv SET v[1] = 2 WHERE k = 'a'", "Invalid operation (v[?] = ?) for non collection column v"),
        ("UPDATE many SET s[1] = 2 WHERE k = 1", "Invalid operation (s[?] = ?) for set column s"),
        ("UPDATE many SET m = {'a'} + m WHERE k = 1", "Invalid operation (m = ? + m) for non list column m"),
        ("DELETE v[1] FROM kv WHERE k = 'a'", "Invalid deletion operation for non collection column v"),
        ("UPDATE kv SET v = v + 1 WHERE k = 'a'", "Invalid operation (v = v + ?) for non counter column v"),
        ("UPDATE kv SET v = 1 WHERE w = 'a'", "Non PRIMARY KEY columns found in where clause: w"),
        ("UPDATE wide SET v = '' WHERE a = 1", "Some partition key parts are missing: b"),
        ("UPDATE wide SET v = '' WHERE a = 1 AND b = ''", "Some clustering keys are missing: c, d"),
        (
            "UPDATE wide SET v = '' WHERE a = 1 AND b = '' AND c = 1 AND d > 2",
            "Slice restrictions are not supported on the clustering columns in this statement",
        ),
        ("DELETE FROM wide WHERE a = 1", "Some partition key parts are missing: b"),
        ("DELETE v FROM wide WHERE a = 1 AND b = ''", "Some clustering keys are missing: c, d"),
        ("DELETE k FROM kv WHERE k = 'a'", "Invalid identifier k for deletion (should not be a PRIMARY KEY part)"),
        (
            "DELETE FROM kv WHERE token(k) = 1",
            "The token function cannot be used in WHERE clauses for UPDATE and DELETE statements",
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
    assert_eq!(error("INSERT INTO kv (k, v) VALUES (a, 1)").kind, ErrorKind::Syntax);
    let refused = error("INSERT INTO system.local (key) VALUES ('x')");
    assert_eq!(refused.kind, ErrorKind::Unauthorized);
    assert_eq!(refused.message, "system keyspace is not user-modifiable.");
}

fn change(text: &str) -> SchemaChange {
    match prepared(text).unwrap().plan {
        Plan::Schema(change) => change,
        other => panic!("{other:?}"),
    }
}

#[test]
fn keyspaces_are_created_with_either_strategy() {
    let SchemaChange::CreateKeyspace { replication, durable_writes, .. } = change(
        "CREATE KEYSPACE n WITH replication = {'class': 'org.apache.cassandra.locator.NetworkTopologyStrategy', \
         'replication_factor': 2, 'dc1': '3'} AND durable_writes = false",
    ) else {
        panic!("a keyspace")
    };
    assert!(!durable_writes);
    let datacenters = ["dc1".to_owned(), "dc2".to_owned()].into();
    let henge_model::Replication::NetworkTopology { factors } = replication.resolve(&datacenters).unwrap() else {
        panic!("a topology")
    };
    assert_eq!(factors.into_iter().collect::<Vec<_>>(), [("dc1".to_owned(), 3), ("dc2".to_owned(), 2)]);
    assert_eq!(replication.resolve(&["dc2".to_owned()].into()).unwrap_err().kind, ErrorKind::Config);
    for (text, kind) in [
        ("CREATE KEYSPACE n WITH replication = {'class': 'Nope', 'replication_factor': 1}", ErrorKind::Config),
        ("CREATE KEYSPACE n WITH replication = {'replication_factor': 1}", ErrorKind::Config),
        (
            "CREATE KEYSPACE n WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 'x'}",
            ErrorKind::Config,
        ),
        (
            "CREATE KEYSPACE n WITH replication = {'class': 'SimpleStrategy', 'replication_factor': -1}",
            ErrorKind::Config,
        ),
        ("CREATE KEYSPACE n WITH replication = {'class': 'LocalStrategy'}", ErrorKind::Invalid),
        ("CREATE KEYSPACE n WITH durable_writes = true", ErrorKind::Invalid),
        ("CREATE KEYSPACE n WITH replication = 'x'", ErrorKind::Syntax),
        ("CREATE KEYSPACE n WITH durable = true", ErrorKind::Syntax),
        (
            "CREATE KEYSPACE \"a-b\" WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
            ErrorKind::Invalid,
        ),
        (
            "CREATE KEYSPACE system WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
            ErrorKind::Invalid,
        ),
        ("DROP KEYSPACE system_schema", ErrorKind::Unauthorized),
    ] {
        assert_eq!(error(text).kind, kind, "{text}: {}", error(text));
    }
}

#[test]
fn existence_is_for_the_newest_schema_to_say() {
    let check = |text: &str| change(text).check(&schema());
    let simple = "{'class': 'SimpleStrategy', 'replication_factor': 1}";
    let exists = check(&format!("CREATE KEYSPACE ks WITH replication = {simple}")).unwrap_err();
    assert_eq!(exists.kind, ErrorKind::AlreadyExists { keyspace: "ks".to_owned(), table: String::new() });
    assert_eq!(check(&format!("CREATE KEYSPACE IF NOT EXISTS ks WITH replication = {simple}")), Ok(false));
    assert_eq!(check(&format!("CREATE KEYSPACE new WITH replication = {simple}")), Ok(true));
    let exists = check("CREATE TABLE kv (a int PRIMARY KEY)").unwrap_err();
    assert_eq!(exists.kind, ErrorKind::AlreadyExists { keyspace: "ks".to_owned(), table: "kv".to_owned() });
    assert_eq!(check("CREATE TABLE IF NOT EXISTS kv (a int PRIMARY KEY)"), Ok(false));
    assert_eq!(check("CREATE TABLE new.kv (a int PRIMARY KEY)").unwrap_err().kind, ErrorKind::Invalid);
    assert_eq!(check("DROP TABLE IF EXISTS nope"), Ok(false));
    assert_eq!(check("DROP TABLE nope").unwrap_err().kind, ErrorKind::Invalid);
    assert_eq!(check("DROP TABLE kv"), Ok(true));
    assert_eq!(check("TRUNCATE kv"), Ok(true));
    assert_eq!(check("DROP KEYSPACE IF EXISTS nope"), Ok(false));
}

#[test]
fn tables_are_drafted_and_their_options_checked() {
    let SchemaChange::CreateTable { draft, .. } = change(
        "CREATE TABLE t (z int, y text, k int, c frozen<map<text, list<int>>>, PRIMARY KEY (k, c)) \
         WITH CLUSTERING ORDER BY (c DESC) AND compaction = {'class': 'LeveledCompactionStrategy'} AND comment = 'hi' \
         AND speculative_retry = '95.5PERCENTILE' AND ID = f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    ) else {
        panic!("a table")
    };
    assert_eq!(draft.regulars.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["y", "z"]);
    assert_eq!(draft.clustering[0].order, henge_model::Order::Descending);
    assert_eq!(draft.clustering[0].data_type.to_string(), "frozen<map<text, frozen<list<int>>>>");
    assert_eq!(draft.options.bloom_filter_fp_chance, 0.1);
    assert_eq!(draft.options.speculative_retry, "95.5p");
    assert!(draft.id.is_some());
    use ErrorKind::{Config, Invalid, Syntax};
    for (text, kind) in [
        ("CREATE TABLE t (a int)", Invalid),
        ("CREATE TABLE t (a int PRIMARY KEY, b int PRIMARY KEY)", Invalid),
        ("CREATE TABLE t (a int, PRIMARY KEY (b))", Invalid),
        ("CREATE TABLE t (a int, a int, PRIMARY KEY (a))", Invalid),
        ("CREATE TABLE t (a list<int> PRIMARY KEY)", Invalid),
        ("CREATE TABLE t (a duration PRIMARY KEY)", Invalid),
        ("CREATE TABLE t (a int PRIMARY KEY, b list<list<int>>)", Invalid),
        ("CREATE TABLE t (a int PRIMARY KEY, b frozen<int>)", Syntax),
        ("CREATE TABLE t (a int PRIMARY KEY, b nope)", Invalid),
        ("CREATE TABLE t (a int PRIMARY KEY, b counter, c int)", Invalid),
        ("CREATE TABLE t (a int, b int STATIC, PRIMARY KEY (a))", Invalid),
        ("CREATE TABLE t (a int, b int, c int, PRIMARY KEY (a, b, c)) WITH CLUSTERING ORDER BY (b DESC)", Invalid),
        ("CREATE TABLE t (a int, b int, PRIMARY KEY (a)) WITH CLUSTERING ORDER BY (b DESC)", Invalid),
        ("CREATE TABLE t (a int PRIMARY KEY) WITH COMPACT STORAGE", Invalid),
        ("CREATE TABLE t (a int PRIMARY KEY) WITH commment = 'x'", Syntax),
        ("CREATE TABLE t (a int PRIMARY KEY) WITH comment = 'x' AND comment = 'y'", Syntax),
        ("CREATE TABLE t (a int PRIMARY KEY) WITH read_repair_chance = 0.1", Syntax),
        ("CREATE TABLE t (a int PRIMARY KEY) WITH gc_grace_seconds = 'x'", Syntax),
        ("CREATE TABLE t (a int PRIMARY KEY) WITH gc_grace_seconds = -1", Config),
        ("CREATE TABLE t (a int PRIMARY KEY) WITH bloom_filter_fp_chance = 2", Config),
        ("CREATE TABLE t (a int PRIMARY KEY) WITH default_time_to_live = 999999999", Config),
        ("CREATE TABLE t (a int PRIMARY KEY) WITH compaction = {'class': 'Nope'}", Config),
        ("CREATE TABLE t (a int PRIMARY KEY) WITH compaction = {'class': 'LeveledCompactionStrategy', 'x': 1}", Config),
        (
            "CREATE TABLE t (a int PRIMARY KEY) WITH compression = {'class': 'LZ4Compressor', 'chunk_length_in_kb': 3}",
            Config,
        ),
        ("CREATE TABLE t (a int PRIMARY KEY) WITH caching = {'keys': 'SOME'}", Config),
        ("CREATE TABLE t (a int PRIMARY KEY) WITH speculative_retry = 'soon'", Config),
        ("CREATE TABLE \"a-b\" (a int PRIMARY KEY)", Config),
    ] {
        assert_eq!(error(text).kind, kind, "{text}: {}", error(text));
    }
}

#[test]
fn other_statements_are_planned_or_refused() {
    assert!(matches!(prepared("USE ks").unwrap().plan, Plan::Use(name) if name == "ks"));
    assert_eq!(error("USE nope").to_string(), "Keyspace 'nope' does not exist");
    assert_eq!(error("CREATE INDEX ON kv (v)").to_string(), "CREATE INDEX is not supported yet (line 1:0)");
    let Plan::Schema(SchemaChange::AlterTable { change, .. }) =
        prepared("ALTER TABLE kv WITH gc_grace_seconds = 5").unwrap().plan
    else {
        panic!("no ALTER TABLE")
    };
    let TableChange::Options { was, now } = change else { panic!("no options") };
    assert_eq!((was.gc_grace_seconds, now.gc_grace_seconds), (864_000, 5));
    assert_eq!(
        error("ALTER TABLE kv WITH id = 00000000-0000-4000-8000-000000000001").to_string(),
        "Cannot alter table id."
    );
    assert_eq!(
        error("ALTER TABLE kv ALTER v TYPE text").to_string(),
        "ALTER of a column is not supported yet (line 1:15)"
    );
    let text = parse_only("SELECT * FROM kv");
    let e = prepare(&text, &schema(), None).unwrap_err();
    assert!(e.message.starts_with("No keyspace has been specified"));
}

fn parse_only(text: &str) -> crate::Statement {
    crate::parse(text).unwrap()
}

#[test]
fn describe_answers_with_statements_that_read_back() {
    let Plan::Describe(target) = prepared("DESCRIBE TABLE wide").unwrap().plan else { panic!("a describe") };
    let rows = crate::describe(&target, &schema(), &crate::ClusterFacts::default()).unwrap();
    let text = |v: &Option<henge_base::Bytes>| String::from_utf8(v.as_ref().unwrap().to_vec()).unwrap();
    assert_eq!(text(&rows[0][1]), "table");
    assert_eq!(
        text(&rows[0][3]),
        "CREATE TABLE ks.wide (
    a int,
    b text,
    c int,
    d int,
    v text,
    PRIMARY KEY ((a, b), c, d)
) WITH CLUSTERING ORDER BY (c ASC, d DESC)
    AND additional_write_policy = '99p'
    AND allow_auto_snapshot = true
    AND bloom_filter_fp_chance = 0.01
    AND caching = {'keys': 'ALL', 'rows_per_partition': 'NONE'}
    AND cdc = false
    AND comment = ''
    AND compaction = {'class': 'org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy', 'max_threshold': '32', 'min_threshold': '4'}
    AND compression = {'chunk_length_in_kb': '16', 'class': 'org.apache.cassandra.io.compress.LZ4Compressor'}
    AND memtable = 'default'
    AND crc_check_chance = 1.0
    AND default_time_to_live = 0
    AND extensions = {}
    AND gc_grace_seconds = 864000
    AND incremental_backups = true
    AND max_index_interval = 2048
    AND memtable_flush_period_in_ms = 0
    AND min_index_interval = 128
    AND read_repair = 'BLOCKING'
    AND speculative_retry = '99p';"
    );
    let schema = schema();
    let all = crate::describe(&DescribeTarget::Schema { full: false, internals: true }, &schema, &Default::default())
        .unwrap();
    for row in &all {
        assert!(prepared(&text(&row[3])).is_ok(), "{}", text(&row[3]));
    }
    assert_eq!(all.len(), 6);
    assert_eq!(
        text(&all[0][3]),
        "CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': '1'}  AND durable_writes = true;"
    );
    assert!(
        crate::create_table_text(schema.table("ks", "kv").unwrap()).contains("    k text PRIMARY KEY,\n    v int,")
    );
}

#[test]
fn describe_finds_keyspaces_before_tables() {
    let target = |text: &str| match prepared(text).unwrap().plan {
        Plan::Describe(target) => target,
        other => panic!("{other:?}"),
    };
    assert!(matches!(target("DESCRIBE ks"), DescribeTarget::Keyspace { .. }));
    assert!(matches!(target("DESCRIBE kv"), DescribeTarget::Table { .. }));
    assert!(matches!(target("DESCRIBE KEYSPACE"), DescribeTarget::Keyspace { name, .. } if name == "ks"));
    assert!(matches!(target("DESCRIBE CLUSTER"), DescribeTarget::Cluster { owned: Some(_) }));
    assert_eq!(error("DESCRIBE TABLE nope").to_string(), "Table 'nope' not found in keyspace 'ks'");
    assert_eq!(error("DESCRIBE nope").to_string(), "'nope' not found in keyspace 'ks'");
    assert_eq!(error("DESCRIBE INDEX i").kind, ErrorKind::Invalid);
}

#[test]
fn values_are_checked_and_folded_when_prepared() {
    let k = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    for value in [
        "l = [1, 2]",
        "m = {'a': 1}",
        "m = {}",
        "t = (1, 'x')",
        "e = [1.0, 2]",
        "ts = '2020-01-01'",
        "d = 1.5",
        "n = 12345678901234567890",
        "b = 0xff",
        "f = -Infinity",
        "big = 5",
        "dt = '2020-02-29'",
        "ts = toTimestamp(now())",
        "big = (bigint) ?",
        "b = intAsBlob(5)",
        "ts = currentTimestamp()",
        "l = [?, 1]",
        "big = 1 + 1",
        "big = -(5) * (2 + 3)",
        "dt = '2020-02-29' + 1mo",
        "big = CAST((int) 5 AS bigint)",
        "l = fromJson('[1, 2]')",
    ] {
        assert!(
            prepared(&format!("UPDATE types SET {value} WHERE k = {k}")).is_ok(),
            "{value}: {:?}",
            prepared(&format!("UPDATE types SET {value} WHERE k = {k}"))
        );
    }
    for value in [
        "l = {1}",
        "l = ['a']",
        "m = [1]",
        "e = [1.0]",
        "ts = 'soon'",
        "d = 'x'",
        "b = 'x'",
        "big = 1.5",
        "big = 99999999999999999999",
        "dt = '2021-02-29'",
        "ts = now()",
        "l = [null]",
        "big = (text) 'x'",
        "t = (1, 2)",
        "t = {a: 1}",
        "big = 1.5 + 1",
    ] {
        let e = error(&format!("UPDATE types SET {value} WHERE k = {k}"));
        assert_eq!(e.kind, ErrorKind::Invalid, "{value}: {e}");
    }
}

/// Words, names of the fixture and signs of which statements are made that get beyond the parser.
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
        let _ = prepared(&pieces.join(" "));
    }

    #[test]
    fn no_relation_panics(start in prop::sample::select(vec![
        "SELECT * FROM kv WHERE", "SELECT a FROM wide WHERE a = 1 AND b = '' AND", "UPDATE kv SET v =", "DELETE FROM wide WHERE a = 1 AND",
        "SELECT", "INSERT INTO types (k, l, m) VALUES (", "CREATE TABLE n (",
    ]), pieces in pieces()) {
        let _ = prepared(&format!("{start} {}", pieces.join(" ")));
    }
}

#[test]
fn terms_as_deep_as_they_may_be_are_within_the_stack() {
    // Chains of operators at every level of parentheses, as high as the parser takes them.
    let nested = |levels: usize, operators: usize| {
        let chain = " + 1".repeat(operators);
        (0..levels).fold("v".to_owned(), |term, _| format!("({term}{chain})"))
    };
    let select = |term: &str| format!("SELECT 1 + {term} FROM kv");
    let update = |term: &str| format!("UPDATE kv SET v = {} WHERE k = 'a'", term.replace('v', "1"));
    for (levels, operators) in [(30, 2), (10, 8), (1, 60)] {
        let term = nested(levels, operators);
        assert!(prepared(&select(&term)).is_ok(), "{levels} {operators}");
        assert!(prepared(&update(&term)).is_ok(), "{levels} {operators}");
    }
    for (levels, operators) in [(60, 60), (60, 4), (4, 60)] {
        let term = nested(levels, operators);
        assert!(error(&select(&term)).message.contains("levels"), "{levels} {operators}");
        assert!(error(&update(&term)).message.contains("levels"), "{levels} {operators}");
    }
    let selections = (0..60).fold("v".to_owned(), |term, _| format!("v[{term}]{}", "[1]".repeat(60)));
    assert!(error(&format!("SELECT {selections} FROM kv")).message.contains("levels"));
}
