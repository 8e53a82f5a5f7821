//! Tests of statements that change the schema, and of their refusals.

use super::*;
use henge_model::TableChange;

fn change(text: &str) -> SchemaChange {
    match prepare_text(text).unwrap().plan {
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
    let henge_model::Replication::NetworkTopology { factors } = replication.resolve(&datacenters, 1).unwrap() else {
        panic!("a topology")
    };
    assert_eq!(factors.into_iter().collect::<Vec<_>>(), [("dc1".to_owned(), 3), ("dc2".to_owned(), 2)]);
    assert_eq!(replication.resolve(&["dc2".to_owned()].into(), 1).unwrap_err().kind, ErrorKind::Config);
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
        ("CREATE TABLE t (a int, b int, c int, PRIMARY KEY (a, b, c)) WITH CLUSTERING ORDER BY (c DESC)", Invalid),
        (
            "CREATE TABLE t (a int, b int, c int, PRIMARY KEY (a, b, c)) WITH CLUSTERING ORDER BY (c DESC, b DESC)",
            Invalid,
        ),
        (
            "CREATE TABLE t (a int, b int, c int, PRIMARY KEY (a, b, c)) WITH CLUSTERING ORDER BY (b DESC, b ASC)",
            Invalid,
        ),
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
    assert!(matches!(prepare_text("USE ks").unwrap().plan, Plan::Use(name) if name == "ks"));
    assert_eq!(error("USE nope").to_string(), "Keyspace 'nope' does not exist");
    assert!(matches!(
        prepare_text("CREATE INDEX ON kv (v)").unwrap().plan,
        Plan::Schema(SchemaChange::CreateIndex { .. })
    ));
    assert_eq!(error("DROP INDEX i").kind, ErrorKind::Invalid);
    let Plan::Schema(SchemaChange::AlterTable { change, .. }) =
        prepare_text("ALTER TABLE kv WITH gc_grace_seconds = 5").unwrap().plan
    else {
        panic!("no ALTER TABLE")
    };
    let TableChange::Options { was, now, .. } = change else { panic!("no options") };
    assert_eq!((was.gc_grace_seconds, now.gc_grace_seconds), (864_000, 5));
    assert_eq!(
        error("ALTER TABLE kv WITH id = 00000000-0000-4000-8000-000000000001").to_string(),
        "Cannot alter table id."
    );
    assert_eq!(error("ALTER TABLE kv ALTER v TYPE text").kind, ErrorKind::Invalid);
    let text = parse_only("SELECT * FROM kv");
    let e = prepare(&text, &schema(), None).unwrap_err();
    assert!(e.message.starts_with("No keyspace has been specified"));
}

fn parse_only(text: &str) -> crate::Statement {
    crate::parse(text).unwrap()
}
