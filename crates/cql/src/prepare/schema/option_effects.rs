//! Warnings about options that are stored and described but have no effect. Many tools set them on every table, so one
//! warning per statement names them all, and only those whose value asks for something other than what Henge does
//! anyway.

use crate::plan::SchemaChange;
use henge_model::TableChange;
use henge_model::TableOptions;

/// True if the option's value is set and has no effect.
type IsIdle = fn(&TableOptions, default: &TableOptions) -> bool;

/// The table options that may have no effect, in the order of DESCRIBE.
const IDLE: [(&str, IsIdle); 13] = [
    ("additional_write_policy", |options, default| {
        !is_default_or_never(&options.additional_write_policy, &default.additional_write_policy)
    }),
    ("bloom_filter_fp_chance", |options, default| options.bloom_filter_fp_chance != default.bloom_filter_fp_chance),
    ("caching", |options, default| options.caching != default.caching),
    ("cdc", |options, _| options.cdc),
    ("compaction", |options, default| options.compaction != default.compaction && !compaction_does_something(options)),
    ("compression", |options, default| options.compression != default.compression),
    ("crc_check_chance", |options, default| options.crc_check_chance != default.crc_check_chance),
    ("gc_grace_seconds", |options, default| {
        options.gc_grace_seconds != default.gc_grace_seconds && !purges_unproven(options)
    }),
    ("max_index_interval", |options, default| options.max_index_interval != default.max_index_interval),
    ("memtable_flush_period_in_ms", |options, default| {
        options.memtable_flush_period_in_ms != default.memtable_flush_period_in_ms
    }),
    ("min_index_interval", |options, default| options.min_index_interval != default.min_index_interval),
    ("read_repair", |options, default| options.read_repair != default.read_repair),
    ("speculative_retry", |options, default| {
        !is_default_or_never(&options.speculative_retry, &default.speculative_retry)
    }),
];

fn is_default_or_never(policy: &str, default: &str) -> bool {
    policy == default || policy == "NEVER"
}

fn compaction_does_something(options: &TableOptions) -> bool {
    let windows = options.compaction.get("class").is_some_and(|class| class.ends_with("TimeWindowCompactionStrategy"));
    windows || options.compaction.contains_key("only_purge_repaired_tombstones")
}

fn purges_unproven(options: &TableOptions) -> bool {
    options.compaction.get("only_purge_repaired_tombstones").is_some_and(|only| only == "false")
}

impl SchemaChange {
    /// The warning for a statement that sets options without effect; `None` if every option that it sets has an effect.
    pub fn idle_options(&self) -> Option<String> {
        let (options, properties, table) = match self {
            SchemaChange::CreateTable { draft, .. } => (&draft.options, &draft.properties, &draft.name),
            SchemaChange::AlterTable { table, change: TableChange::Options { now, properties, .. }, .. } => {
                (&**now, properties, table)
            }
            SchemaChange::CreateKeyspace { name, durable_writes: false, .. }
            | SchemaChange::AlterKeyspace { name, durable_writes: Some(false), .. } => {
                let text = format!(
                    "durable_writes = false of keyspace {name} is kept but has no effect: all writes are durable"
                );
                return Some(text);
            }
            _ => return None,
        };
        let default = TableOptions::default();
        let is_set = |name: &str| properties.iter().any(|property| property == name);
        let idle = IDLE.iter().filter(|(name, is_idle)| is_set(name) && is_idle(options, &default));
        let idle: Vec<&str> = idle.map(|(name, _)| *name).collect();
        (!idle.is_empty())
            .then(|| format!("Options of table {table} that are kept but have no effect in Henge: {}", idle.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::prepared;
    use crate::plan::Plan;

    fn warning(text: &str) -> Option<String> {
        match prepared(text).unwrap().plan {
            Plan::Schema(change) => change.idle_options(),
            plan => panic!("{plan:?}"),
        }
    }

    fn of_table(options: &str) -> Option<String> {
        let warning = warning(&format!("CREATE TABLE x (k int PRIMARY KEY) WITH {options}"))?;
        Some(warning.strip_prefix("Options of table x that are kept but have no effect in Henge: ").unwrap().to_owned())
    }

    #[test]
    fn what_has_no_effect_is_named_in_one_sentence() {
        assert_eq!(
            of_table("cdc = true AND speculative_retry = '50ms' AND caching = {'keys': 'NONE'} AND comment = 'x'")
                .unwrap(),
            "caching, cdc, speculative_retry"
        );
        for idle in [
            "additional_write_policy = 'ALWAYS'",
            "bloom_filter_fp_chance = 0.1",
            "compaction = {'class': 'LeveledCompactionStrategy'}",
            "compaction = {'class': 'SizeTieredCompactionStrategy', 'min_threshold': 8}",
            "compression = {'enabled': false}",
            "crc_check_chance = 0.5",
            "gc_grace_seconds = 10",
            "max_index_interval = 4096",
            "memtable_flush_period_in_ms = 10",
            "min_index_interval = 64",
        ] {
            assert_eq!(of_table(idle).as_deref(), idle.split(' ').next(), "{idle}");
        }
    }

    #[test]
    fn what_has_an_effect_or_asks_for_what_is_done_anyway_is_silent() {
        for silent in [
            "comment = 'x' AND default_time_to_live = 100",
            "compaction = {'class': 'TimeWindowCompactionStrategy'} AND extensions = {'a': 0x00}",
            "gc_grace_seconds = 10 AND compaction = {'class': 'SizeTieredCompactionStrategy', \
             'only_purge_repaired_tombstones': false}",
            "speculative_retry = 'NEVER' AND additional_write_policy = 'NONE'",
            "speculative_retry = '99percentile' AND cdc = false AND caching = {'keys': 'ALL'}",
            "compaction = {'class': 'SizeTieredCompactionStrategy'} AND compression = {'class': 'LZ4Compressor'}",
            "allow_auto_snapshot = false AND incremental_backups = false AND memtable = 'default'",
        ] {
            assert_eq!(of_table(silent), None, "{silent}");
        }
        assert_eq!(warning("CREATE TABLE x (k int PRIMARY KEY)"), None);
        assert_eq!(warning("DROP TABLE t"), None);
    }

    #[test]
    fn keyspaces_warn_too() {
        let replication = "replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
        assert!(warning(&format!("CREATE KEYSPACE n WITH {replication} AND durable_writes = false")).is_some());
        assert!(warning("ALTER KEYSPACE ks WITH durable_writes = false").is_some());
        assert_eq!(warning(&format!("CREATE KEYSPACE n WITH {replication} AND durable_writes = true")), None);
        assert_eq!(warning("ALTER KEYSPACE ks WITH durable_writes = true"), None);
    }
}
