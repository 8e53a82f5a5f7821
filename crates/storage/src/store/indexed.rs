//! A store's secondary indexes.

use super::Store;
use crate::combiner::Rows;
use crate::read::{self, IndexedTable, Source};
use crate::{BuiltIndex, EngineError, Entries, IndexBuild, IndexSweep, ReadError, WriteError};
use henge_model::{Probe, ReadCommand, RowBlock, StorageId, Table};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Store {
    fn indexed_table(&self, storage: StorageId) -> Result<Arc<Table>, ReadError> {
        let tables = self.tables.load();
        let stored = tables.get(storage).ok_or(ReadError::UnknownTable)?;
        stored.indexed.clone().ok_or(ReadError::NoIndex)
    }

    /// True if all rows of an index's table are in it.
    pub fn is_built(&self, index: BuiltIndex) -> bool {
        self.indexes.is_built(index)
    }

    /// Indexes that there are and that are not built, and such as were begun of which there is no word any more.
    pub fn indexes_to_change(&self) -> (Vec<BuiltIndex>, Vec<BuiltIndex>) {
        let tables = self.tables.load();
        let indexed = tables.iter().filter_map(|(id, table)| Some((id, table.indexed.as_ref()?)));
        let wanted: BTreeSet<BuiltIndex> =
            indexed.flat_map(|(id, table)| table.indexes.iter().map(move |index| (id, index.id))).collect();
        let (built, begun) = (self.indexes.built_indexes(), self.indexes.begun());
        (wanted.difference(&built).copied().collect(), begun.difference(&wanted).copied().collect())
    }

    /// Indexes that are built.
    pub fn built_indexes(&self) -> BTreeSet<BuiltIndex> {
        self.indexes.built_indexes()
    }

    /// Notes that there will be entries of an index, from now on or from before. Synced.
    pub fn begin_index(&self, index: BuiltIndex) -> Result<(), EngineError> {
        self.indexes.begin(&self.engine, index)
    }

    /// Queues nothing: its ticket is done once everything is that was queued before.
    pub fn submit_nothing(&self, ticket: u64) -> Result<bool, WriteError> {
        self.combiner.submit_any(Rows::new(), ticket)
    }

    /// Goes on with building an index; for a disk lane. `None`: it has been through all rows.
    pub fn build_index(&self, build: &mut IndexBuild) -> Result<Option<Entries>, ReadError> {
        let storage = build.index().0;
        build.step(&self.source(storage)?, &*self.indexed_table(storage)?)
    }

    /// Queues entries; as [`Store::submit`] besides.
    pub fn submit_entries(&self, entries: Entries, ticket: u64) -> Result<bool, WriteError> {
        self.combiner.submit_any(entries.0, ticket)
    }

    /// Every row has its entries: from now on the index is answered from. Synced.
    pub fn finish_index(&self, index: BuiltIndex) -> Result<(), EngineError> {
        self.indexes.finish(&self.engine, index)
    }

    /// Removes the entries of an index that is gone, once nothing is queued any more that knew of it. For a disk lane.
    pub fn remove_index(&self, index: BuiltIndex) -> Result<(), EngineError> {
        self.indexes.remove(&self.engine, index)
    }

    /// Goes on with a walk through an index; for a disk lane. Says whether there is more.
    pub fn sweep_index(&self, sweep: &mut IndexSweep) -> Result<bool, ReadError> {
        let storage = sweep.index().0;
        sweep.step(&self.source(storage)?, &*self.indexed_table(storage)?)
    }

    pub(super) fn read_probed(
        &self,
        source: &Source<'_>,
        command: &ReadCommand,
        probe: &Probe,
        max_bytes: usize,
    ) -> Result<Option<RowBlock>, ReadError> {
        let table = self.indexed_table(command.storage_id)?;
        let index = table.indexes.iter().find(|index| index.id == probe.index).ok_or(ReadError::NoIndex)?;
        if !self.is_built((command.storage_id, index.id)) {
            return Err(ReadError::NoIndex);
        }
        read::read_probed(source, IndexedTable { table: &table, index }, command, probe, max_bytes).map(Some)
    }
}
