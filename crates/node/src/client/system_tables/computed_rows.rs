//! The rows of a computed table, and those of one read.

use henge_base::{Bytes, count_steps};
use henge_model::{KeyRange, ReadCommand, RowBlock, StorageId};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All rows of a table: keys and encoded rows, in key order.
pub(super) type ComputedRows = Arc<[(Bytes, Bytes)]>;

/// Rows of tables that show the schema, kept for the newest view that was read: a client that reads wide tables page by page would
/// otherwise have all rows made for each page. They take about as much memory as the schema itself.
#[derive(Default)]
pub(crate) struct SchemaRows(Mutex<BTreeMap<StorageId, (u64, ComputedRows)>>);

impl SchemaRows {
    /// The rows of a table in the view of this number; made if none are kept.
    pub(super) fn of(&self, view: u64, table: StorageId, make: impl FnOnce() -> ComputedRows) -> ComputedRows {
        if let Some((number, rows)) = self.0.lock().get(&table)
            && *number == view
        {
            return Arc::clone(rows);
        }
        let rows = make();
        self.0.lock().insert(table, (view, Arc::clone(&rows)));
        rows
    }
}

/// The rows that a command reads.
pub(super) fn select(rows: &[(Bytes, Bytes)], command: &ReadCommand) -> RowBlock {
    let place_of = |key: &[u8]| rows.partition_point(|(other, _)| other.as_ref() < key);
    let at = |key: &[u8]| rows.get(place_of(key)).filter(|(other, _)| other.as_ref() == key);
    let limit = command.limit as usize;
    let mut rows: Vec<(Bytes, Bytes)> = match &command.keys {
        KeyRange::One(one) => at(one.bytes()).into_iter().cloned().collect(),
        KeyRange::Many(keys) => keys.iter().filter_map(|key| at(key)).take(limit.saturating_add(1)).cloned().collect(),
        KeyRange::Run { start, end, reversed } => {
            let run = &rows[place_of(start)..place_of(end).max(place_of(start))];
            match reversed {
                false => run.iter().take(limit.saturating_add(1)).cloned().collect(),
                true => run.iter().rev().take(limit.saturating_add(1)).cloned().collect(),
            }
        }
    };
    count_steps(rows.len());
    let more = rows.len() > limit;
    rows.truncate(limit);
    RowBlock { rows, context: Vec::new(), more }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::steps_of;

    fn numbered_rows(count: usize) -> ComputedRows {
        count_steps(count);
        (0..count).map(|number| (number.to_be_bytes().to_vec().into(), Bytes::new())).collect()
    }

    #[test]
    fn rows_are_made_once_for_each_view() {
        let (kept, table) = (SchemaRows::default(), StorageId(1));
        let pages = |view: u64| {
            steps_of(|| {
                for _ in 0..100 {
                    assert_eq!(kept.of(view, table, || numbered_rows(1000)).len(), 1000);
                }
            })
        };
        let once = if cfg!(debug_assertions) { 1000 } else { 0 };
        assert_eq!((pages(1), pages(2)), (once, once));
        assert_eq!(kept.0.lock().len(), 1, "a newer view takes the place of the one before");
    }
}
