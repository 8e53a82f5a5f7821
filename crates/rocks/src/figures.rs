//! RocksDB's own figures.

use crate::RocksEngine;
use henge_storage::{Family, Figures};

impl RocksEngine {
    /// The figures that RocksDB counts; those that the engine counts are 0.
    pub(crate) fn properties(&self) -> Figures {
        Figures {
            compaction_pending_bytes: self.sum_over_families("rocksdb.estimate-pending-compaction-bytes"),
            compactions_pending: self.sum_over_families("rocksdb.compaction-pending"),
            compactions_running: self.database_property("rocksdb.num-running-compactions"),
            write_stopped: self.database_property("rocksdb.is-write-stopped"),
            cache_capacity_bytes: self.database_property("rocksdb.block-cache-capacity"),
            memtable_bytes: self.sum_over_families("rocksdb.cur-size-all-mem-tables"),
            live_data_bytes: self.sum_over_families("rocksdb.estimate-live-data-size"),
            level0_files: self.sum_over_families("rocksdb.num-files-at-level0"),
            ..Figures::default()
        }
    }

    /// Bytes of the memory table of a family that is being filled.
    pub(crate) fn memtable_bytes(&self, family: Family) -> u64 {
        self.family_property(family, "rocksdb.cur-size-active-mem-table")
    }

    /// The sum of a property over all families.
    fn sum_over_families(&self, property: &str) -> u64 {
        Family::ALL.iter().map(|family| self.family_property(*family, property)).sum()
    }

    /// A property of the whole database. Every family answers with the same value, so only one is asked.
    fn database_property(&self, property: &str) -> u64 {
        self.family_property(Family::Rows, property)
    }

    fn family_property(&self, family: Family, property: &str) -> u64 {
        let value = self.handle(family).ok().and_then(|handle| self.db.property_int_value_cf(handle, property).ok()?);
        value.unwrap_or(0)
    }
}
