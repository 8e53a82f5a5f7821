//! This node's shards of counters: additions become part of them, and are on disk before any other replica hears of them. Otherwise a
//! node that lost its shard would begin again from less, with a newer timestamp.

use crate::ground::world::World;
use crate::replica::handle::ReplicaHandle;
use henge_base::{Bytes, Micros};
use henge_coordinator::{ReadKind, ReadReply, Refusal, ReplicaError};
use henge_model::{
    Cell, CellKind, ColumnId, Columns, Key, KeyRange, Mutation, ReadCommand, Row, RowView, SharedMutation, encode_row,
};
use std::collections::BTreeMap;
use std::sync::Arc;

impl<W: World> ReplicaHandle<W> {
    /// Adds to this node's shards. Gives the mutation that other replicas are to apply, once it is on this node's disk.
    pub(crate) async fn add_to_counters(&self, additions: Bytes) -> Result<SharedMutation, ReplicaError> {
        let corrupt = ReplicaError::Refused(Refusal::Corrupt);
        let mutation = Mutation::decode(additions).map_err(|_| corrupt)?;
        let first = mutation.rows.first().map(|(key, _)| key.clone()).ok_or(corrupt)?;
        let _lock = self.counter_locks.lock(&first).await;
        let own = Bytes::copy_from_slice(self.context.host().0.as_bytes());
        let mut shards = Shards { own, sums: BTreeMap::new() };
        let mut rows = Vec::with_capacity(mutation.rows.len());
        for (key, row) in &mutation.rows {
            let view = RowView::parse(key, row).map_err(|_| corrupt)?;
            if Key::extent(key).is_none() {
                shards.load(self, key).await?;
            }
            rows.push((key.clone(), shards.add(key, &view.to_row(), mutation.issued)));
        }
        let sums = SharedMutation::from(Mutation { issued: mutation.issued, rows });
        self.apply(sums.mutation()).await?;
        self.wait_until_synced().await?;
        Ok(sums)
    }
}

/// This node's shards of the rows of one mutation.
struct Shards {
    own: Bytes,
    /// By row: the sum of each column, and the newest timestamp of anything there.
    sums: BTreeMap<Bytes, (BTreeMap<ColumnId, i64>, Micros)>,
}

impl Shards {
    /// Reads a row, unless it was read already.
    async fn load<W: World>(&mut self, replica: &ReplicaHandle<W>, key: &Bytes) -> Result<(), ReplicaError> {
        if self.sums.contains_key(key) {
            return Ok(());
        }
        let corrupt = ReplicaError::Refused(Refusal::Corrupt);
        let (storage_id, token) = Key::storage_id(key).zip(Key::token(key)).ok_or(corrupt)?;
        let now_seconds = replica.context.world.wall_us().div_euclid(1_000_000);
        let command = ReadCommand {
            storage_id,
            token,
            keys: KeyRange::One(Key(key.clone())),
            statics: false,
            columns: Columns::All,
            limit: 1,
            now_seconds,
            purge_before: i64::MIN,
            probe: None,
        };
        let ReadReply::Rows(block) = replica.read(Arc::new(command), ReadKind::Rows).await? else {
            return Err(corrupt);
        };
        let (mut sums, mut newest) = (BTreeMap::new(), Micros::MIN);
        for (found, row) in block.rows.iter().chain(&block.context) {
            let view = RowView::parse(found, row).map_err(|_| corrupt)?;
            newest = newest.max(view.newest());
            for cell in view.cells().filter(|cell| found == key && cell.path == self.own) {
                let sum = cell.live_value(now_seconds).and_then(|value| value.try_into().ok());
                sums.extend(sum.map(|bytes| (cell.column, i64::from_be_bytes(bytes))));
            }
        }
        self.sums.insert(key.clone(), (sums, newest));
        Ok(())
    }

    /// A row with sums in place of additions, newer than all that is there. Its deletions stay as they are.
    fn add(&mut self, key: &Bytes, row: &Row, issued: Micros) -> Bytes {
        let mut cells = Vec::with_capacity(row.cells.len());
        for cell in &row.cells {
            // Clustering values as they were written stand beside the additions.
            let counts = cell.path.is_empty() && cell.column != ColumnId::CLUSTERING;
            let addition = match &cell.kind {
                CellKind::Live { value } if counts => value.as_ref().try_into().map(i64::from_be_bytes),
                _ => {
                    cells.push(cell.clone());
                    continue;
                }
            };
            let Some((sums, newest)) = self.sums.get_mut(key) else { continue };
            let sum = sums.entry(cell.column).or_insert(0);
            *sum = sum.wrapping_add(addition.unwrap_or(0));
            *newest = issued.max(newest.saturating_add(1));
            let kind = CellKind::Live { value: Bytes::copy_from_slice(&sum.to_be_bytes()) };
            cells.push(Cell { column: cell.column, path: self.own.clone(), timestamp: *newest, kind });
        }
        if cells.iter().any(|cell| matches!(cell.kind, CellKind::ComplexDeletion { .. })) {
            // A later addition of the same batch begins again.
            if let Some((sums, _)) = self.sums.get_mut(key) {
                for cell in cells.iter().filter(|cell| matches!(cell.kind, CellKind::ComplexDeletion { .. })) {
                    sums.remove(&cell.column);
                }
            }
        }
        let mut encoded = Vec::new();
        encode_row(key, &Row { marker: row.marker, deletion: row.deletion, cells }, &mut encoded);
        encoded.into()
    }
}
