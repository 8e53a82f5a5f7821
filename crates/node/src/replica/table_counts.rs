//! The reads and writes of each table that this copy served. Threads count in parts of their own, which are added up when somebody asks.

use crate::ground::per_thread::PerThread;
use henge_model::StorageId;
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// Reads and writes of a table that one replica served since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableRequests {
    /// Reads that were answered, with rows or their digest; of a scan each piece.
    pub reads: u64,
    /// Mutations that were taken, each of one partition: those of clients, hints, repairs and decisions of Paxos.
    pub writes: u64,
}

/// The counts of all tables: of each thread that counts as many entries as there are tables.
#[derive(Default)]
pub(super) struct TableCounts {
    // A thread meets another one at its lock only where they share a part, or while somebody asks.
    parts: PerThread<Mutex<BTreeMap<StorageId, TableRequests>>>,
}

impl TableCounts {
    pub(super) fn count_read(&self, table: StorageId) {
        self.parts.own().lock().entry(table).or_default().reads += 1;
    }

    pub(super) fn count_write(&self, table: StorageId) {
        self.parts.own().lock().entry(table).or_default().writes += 1;
    }

    /// The counts of one table.
    pub(super) fn of(&self, table: StorageId) -> TableRequests {
        let mut sum = TableRequests::default();
        for part in self.parts.used() {
            if let Some(TableRequests { reads, writes }) = part.lock().get(&table) {
                sum.reads += reads;
                sum.writes += writes;
            }
        }
        sum
    }

    /// Forgets the tables that are not `known`.
    pub(super) fn retain(&self, known: impl Fn(StorageId) -> bool) {
        self.parts.used().for_each(|part| part.lock().retain(|table, _| known(*table)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_all_threads_are_counted_by_table() {
        let counts = TableCounts::default();
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        counts.count_read(StorageId(7));
                    }
                    counts.count_write(StorageId(7));
                    counts.count_write(StorageId(8));
                });
            }
        });
        assert_eq!(counts.of(StorageId(7)), TableRequests { reads: 2_000, writes: 20 });
        assert_eq!(counts.of(StorageId(8)), TableRequests { reads: 0, writes: 20 });
        assert_eq!(counts.of(StorageId(9)), TableRequests::default());
        counts.retain(|table| table == StorageId(8));
        assert_eq!(counts.of(StorageId(7)), TableRequests::default());
        assert_eq!(counts.of(StorageId(8)), TableRequests { reads: 0, writes: 20 });
    }
}
