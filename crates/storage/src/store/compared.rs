//! The content of tables, as replicas compare it.

use crate::{ContentRow, ContentScan, ReadError, Store, content};
use henge_base::Bytes;
use henge_model::StorageId;

impl Store {
    /// Goes on with a scan, for about `bytes_max`; each row is told with its key, parsed and encoded, as far as no tombstone covers it. The
    /// scan stops behind a row of which [`crate::Flow::Stop`] is said. For a disk lane.
    pub fn scan_content(
        &self,
        scan: &mut ContentScan,
        bytes_max: usize,
        row: &mut ContentRow<'_>,
    ) -> Result<(), ReadError> {
        let source = self.source(scan.table())?;
        scan.step(&source, bytes_max, row)
    }

    /// The row at a key as [`Store::scan_content`] tells it, without what was deleted or expired before `purge_before` (seconds); `None` if
    /// nothing is left. For a disk lane.
    pub fn content_row(&self, key: &Bytes, purge_before: i64) -> Result<Option<Bytes>, ReadError> {
        let table = henge_model::Key::storage_id(key).ok_or(ReadError::UnknownTable)?;
        content::row(&self.source(table)?, key, purge_before)
    }

    /// Marks from now on the parts of a table's ring that are written to: all tokens with the same leading `bits`.
    pub fn track_writes(&self, table: StorageId, bits: u8) {
        self.combiner.written.track(table, bits);
    }

    /// Takes the parts of a tracked table that were written to since they were taken last. Everything that they stand for is visible.
    pub fn take_written(&self, table: StorageId) -> Vec<u32> {
        self.combiner.written.take(table)
    }

    /// Tracks writes of no other tables than those that are `known`.
    pub fn untrack_writes(&self, known: impl Fn(StorageId) -> bool) {
        self.combiner.written.retain(known);
    }
}
