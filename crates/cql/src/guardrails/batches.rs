//! The size of batches over several partitions. It is counted as Cassandra counts what it keeps of them in memory, so that
//! settings mean the same.

use super::{Guard, Threshold};
use crate::error::Error;
use crate::statement::BatchKind;
use henge_model::{CellKindView, Extent, Key, KeyKind, RowView, Table};
use std::collections::BTreeSet;

/// Bytes that Cassandra counts for a partition, a row, a cell and a range, beside what they hold.
const PARTITION_BYTES: usize = 29;
const ROW_BYTES: usize = 21;
pub(crate) const CELL_BYTES: usize = 20;
const RANGE_BYTES: usize = 16;
/// The same for a row that expires, and for a collection whose elements are cells.
const EXPIRY_BYTES: usize = 12;
const COLLECTION_BYTES: usize = 12;
/// A value that stands for an addition to a counter.
const COUNTER_BYTES: usize = 36;

/// The limits of batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchLimits {
    /// `batch_size_warn_threshold` and `batch_size_fail_threshold`, in bytes.
    pub size: Threshold,
    /// `unlogged_batch_across_partitions_warn_threshold`: partitions.
    pub partitions: Option<u64>,
}

/// How much a batch writes.
#[derive(Debug, Default)]
pub struct BatchSize<'t> {
    bytes: usize,
    /// Keyspace, partition key and table of each partition.
    updates: BTreeSet<(&'t str, Vec<u8>, &'t str)>,
}

impl<'t> BatchSize<'t> {
    /// Counts a row that is written to a table.
    pub fn add(&mut self, table: &'t Table, key: &[u8], row: &[u8]) {
        let Ok(partition) = Key::partition_key(key) else { return };
        if self.updates.insert((&table.keyspace, partition.bytes().to_vec(), &table.name)) {
            self.bytes += PARTITION_BYTES;
        }
        self.bytes += key_bytes(table, key);
        let Ok(view) = RowView::parse_trusted(row) else { return };
        self.bytes += view.marker().and_then(|marker| marker.expiry).map_or(0, |_| EXPIRY_BYTES);
        let mut collection = None;
        for cell in view.cells() {
            let is_part = !cell.path.is_empty() || cell.is_complex_deletion();
            if is_part && collection.replace(cell.column) != Some(cell.column) {
                self.bytes += COLLECTION_BYTES;
            }
            self.bytes += cell_bytes(table, cell.path, &cell.kind);
        }
    }

    /// Whether it is more than one partition of one keyspace, which is written at once: only then its size counts.
    fn is_spread(&self) -> bool {
        let mut mutations = self.updates.iter().map(|(keyspace, partition, _)| (keyspace, partition));
        let first = mutations.next();
        mutations.any(|other| Some(other) != first)
    }
}

impl Guard<'_> {
    /// Holds a batch to its limits.
    pub fn batch(&self, kind: BatchKind, size: &BatchSize<'_>) -> Result<(), Error> {
        let Some(limits) = self.limits().map(|settings| settings.batches).filter(|_| size.is_spread()) else {
            return Ok(());
        };
        let bytes = size.bytes as u64;
        let tables: BTreeSet<String> =
            size.updates.iter().map(|(keyspace, _, table)| format!("{keyspace}.{table}")).collect();
        let plural = if tables.len() > 1 { "s" } else { "" };
        let tables = tables.into_iter().collect::<Vec<_>>().join(", ");
        if limits.size.fail.is_some_and(|most| bytes > most) {
            return Err(Error::invalid("Batch too large"));
        }
        if let Some(most) = limits.size.warn.filter(|most| bytes > *most) {
            let beyond = bytes - most;
            self.warn(format!(
                "Batch for [{tables}] is of size {bytes}, exceeding specified threshold of {most} by {beyond}."
            ));
        }
        let keys: BTreeSet<&[u8]> = size.updates.iter().map(|(_, key, _)| &key[..]).collect();
        if kind != BatchKind::Logged && limits.partitions.is_some_and(|most| keys.len() as u64 > most) {
            let number = keys.len();
            self.warn(format!(
                "Unlogged batch covering {number} partitions detected against table{plural} [{tables}]. You should use \
                 a logged batch for atomicity, or asynchronous writes for performance."
            ));
        }
        Ok(())
    }
}

fn key_bytes(table: &Table, key: &[u8]) -> usize {
    match Key::kind(key) {
        Some(KeyKind::Row) => {
            let clustering = Key::decode(table, key).map(|(_, clustering, _)| clustering).unwrap_or_default();
            ROW_BYTES + clustering.iter().map(|value| value.len()).sum::<usize>()
        }
        Some(KeyKind::RangeTombstone) => {
            let (prefix, extent) = (Key::partition(key).unwrap_or(0), Key::extent(key));
            let bound = |bound: &[u8]| bound.len().saturating_sub(prefix);
            RANGE_BYTES + extent.map_or(0, |Extent { start, end }| bound(&start) + bound(&end))
        }
        // The static row and a partition's deletion are counted with the partition.
        _ => 0,
    }
}

fn cell_bytes(table: &Table, path: &[u8], kind: &CellKindView<'_>) -> usize {
    let value = match kind {
        // A collection that is emptied first is not counted.
        CellKindView::ComplexDeletion { .. } => return 0,
        CellKindView::Live { .. } if table.is_counter() => COUNTER_BYTES,
        CellKindView::Live { value } | CellKindView::Expiring { value, .. } => value.len(),
        CellKindView::Tombstone { .. } => 0,
    };
    CELL_BYTES + path.len() + value
}
