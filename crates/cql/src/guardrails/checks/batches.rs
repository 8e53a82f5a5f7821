//! The size of batches over several partitions. It is counted as Cassandra counts its in-memory form, so that settings
//! have the same meaning.

use crate::error::Error;
use crate::guardrails::Guard;
use crate::statement::BatchKind;
use henge_model::{CellKindView, Extent, Key, KeyKind, RowView, Table};
use std::collections::BTreeSet;

/// Bytes that Cassandra counts for a partition, a row, a cell and a range, in addition to their content.
const PARTITION_BYTES: usize = 29;
const ROW_BYTES: usize = 21;
pub(crate) const CELL_BYTES: usize = 20;
const RANGE_BYTES: usize = 16;
/// Additional bytes of a row that expires, and of an unfrozen collection.
const EXPIRY_BYTES: usize = 12;
const COLLECTION_BYTES: usize = 12;
/// Bytes of the value of an addition to a counter.
const COUNTER_BYTES: usize = 36;

/// The size of a batch.
#[derive(Debug, Default)]
pub struct BatchSize<'t> {
    bytes: usize,
    /// The keyspace, partition key and table of each partition.
    updates: BTreeSet<(&'t str, Vec<u8>, &'t str)>,
}

impl<'t> BatchSize<'t> {
    /// Adds a row of a table.
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

    /// True if the batch writes several partitions or keyspaces. The size of others is not limited, since they are
    /// written at once.
    fn is_spread(&self) -> bool {
        let mut mutations = self.updates.iter().map(|(keyspace, partition, _)| (keyspace, partition));
        let first = mutations.next();
        mutations.any(|other| Some(other) != first)
    }
}

impl Guard<'_> {
    /// Applies the guardrails on a batch.
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
        // The deletion before a collection is replaced is not counted.
        CellKindView::ComplexDeletion { .. } => return 0,
        CellKindView::Live { .. } if table.is_counter() => COUNTER_BYTES,
        CellKindView::Live { value } | CellKindView::Expiring { value, .. } => value.len(),
        CellKindView::Tombstone { .. } => 0,
    };
    CELL_BYTES + path.len() + value
}
