//! RocksDB's own figures.

use crate::RocksEngine;
use henge_storage::{Family, Figures};

impl RocksEngine {
    /// The figures that RocksDB counts; those that the engine counts are 0.
    pub(crate) fn properties(&self) -> Figures {
        Figures {
            compaction_pending_bytes: self.total("rocksdb.estimate-pending-compaction-bytes"),
            compactions_running: self.overall("rocksdb.num-running-compactions"),
            write_stopped: self.overall("rocksdb.is-write-stopped"),
            cache_capacity_bytes: self.overall("rocksdb.block-cache-capacity"),
            memtable_bytes: self.total("rocksdb.cur-size-all-mem-tables"),
            live_data_bytes: self.total("rocksdb.estimate-live-data-size"),
            level0_files: self.total("rocksdb.num-files-at-level0"),
            ..Figures::default()
        }
    }

    /// The sum of a property over all families.
    fn total(&self, property: &str) -> u64 {
        Family::ALL.iter().map(|family| self.property(*family, property)).sum()
    }

    /// A property of the whole database. Every family answers with the same value, so only one is asked.
    fn overall(&self, property: &str) -> u64 {
        self.property(Family::Rows, property)
    }

    fn property(&self, family: Family, property: &str) -> u64 {
        let value = self.handle(family).ok().and_then(|handle| self.db.property_int_value_cf(handle, property).ok()?);
        value.unwrap_or(0)
    }
}
