//! The content of tables, as replicas compare it.

use crate::{ContentRow, ContentScan, EngineError, MissedRange, MissedWrites, Proven, ReadError, Store};
use crate::{batchlog, content};
use henge_base::{Bytes, Micros};
use henge_model::{StorageId, TokenRange};

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

    /// A range that does not wrap, cut so that the same was proven of all tokens in a piece.
    pub fn proven_pieces(&self, table: StorageId, range: TokenRange) -> Vec<(TokenRange, Proven)> {
        self.proven.parts(table).unwrap_or_default().pieces(range)
    }

    /// Changes what was proven of ranges that do not wrap; a floor that rises is on disk when this returns. For a disk lane.
    pub fn change_proven(
        &self,
        table: StorageId,
        ranges: &[TokenRange],
        change: impl Fn(Proven) -> Proven,
    ) -> Result<(), EngineError> {
        self.proven.change(&self.engine, table, ranges, change)
    }

    /// The time before which ballots of a partition are settled; 0 if none are known to be.
    pub fn settled_before(&self, table: StorageId, token: henge_model::Token) -> Micros {
        self.proven.parts(table).and_then(|parts| parts.of(token).map(|proven| proven.settled.before)).unwrap_or(0)
    }

    /// The fence of a table, if it has one.
    pub fn fence(&self, table: StorageId) -> Option<Micros> {
        self.fences.of(table)
    }

    /// When the oldest batch was admitted that this node keeps; for a disk lane.
    pub fn oldest_batch(&self) -> Result<Option<Micros>, EngineError> {
        batchlog::oldest(&self.engine)
    }

    /// Removes records of missed writes, unless more has been missed since; for a disk lane.
    pub fn forget_missed(&self, missed: &[(MissedRange, MissedWrites)]) -> Result<(), EngineError> {
        self.missed.forget(&self.engine, missed)
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
