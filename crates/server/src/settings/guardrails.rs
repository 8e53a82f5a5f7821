//! The settings of guardrails, by their names in `cassandra.yaml`.

use henge_node::{Consistency, Guardrails, SchemaGuardrails, Threshold};
use henge_settings::kind::{duration, flag, limit, list_of, size};
use henge_settings::{InvalidValue, Kind, Section, Setting, did_you_mean};
use std::str::FromStr;

/// Two limits of one number: the first is warned of, the second is refused.
pub(crate) struct Pair {
    pub(crate) warn: &'static str,
    pub(crate) fail: &'static str,
    /// The number must not be lower than the limits; else it must not be higher.
    pub(crate) is_minimum: bool,
    warn_help: &'static str,
    fail_help: &'static str,
    unit: Unit,
    part: fn(&mut Guardrails) -> &mut Threshold,
}

/// The unit of a limit, with the defaults.
enum Unit {
    Count(i64, i64),
    Bytes(&'static str, &'static str),
    /// A time, in microseconds.
    Time,
}

impl Pair {
    /// Its limits.
    pub(crate) fn of(&self, guardrails: &mut Guardrails) -> Threshold {
        *(self.part)(guardrails)
    }

    fn settings(self) -> [Setting<Guardrails>; 2] {
        let Pair { warn, fail, warn_help, fail_help, part, .. } = self;
        let (warn_kind, fail_kind) = match self.unit {
            Unit::Count(warn, fail) => (limit(warn), limit(fail)),
            Unit::Bytes(warn, fail) => (size(warn, ..).or(""), size(fail, ..).or("")),
            Unit::Time => (time_limit(), time_limit()),
        };
        [
            Setting::new(warn, Section::Guardrails, warn_help, warn_kind, move |target, value| {
                part(target).warn = value
            }),
            Setting::new(fail, Section::Guardrails, fail_help, fail_kind, move |target, value| {
                part(target).fail = value
            }),
        ]
    }
}

fn time_limit() -> Kind<Option<u64>> {
    let micros =
        |text: &str| duration("", ..).parse(text).map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    Kind::new("", "a duration such as 1d", micros).or("")
}

macro_rules! pair {
    ($name:literal, $help:literal, $unit:expr, $part:expr) => {
        pair!($name, "_fail_threshold", $help, "more than", false, $unit, $part)
    };
    ($name:literal, $fail:literal, $help:literal, $beyond:literal, $is_minimum:literal, $unit:expr, $part:expr) => {
        Pair {
            warn: concat!($name, "_warn_threshold"),
            fail: concat!($name, $fail),
            is_minimum: $is_minimum,
            warn_help: concat!($help, ": ", $beyond, " this is warned of."),
            fail_help: concat!($help, ": ", $beyond, " this is refused."),
            unit: $unit,
            part: $part,
        }
    };
}

const OFF: Unit = Unit::Count(-1, -1);
const NO_BYTES: Unit = Unit::Bytes("", "");

/// All pairs of limits, in the order of the configuration file.
pub(crate) fn pairs() -> Vec<Pair> {
    vec![
        pair!("batch_size", "Bytes of a batch over several partitions", Unit::Bytes("5KiB", "50KiB"), |g| &mut g
            .batches
            .size),
        pair!(
            "tombstone",
            "_failure_threshold",
            "Deletions that one read goes over",
            "more than",
            false,
            Unit::Count(1_000, 100_000),
            |g| &mut g.tombstones
        ),
        pair!("keyspaces", "Keyspaces of users", OFF, |g| &mut g.schema.keyspaces),
        pair!("tables", "Tables of users", OFF, |g| &mut g.schema.tables),
        pair!("columns_per_table", "Columns of a table, with those of its key", OFF, |g| &mut g
            .schema
            .columns_per_table),
        pair!("fields_per_udt", "Fields of a user-defined type", OFF, |g| &mut g.schema.fields_per_udt),
        pair!("vector_dimensions", "Dimensions of a vector", OFF, |g| &mut g.schema.vector_dimensions),
        pair!("maximum_replication_factor", "Copies of a keyspace in each datacentre", OFF, |g| &mut g
            .schema
            .maximum_replication_factor),
        pair!(
            "minimum_replication_factor",
            "_fail_threshold",
            "Copies of a keyspace in each datacentre",
            "less than",
            true,
            OFF,
            |g| &mut g.schema.minimum_replication_factor
        ),
        pair!("secondary_indexes_per_table", "Indexes of a table", OFF, |g| &mut g.indexes.secondary_indexes_per_table),
        pair!("page_size", "Rows of a page", OFF, |g| &mut g.reads.page_size),
        pair!("partition_keys_in_select", "Partitions of a SELECT with IN", OFF, |g| &mut g.reads.partition_keys),
        pair!("in_select_cartesian_product", "Combinations of the values of several IN", OFF, |g| &mut g
            .reads
            .in_product),
        pair!("maximum_timestamp", "The time by which USING TIMESTAMP may be in the future", Unit::Time, |g| &mut g
            .writes
            .maximum_timestamp),
        pair!("minimum_timestamp", "The time by which USING TIMESTAMP may be in the past", Unit::Time, |g| &mut g
            .writes
            .minimum_timestamp),
        pair!("column_value_size", "Bytes of a value, or of an element of a collection", NO_BYTES, |g| &mut g
            .writes
            .value_size),
        pair!("collection_size", "Bytes that a statement writes to a collection", NO_BYTES, |g| &mut g
            .writes
            .collection_size),
        pair!("items_per_collection", "Elements that a statement writes to a collection", OFF, |g| &mut g
            .writes
            .items_per_collection),
    ]
}

/// All settings of guardrails, in the order of the configuration file.
pub(crate) fn settings() -> Vec<Setting<Guardrails>> {
    let batches = limit(10).at(
        "unlogged_batch_across_partitions_warn_threshold",
        Section::Guardrails,
        "Partitions of an unlogged batch: more than this is warned of.",
        |g: &mut Guardrails| &mut g.batches.partitions,
    );
    pairs().into_iter().flat_map(Pair::settings).chain([batches]).chain(switches()).chain(lists()).collect()
}

/// Settings that are on or off.
fn switches() -> Vec<Setting<Guardrails>> {
    let on = |name, help, part: fn(&mut Guardrails) -> &mut bool| flag(true).at(name, Section::Guardrails, help, part);
    vec![
        on("vector_type_enabled", "Users may make columns and fields of vectors.", |g| &mut g.schema.vectors),
        on("alter_table_enabled", "Users may add, drop and rename columns.", |g| &mut g.schema.alter_table),
        on("drop_truncate_table_enabled", "Users may drop and truncate tables.", |g| &mut g.schema.drop_truncate_table),
        on("drop_keyspace_enabled", "Users may drop keyspaces.", |g| &mut g.schema.drop_keyspace),
        on("simplestrategy_enabled", "Users may make keyspaces of SimpleStrategy.", |g| &mut g.schema.simple_strategy),
        on("uncompressed_tables_enabled", "Users may make tables without compression.", |g| {
            &mut g.schema.uncompressed_tables
        }),
        on(
            "zero_ttl_on_twcs_warned",
            "Users are warned of tables of TimeWindowCompactionStrategy without default_time_to_live.",
            |g| &mut g.schema.zero_ttl_on_twcs_warned,
        ),
        on(
            "zero_ttl_on_twcs_enabled",
            "Users may make tables of TimeWindowCompactionStrategy without default_time_to_live.",
            |g| &mut g.schema.zero_ttl_on_twcs,
        ),
        on("secondary_indexes_enabled", "Users may make indexes.", |g| &mut g.indexes.secondary_indexes),
        on("compact_tables_enabled", "Users may make tables WITH COMPACT STORAGE.", |g| &mut g.indexes.compact_tables),
        on("allow_filtering_enabled", "Users may say ALLOW FILTERING.", |g| &mut g.reads.allow_filtering),
        on("group_by_enabled", "Users may say GROUP BY.", |g| &mut g.reads.group_by),
        on("user_timestamps_enabled", "Users may say USING TIMESTAMP.", |g| &mut g.writes.user_timestamps),
        on(
            "read_before_write_list_operations_enabled",
            "Users may set and remove elements of lists by index and by value.",
            |g| &mut g.writes.list_reads,
        ),
    ]
}

/// Properties of tables and consistency levels that are warned of, left out or refused.
fn lists() -> Vec<Setting<Guardrails>> {
    vec![
        properties("table_properties_warned", "Properties of tables that users are warned of.", |g| {
            &mut g.schema.table_properties.warned
        }),
        properties("table_properties_ignored", "Properties of tables that are left out, with a warning.", |g| {
            &mut g.schema.table_properties.ignored
        }),
        properties("table_properties_disallowed", "Properties of tables that are refused.", |g| {
            &mut g.schema.table_properties.disallowed
        }),
        levels("read_consistency_levels_warned", "Consistency levels of SELECT that users are warned of.", |g| {
            &mut g.reads.levels.warned
        }),
        levels("read_consistency_levels_disallowed", "Consistency levels of SELECT that are refused.", |g| {
            &mut g.reads.levels.disallowed
        }),
        levels(
            "write_consistency_levels_warned",
            "Consistency levels of writes and conditions that users are warned of.",
            |g| &mut g.writes.levels.warned,
        ),
        levels(
            "write_consistency_levels_disallowed",
            "Consistency levels of writes and conditions that are refused.",
            |g| &mut g.writes.levels.disallowed,
        ),
    ]
}

type Set<T> = std::collections::BTreeSet<T>;

fn properties(
    name: &'static str,
    help: &'static str,
    part: fn(&mut Guardrails) -> &mut Set<String>,
) -> Setting<Guardrails> {
    let property = |text: &str| match text.to_lowercase() {
        known if SchemaGuardrails::is_property(&known) => Ok(known),
        _ => Err(InvalidValue::Refused(format!("{text:?} is no property of tables"))),
    };
    list_of("properties, comma-separated or a list", property).at(name, Section::Guardrails, help, part)
}

fn levels(
    name: &'static str,
    help: &'static str,
    part: fn(&mut Guardrails) -> &mut Set<Consistency>,
) -> Setting<Guardrails> {
    let level = |text: &str| {
        Consistency::from_str(text).map_err(|()| {
            let suggestion = did_you_mean(text, Consistency::all().map(|level| level.name()));
            InvalidValue::Refused(format!("{text:?} is no consistency level{suggestion}"))
        })
    };
    list_of("levels, comma-separated or a list", level).at(name, Section::Guardrails, help, part)
}
