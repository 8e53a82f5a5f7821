//! Exports of a store, for peers, and the removal of what lies in ranges of the ring.

use super::Store;
use crate::{
    EngineError, ExportCursor, ExportPage, KeyRemoval, ReadAllowance, ReadError, WriteError, acceptors, export,
    range_sizes, removals,
};
use henge_base::{Bytes, Micros};
use henge_model::{StorageId, TokenRange};
use std::collections::{BTreeMap, BTreeSet};

impl Store {
    /// A page of a table's rows in a range of the ring, with the tombstones among them, in the order of their keys: at most
    /// `bytes_max`, or one row that is larger. All of a page is of one state; pages are of several. For a disk lane.
    pub fn export_page(
        &self,
        table: StorageId,
        tokens: TokenRange,
        after: Option<&ExportCursor>,
        bytes_max: usize,
    ) -> Result<ExportPage, ReadError> {
        export::page(&self.source(table)?, table, tokens, after, bytes_max)
    }

    /// Estimates the bytes that a table's rows in each of these ranges take when they are exported. Reads of them as much as is allowed. For a
    /// disk lane.
    pub fn range_sizes(
        &self,
        table: StorageId,
        ranges: &[TokenRange],
        allowance: &mut ReadAllowance,
    ) -> Result<Vec<u64>, ReadError> {
        range_sizes::estimate(&self.source(table)?, table, ranges, allowance)
    }

    /// A page of the states of acceptors in a range of the ring, by the prefixes of their partitions' keys; as
    /// [`Store::export_page`] besides. A damaged state is an error.
    pub fn export_acceptors(
        &self,
        table: StorageId,
        tokens: TokenRange,
        after: Option<&ExportCursor>,
        bytes_max: usize,
    ) -> Result<ExportPage, ReadError> {
        self.family(table).ok_or(ReadError::UnknownTable)?;
        Ok(acceptors::page(&self.engine, table, tokens, after, bytes_max)?)
    }

    /// Finds what a table holds in ranges of the ring: rows, tombstones and states of acceptors. For a disk lane.
    pub fn find_in_ranges(&self, table: StorageId, ranges: &[TokenRange]) -> Result<KeyRemoval, EngineError> {
        removals::find(&self.engine, table, ranges)
    }

    /// Queues a removal, with facts that are set in its batch; as [`Store::submit`] besides. What was queued before is removed too,
    /// what comes later stays.
    pub fn submit_removal(
        &self,
        removal: KeyRemoval,
        facts: impl IntoIterator<Item = (String, Bytes)>,
        ticket: u64,
    ) -> Result<bool, WriteError> {
        self.combiner.submit_removal(removal.into_ops(facts), ticket)
    }

    /// The fences of all tables that have one.
    pub fn fences(&self) -> BTreeMap<StorageId, Micros> {
        self.fences.all()
    }

    /// The ballot fences of all tables that have one.
    pub fn ballot_fences(&self) -> BTreeMap<StorageId, Micros> {
        self.ballot_fences.all()
    }

    /// Refuses writes to these tables that were issued before a time, as ones that may be made later. It replaces what was held back
    /// before, and ends with the process.
    pub fn hold_late_writes(&self, tables: BTreeSet<StorageId>, before: Micros) {
        self.fences.hold(tables, before);
    }
}
