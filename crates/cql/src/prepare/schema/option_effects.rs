//! Warnings about options that are stored and described but have no effect. Many tools set them on every table, so one
//! warning per statement names them all, and only those whose value asks for something other than what Henge does anyway.

use crate::plan::SchemaChange;
use henge_model::{TableChange, TableOptions};

/// True if the option's value is set and has no effect.
type HasNoEffect = fn(&TableOptions, default: &TableOptions) -> bool;

/// The table options that may have no effect, in the order of DESCRIBE.
const OPTIONS_WITHOUT_EFFECT: [(&str, HasNoEffect); 11] = [
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
    /// The warnings for a statement that sets options without effect.
    pub fn idle_options(&self) -> Vec<String> {
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
                return vec![text];
            }
            _ => return Vec::new(),
        };
        let default = TableOptions::default();
        let is_set = |name: &str| properties.iter().any(|property| property == name);
        let idle = OPTIONS_WITHOUT_EFFECT.iter().filter(|(name, is_idle)| is_set(name) && is_idle(options, &default));
        let idle: Vec<&str> = idle.map(|(name, _)| *name).collect();
        let idle = (!idle.is_empty()).then(|| {
            format!("Options of table {table} that are kept but have no effect in Henge: {}", idle.join(", "))
        });
        idle.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::prepare_text;
    use crate::plan::Plan;

    fn warnings(text: &str) -> Vec<String> {
        match prepare_text(text).unwrap().plan {
            Plan::Schema(change) => change.idle_options(),
            plan => panic!("{plan:?}"),
        }
    }

    fn of_table(options: &str) -> Vec<String> {
        warnings(&format!("CREATE TABLE x (k int PRIMARY KEY) WITH {options}"))
    }

    fn idle(options: &str) -> String {
        let [warning] = &of_table(options)[..] else { panic!("{options}") };
        warning.strip_prefix("Options of table x that are kept but have no effect in Henge: ").unwrap().to_owned()
    }

    #[test]
    fn what_has_no_effect_is_named_in_one_sentence() {
        assert_eq!(
            idle("cdc = true AND crc_check_chance = 0.5 AND caching = {'keys': 'NONE'} AND comment = 'x'"),
            "caching, cdc, crc_check_chance"
        );
        for option in [
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
            assert_eq!(Some(idle(option).as_str()), option.split(' ').next(), "{option}");
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
            "speculative_retry = 'ALWAYS' AND read_repair = 'NONE'",
            "speculative_retry = '50ms' AND read_repair = 'BLOCKING'",
            "speculative_retry = '95p'",
            "speculative_retry = 'MIN(99p,50ms)'",
        ] {
            assert_eq!(of_table(silent), [""; 0], "{silent}");
        }
        assert_eq!(warnings("CREATE TABLE x (k int PRIMARY KEY)"), [""; 0]);
        assert_eq!(warnings("DROP TABLE t"), [""; 0]);
    }

    #[test]
    fn keyspaces_warn_too() {
        let replication = "replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
        assert_eq!(warnings(&format!("CREATE KEYSPACE n WITH {replication} AND durable_writes = false")).len(), 1);
        assert_eq!(warnings("ALTER KEYSPACE ks WITH durable_writes = false").len(), 1);
        assert_eq!(warnings(&format!("CREATE KEYSPACE n WITH {replication} AND durable_writes = true")), [""; 0]);
        assert_eq!(warnings("ALTER KEYSPACE ks WITH durable_writes = true"), [""; 0]);
    }
}
