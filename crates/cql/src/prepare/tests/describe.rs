//! Tests of DESCRIBE: its targets, and output that can be parsed again.

use super::*;
use crate::plan::DescribeTarget;

#[test]
fn describe_answers_with_statements_that_read_back() {
    let Plan::Describe(target) = prepare_text("DESCRIBE TABLE wide").unwrap().plan else { panic!("a describe") };
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
        assert!(prepare_text(&text(&row[3])).is_ok(), "{}", text(&row[3]));
    }
    assert_eq!(all.len(), 7);
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
    let target = |text: &str| match prepare_text(text).unwrap().plan {
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
