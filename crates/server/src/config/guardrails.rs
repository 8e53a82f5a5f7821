//! Guardrails from their settings.

use super::{ConfigError, Settings};
use crate::spelling::did_you_mean;
use henge_cql::Guardrails;
use henge_cql::guardrails::{
    BatchLimits, IndexGuardrails, Listed, ReadGuardrails, SchemaGuardrails, Threshold, WriteGuardrails,
};
use henge_model::Consistency;
use std::collections::BTreeSet;
use std::str::FromStr;

/// A number that switches a guardrail off.
const OFF: &str = "-1";

impl Settings {
    /// The guardrails they make.
    pub(super) fn guardrails(&self) -> Result<Guardrails, ConfigError> {
        Ok(Guardrails {
            schema: self.of_schema()?,
            indexes: IndexGuardrails {
                secondary_indexes: self.flag("secondary_indexes_enabled")?,
                secondary_indexes_per_table: self.counts(
                    "secondary_indexes_per_table_warn_threshold",
                    "secondary_indexes_per_table_fail_threshold",
                )?,
                compact_tables: self.flag("compact_tables_enabled")?,
            },
            reads: self.of_reads()?,
            writes: self.of_writes()?,
            batches: BatchLimits {
                size: self.sizes("batch_size_warn_threshold", "batch_size_fail_threshold")?,
                partitions: self.count("unlogged_batch_across_partitions_warn_threshold")?,
            },
            tombstones: self.counts("tombstone_warn_threshold", "tombstone_failure_threshold")?,
        })
    }

    fn of_schema(&self) -> Result<SchemaGuardrails, ConfigError> {
        let minimum =
            self.at_least("minimum_replication_factor_warn_threshold", "minimum_replication_factor_fail_threshold")?;
        let maximum =
            self.counts("maximum_replication_factor_warn_threshold", "maximum_replication_factor_fail_threshold")?;
        let default = u64::from(self.number("default_keyspace_rf", 1, 1_000)? as u32);
        if minimum.fail.is_some_and(|least| default < least) || maximum.fail.is_some_and(|most| default > most) {
            return Err(self.wrong("default_keyspace_rf", "must be a replication factor that guardrails allow"));
        }
        Ok(SchemaGuardrails {
            keyspaces: self.counts("keyspaces_warn_threshold", "keyspaces_fail_threshold")?,
            tables: self.counts("tables_warn_threshold", "tables_fail_threshold")?,
            columns_per_table: self.counts("columns_per_table_warn_threshold", "columns_per_table_fail_threshold")?,
            fields_per_udt: self.counts("fields_per_udt_warn_threshold", "fields_per_udt_fail_threshold")?,
            vector_dimensions: self.counts("vector_dimensions_warn_threshold", "vector_dimensions_fail_threshold")?,
            maximum_replication_factor: maximum,
            minimum_replication_factor: minimum,
            table_properties: Listed {
                warned: self.properties("table_properties_warned")?,
                ignored: self.properties("table_properties_ignored")?,
                disallowed: self.properties("table_properties_disallowed")?,
            },
            vectors: self.flag("vector_type_enabled")?,
            alter_table: self.flag("alter_table_enabled")?,
            drop_truncate_table: self.flag("drop_truncate_table_enabled")?,
            drop_keyspace: self.flag("drop_keyspace_enabled")?,
            simple_strategy: self.flag("simplestrategy_enabled")?,
            uncompressed_tables: self.flag("uncompressed_tables_enabled")?,
            zero_ttl_on_twcs_warned: self.flag("zero_ttl_on_twcs_warned")?,
            zero_ttl_on_twcs: self.flag("zero_ttl_on_twcs_enabled")?,
        })
    }

    fn of_reads(&self) -> Result<ReadGuardrails, ConfigError> {
        Ok(ReadGuardrails {
            allow_filtering: self.flag("allow_filtering_enabled")?,
            group_by: self.flag("group_by_enabled")?,
            page_size: self.counts("page_size_warn_threshold", "page_size_fail_threshold")?,
            partition_keys: self
                .counts("partition_keys_in_select_warn_threshold", "partition_keys_in_select_fail_threshold")?,
            in_product: self
                .counts("in_select_cartesian_product_warn_threshold", "in_select_cartesian_product_fail_threshold")?,
            levels: Listed {
                warned: self.levels("read_consistency_levels_warned")?,
                disallowed: self.levels("read_consistency_levels_disallowed")?,
                ..Listed::default()
            },
        })
    }

    fn of_writes(&self) -> Result<WriteGuardrails, ConfigError> {
        Ok(WriteGuardrails {
            user_timestamps: self.flag("user_timestamps_enabled")?,
            list_reads: self.flag("read_before_write_list_operations_enabled")?,
            value_size: self.sizes("column_value_size_warn_threshold", "column_value_size_fail_threshold")?,
            collection_size: self.sizes("collection_size_warn_threshold", "collection_size_fail_threshold")?,
            items_per_collection: self
                .counts("items_per_collection_warn_threshold", "items_per_collection_fail_threshold")?,
            maximum_timestamp: self.times("maximum_timestamp_warn_threshold", "maximum_timestamp_fail_threshold")?,
            minimum_timestamp: self.times("minimum_timestamp_warn_threshold", "minimum_timestamp_fail_threshold")?,
            levels: Listed {
                warned: self.levels("write_consistency_levels_warned")?,
                disallowed: self.levels("write_consistency_levels_disallowed")?,
                ..Listed::default()
            },
        })
    }

    fn counts(&self, warn: &'static str, fail: &'static str) -> Result<Threshold, ConfigError> {
        self.ordered(warn, Threshold { warn: self.count(warn)?, fail: self.count(fail)? })
    }

    /// Limits from below: whoever is warned has more than who is refused.
    fn at_least(&self, warn: &'static str, fail: &'static str) -> Result<Threshold, ConfigError> {
        let limits = Threshold { warn: self.count(warn)?, fail: self.count(fail)? };
        match limits {
            Threshold { warn: Some(least), fail: Some(fail) } if least < fail => {
                Err(self.wrong(warn, "must not be lower than the number that is refused"))
            }
            limits => Ok(limits),
        }
    }

    fn sizes(&self, warn: &'static str, fail: &'static str) -> Result<Threshold, ConfigError> {
        let size = |name| self.given(name).map(|_| self.bytes(name).map(|bytes| bytes as u64)).transpose();
        self.ordered(warn, Threshold { warn: size(warn)?, fail: size(fail)? })
    }

    /// In microseconds.
    fn times(&self, warn: &'static str, fail: &'static str) -> Result<Threshold, ConfigError> {
        let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let time = |name| self.given(name).map(|_| self.time(name).map(micros)).transpose();
        self.ordered(warn, Threshold { warn: time(warn)?, fail: time(fail)? })
    }

    fn ordered(&self, warn: &'static str, limits: Threshold) -> Result<Threshold, ConfigError> {
        match limits {
            Threshold { warn: Some(most), fail: Some(fail) } if most > fail => {
                Err(self.wrong(warn, "must not be higher than what is refused"))
            }
            limits => Ok(limits),
        }
    }

    fn count(&self, name: &'static str) -> Result<Option<u64>, ConfigError> {
        match self.text_of(name) {
            OFF => Ok(None),
            _ => match self.number(name, 1, i64::MAX as u64) {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(self.wrong(name, "must be a positive number, or -1 to switch it off")),
            },
        }
    }

    /// A setting that may be left empty.
    fn given(&self, name: &'static str) -> Option<&str> {
        Some(self.text_of(name)).filter(|text| !text.is_empty() && *text != "null")
    }

    fn levels<T: Ord + FromStr>(&self, name: &'static str) -> Result<BTreeSet<T>, ConfigError> {
        let level = |text: &str| {
            let near = || did_you_mean(text, Consistency::all().map(|level| level.name()));
            text.parse().map_err(|_| self.wrong(name, &format!("{text:?} is no consistency level{}", near())))
        };
        self.listed(name).map(level).collect()
    }

    fn properties(&self, name: &'static str) -> Result<BTreeSet<String>, ConfigError> {
        let property = |text: &str| {
            let text = text.to_lowercase();
            let known = SchemaGuardrails::is_property(&text);
            known.then(|| text.clone()).ok_or_else(|| self.wrong(name, &format!("{text:?} is no property of tables")))
        };
        self.listed(name).map(property).collect()
    }

    fn listed(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.text_of(name).split(',').map(str::trim).filter(|text| !text.is_empty())
    }
}
