//! This node's shards of counters: additions become part of them, and are on disk before any other replica hears of them. Otherwise a
//! node that lost its shard would begin again from less, with a newer timestamp.

use crate::ground::steps::Step;
use crate::ground::world::World;
use crate::replica::handle::ReplicaHandle;
use henge_base::{Bytes, Micros, Mono};
use henge_coordinator::{ReadKind, ReadReply, Refusal, ReplicaError};
use henge_model::{
    Cell, CellKind, ColumnId, Columns, Deletion, Key, KeyRange, Mutation, ReadCommand, Row, RowView, SharedMutation,
    encode_row,
};
use std::collections::BTreeMap;
use std::sync::Arc;

impl<W: World> ReplicaHandle<W> {
    /// Adds to this node's shards. Gives the mutation that other replicas are to apply, once it is on this node's disk.
    /// Nothing is added once the deadline has passed.
    pub(crate) async fn add_to_counters(
        &self,
        additions: Bytes,
        deadline: Mono,
    ) -> Result<SharedMutation, ReplicaError> {
        let corrupt = ReplicaError::Refused(Refusal::Corrupt);
        let mutation = Mutation::decode(additions).map_err(|_| corrupt)?;
        let first = mutation.rows.first().map(|(key, _)| key.clone()).ok_or(corrupt)?;
        let _lock = self.counter_locks.lock(&first).await;
        self.note(Step::LockedPartition, 0);
        self.check_time(deadline)?;
        let own = Bytes::copy_from_slice(self.context.host().0.as_bytes());
        let mut changes = BTreeMap::<&Bytes, RowChange>::new();
        for (key, row) in &mutation.rows {
            let view = RowView::parse(key, row).map_err(|_| corrupt)?;
            changes.entry(key).or_default().add(view.to_row());
        }
        let mut rows = Vec::with_capacity(changes.len());
        for (key, change) in changes {
            let shards = match change.additions.is_empty() {
                true => Shards::default(),
                false => self.shards(key, &own, deadline).await?,
            };
            rows.push((key.clone(), change.encode(key, &own, shards, mutation.id.issued)));
        }
        self.note(Step::ReadShards, rows.len());
        let sums = SharedMutation::from(Mutation { id: mutation.id, rows });
        self.apply(sums.mutation()).await?;
        self.wait_until_synced().await?;
        self.note(Step::Synced, 0);
        Ok(sums)
    }

    /// Reads this node's shards of a row.
    async fn shards(&self, key: &Bytes, own: &Bytes, deadline: Mono) -> Result<Shards, ReplicaError> {
        let corrupt = ReplicaError::Refused(Refusal::Corrupt);
        let (storage_id, token) = Key::storage_id(key).zip(Key::token(key)).ok_or(corrupt)?;
        let now_seconds = self.context.wall_us().div_euclid(1_000_000);
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
        let ReadReply::Rows(block) = self.read(Arc::new(command), ReadKind::Rows, deadline).await? else {
            return Err(corrupt);
        };
        let mut shards = Shards::default();
        for (found, row) in block.rows.iter().chain(&block.context) {
            let view = RowView::parse(found, row).map_err(|_| corrupt)?;
            shards.newest = shards.newest.max(view.newest());
            for cell in view.cells().filter(|cell| found == key && cell.path == *own) {
                let sum = cell.live_value(now_seconds).and_then(|value| value.try_into().ok());
                shards.sums.extend(sum.map(|bytes| (cell.column, i64::from_be_bytes(bytes))));
            }
        }
        Ok(shards)
    }
}

/// This node's shards of one row.
struct Shards {
    /// The sum of each column.
    sums: BTreeMap<ColumnId, i64>,
    /// The newest timestamp of anything in the row.
    newest: Micros,
}

impl Default for Shards {
    fn default() -> Shards {
        Shards { sums: BTreeMap::new(), newest: Micros::MIN }
    }
}

/// All that one mutation does to a row. Its additions to a column become one, whatever their order: a deletion of the
/// same mutation has the same timestamp and wins over all of them.
#[derive(Default)]
struct RowChange {
    additions: BTreeMap<ColumnId, i64>,
    deletion: Option<Deletion>,
    /// Cells that are no additions: deletions, and clustering values as they were written.
    others: Vec<Cell>,
}

impl RowChange {
    fn add(&mut self, row: Row) {
        self.deletion = self.deletion.max(row.deletion);
        for cell in row.cells {
            let counts = cell.path.is_empty() && cell.column != ColumnId::CLUSTERING;
            match &cell.kind {
                CellKind::Live { value } if counts => {
                    let addition = value.as_ref().try_into().map_or(0, i64::from_be_bytes);
                    let sum = self.additions.entry(cell.column).or_insert(0);
                    *sum = sum.wrapping_add(addition);
                }
                _ => self.others.push(cell),
            }
        }
    }

    /// A row with sums in place of additions, newer than all that is there. Its deletions stay as they are.
    fn encode(self, key: &Bytes, own: &Bytes, shards: Shards, issued: Micros) -> Bytes {
        let timestamp = issued.max(shards.newest.saturating_add(1));
        let sums = self.additions.iter().map(|(column, addition)| {
            let sum = shards.sums.get(column).unwrap_or(&0).wrapping_add(*addition);
            let kind = CellKind::Live { value: Bytes::copy_from_slice(&sum.to_be_bytes()) };
            Cell { column: *column, path: own.clone(), timestamp, kind }
        });
        let cells = sums.chain(self.others).collect();
        let mut encoded = Vec::new();
        encode_row(key, &Row { marker: None, deletion: self.deletion, cells }, &mut encoded);
        encoded.into()
    }
}

#[cfg(test)]
mod tests {
    use super::{RowChange, Shards};
    use henge_base::Bytes;
    use henge_model::{Cell, CellKind, ColumnId, Row, RowView};

    const COLUMN: ColumnId = ColumnId(7);
    const ISSUED: i64 = 10;

    fn row(kind: CellKind) -> Row {
        Row { cells: vec![Cell { column: COLUMN, path: Bytes::new(), timestamp: ISSUED, kind }], ..Row::default() }
    }

    fn addition(number: i64) -> Row {
        row(CellKind::Live { value: Bytes::copy_from_slice(&number.to_be_bytes()) })
    }

    /// The live sum that is left of a shard of 100 after rows of one mutation.
    fn sum(rows: Vec<Row>, newest: i64) -> Option<i64> {
        let mut change = RowChange::default();
        rows.into_iter().for_each(|row| change.add(row));
        let key = Bytes::from_static(b"key");
        let shards = Shards { sums: [(COLUMN, 100)].into(), newest };
        let encoded = change.encode(&key, &Bytes::from_static(b"host"), shards, ISSUED);
        let row = RowView::parse(&key, &encoded).unwrap();
        let mut live = row.cells().filter_map(|cell| cell.live_value(0)?.try_into().ok());
        live.next().map(i64::from_be_bytes)
    }

    #[test]
    fn additions_of_one_mutation_are_one() {
        assert_eq!(sum(vec![addition(2), addition(3)], 4), Some(105));
        assert_eq!(sum(vec![addition(2), addition(-7)], 44), Some(95));
    }

    #[test]
    fn deletion_wins_over_all_additions_of_its_mutation() {
        let deletion = || row(CellKind::ComplexDeletion { local_seconds: 1 });
        assert_eq!(sum(vec![deletion(), addition(2), addition(3)], 4), None);
        assert_eq!(sum(vec![addition(2), deletion(), addition(3)], 4), None);
        assert_eq!(sum(vec![addition(2), addition(3), deletion()], 4), None);
    }
}
