//! The options of tables with their defaults, as DESCRIBE prints them, and which have an effect.

use super::schema;
use crate::{create_table_text, parse, prepare};

/// The effect of each table option.
const EFFECTS: [(&str, &str); 20] = [
    ("additional_write_policy", "none: hints are for replicas that are slow; `'NEVER'` says so"),
    ("allow_auto_snapshot", "none: nothing is snapshot by itself; `false` says so"),
    ("bloom_filter_fp_chance", "none: all tables have the same filters"),
    ("caching", "none: all tables share one cache of blocks"),
    ("cdc", "none: changes are not kept apart"),
    ("comment", "kept and described"),
    (
        "compaction",
        "tables with `TimeWindowCompactionStrategy` lie apart; `only_purge_repaired_tombstones` ([how](storage.md#forgetting-deletions)); nothing else",
    ),
    ("compression", "none: all tables are compressed alike"),
    ("memtable", "no other than the default is taken"),
    ("crc_check_chance", "none: checksums are always checked, as 1.0 says"),
    ("default_time_to_live", "seconds that rows live which say nothing else"),
    ("extensions", "kept for tools"),
    (
        "gc_grace_seconds",
        "with `only_purge_repaired_tombstones: false`, how long deletions are kept at least ([how](storage.md#forgetting-deletions)); otherwise none",
    ),
    ("incremental_backups", "none: there are no such backups; `false` says so"),
    ("max_index_interval", "none"),
    ("memtable_flush_period_in_ms", "none: memory is flushed when it is full"),
    ("min_index_interval", "none"),
    (
        "read_repair",
        "`'BLOCKING'`: replicas whose answers differ are brought level before a read is answered, so that quorum reads never go back; `'NONE'`: the merged rows are answered and nothing is written",
    ),
    (
        "serial_consistency",
        "the level of the table's conditional writes, `'SERIAL'` or `'LOCAL_SERIAL'`, where several datacentres have copies ([how](#serial-levels-are-not-mixed)); `'UNSET'`: the next one fixes it. Described where it is set",
    ),
    (
        "speculative_retry",
        "when a read by partition key asks one replica more than its level needs, because others are late: `'99p'`: when they take longer than 99 of 100 of their requests did of late; `'50ms'`: after that time; `'MIN(99p,50ms)'` and `'MAX(99p,50ms)'`: after the lesser or the greater of both; `'ALWAYS'`: from the beginning; `'NEVER'`: never. All other reads use `'99p'`. Such requests are 5% of reads at most, except for `'ALWAYS'` and for replicas that answer nobody. A replica that fails is replaced at once in any case. [How](protocols/reads.md)",
    ),
];

#[test]
fn table_options_are_as_the_manual_says() {
    let schema = schema();
    let described = create_table_text(schema.table("ks", "every").unwrap());
    let (_, options) = described.rsplit_once(") WITH ").unwrap();
    let unset = "serial_consistency = 'UNSET'";
    let mut lines = Vec::new();
    for option in options.trim_end_matches(';').split("\n    AND ").chain([unset]) {
        let (name, default) = option.split_once(" = ").unwrap();
        let (_, effect) = EFFECTS.iter().find(|(other, _)| *other == name).unwrap();
        // What is described must be taken back.
        let again = format!("CREATE TABLE ks.x (k int PRIMARY KEY) WITH {option}");
        assert!(prepare(&parse(&again).unwrap(), &schema, None).is_ok(), "{again}");
        lines.push([format!("`{name}`"), format!("`{default}`"), (*effect).to_owned()]);
    }
    assert_eq!(lines.len(), EFFECTS.len());
    lines.sort_by_key(|line| EFFECTS.iter().position(|(name, _)| line[0] == format!("`{name}`")));
    henge_manual::compatibility("table options", &henge_manual::table(["Option", "Default", "Effect"], lines));
}
