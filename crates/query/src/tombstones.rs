//! The count of deletions that a read passes. Replicas send them with their rows, so they are counted where the answer
//! is put together.

use crate::Error;
use henge_coordinator::{KeyspacePlacement, ReadError, Refusal};
use henge_cql::Guard;
use henge_model::{CELLS_PER_RANGE, Consistency, RowBlock, Table, Token, TombstoneCount};

/// The counts for one piece, which is a partition or a range of tokens.
#[derive(Debug, Default)]
pub(crate) struct TombstoneCounter {
    piece: usize,
    token: Token,
    count: TombstoneCount,
}

/// The read that is counted, for warnings and errors about it.
pub(crate) struct ReadContext<'a> {
    pub(crate) guard: Guard<'a>,
    pub(crate) table: &'a Table,
    pub(crate) placed: &'a KeyspacePlacement,
    pub(crate) consistency: Consistency,
    pub(crate) now_seconds: i64,
}

impl TombstoneCounter {
    /// Counts a block of a piece. Fails above the limit.
    pub(crate) fn count(
        &mut self,
        reader: &ReadContext<'_>,
        (piece, token): (usize, Token),
        block: &RowBlock,
    ) -> Result<(), Error> {
        let Some(limits) = reader.guard.limits().map(|settings| settings.tombstones) else { return Ok(()) };
        if limits.warn.is_none() && limits.fail.is_none() {
            return Ok(());
        }
        if piece != self.piece {
            self.report(reader);
            *self = TombstoneCounter { piece, ..TombstoneCounter::default() };
        }
        let is_first = self.count == TombstoneCount::default();
        let least = limits.warn.into_iter().chain(limits.fail).min().unwrap_or(0);
        if is_first && !block.more && deletions_max(reader.table, block).is_some_and(|most| most <= least) {
            return Ok(());
        }
        self.token = token;
        self.count.add_ranges(block);
        let are_too_many = |dead: u64| limits.fail.is_some_and(|most| dead > most);
        for (_, row) in &block.rows {
            if are_too_many(self.count.dead) {
                break;
            }
            self.count.add_row(row, reader.now_seconds);
        }
        if are_too_many(self.count.dead) {
            self.report(reader);
            return Err(self.too_many_error(reader));
        }
        Ok(())
    }

    /// Warns about the last piece if its count is above the threshold.
    pub(crate) fn report(&self, reader: &ReadContext<'_>) {
        let limits = reader.guard.limits().map(|settings| settings.tombstones).unwrap_or_default();
        if limits.warn.is_some_and(|most| self.count.dead > most) {
            let (TombstoneCount { live, dead }, token) = (self.count, self.token.0);
            let Table { keyspace, name, .. } = reader.table;
            reader.guard.warn(format!(
                "Read {live} live rows and {dead} tombstone cells for query SELECT * FROM {keyspace}.{name}; token {token} \
                 (see tombstone_warn_threshold)"
            ));
        }
    }

    fn too_many_error(&self, reader: &ReadContext<'_>) -> Error {
        let ReadContext { placed, consistency, .. } = reader;
        let replicas = placed.placement.replicas(self.token);
        let first = replicas.and_then(|range| range.read.primary());
        let failures = first.into_iter().map(|host| (host, Refusal::TooManyTombstones)).collect();
        let block_for = 1;
        ReadError::Failure { consistency: *consistency, received: 0, block_for, failures, data_present: false }.into()
    }
}

/// An upper bound for the deletions in a block, without decoding it; `None` if a row can hold any number, of elements
/// of collections.
fn deletions_max(table: &Table, block: &RowBlock) -> Option<u64> {
    let columns = table.regulars.iter().chain(&table.statics);
    let in_row = columns.clone().all(|column| !column.data_type.is_complex()).then(|| 1 + columns.count() as u64)?;
    Some(block.rows.len() as u64 * in_row + CELLS_PER_RANGE * block.context.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::Bytes;
    use henge_coordinator::PlacedKeyspace;
    use henge_cql::Warnings;
    use henge_cql::guardrails::{Guardrails, Threshold};
    use henge_model::{
        Cell, CellKind, Column, ColumnId, ColumnKind, DataType, Deletion, Marker, Order, Replication, Row, StorageId,
        TableOptions, encode_row,
    };
    use henge_ring::{Epoch, Placement};
    use std::sync::Arc;

    const NOW: i64 = 1_000;

    fn cell(kind: CellKind) -> Cell {
        Cell { column: ColumnId(9), path: Bytes::new(), timestamp: 1, kind }
    }

    /// A row with a deletion or with cells, as replicas send it.
    fn row(number: u8, row: &Row) -> (Bytes, Bytes) {
        let key = Bytes::from(vec![0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, b'k', 0, 0, number, 2]);
        let mut encoded = Vec::new();
        encode_row(&key, row, &mut encoded);
        (key, encoded.into())
    }

    fn block() -> RowBlock {
        let deletion = Some(Deletion { timestamp: 2, local_seconds: 5 });
        let marker = Some(Marker { timestamp: 1, expiry: None });
        let dead = cell(CellKind::Tombstone { local_seconds: 5 });
        let expired = cell(CellKind::Expiring { value: Bytes::new(), ttl: 1, expires: NOW });
        let live = cell(CellKind::Live { value: Bytes::new() });
        let rows = vec![
            row(1, &Row { deletion, ..Row::default() }),
            row(2, &Row { marker, cells: vec![dead.clone()], ..Row::default() }),
            row(3, &Row { cells: vec![expired], ..Row::default() }),
            row(4, &Row { marker, cells: vec![live], ..Row::default() }),
        ];
        RowBlock { rows, ..RowBlock::default() }
    }

    /// The warnings, and true if the read fails, for this number of blocks under these limits.
    fn read(blocks: usize, limits: Threshold) -> (Vec<String>, bool) {
        let settings = Guardrails { tombstones: limits, ..Guardrails::default() };
        let (warnings, table) = (Warnings::default(), table());
        let placed = KeyspacePlacement::from(PlacedKeyspace {
            keyspace: "ks".into(),
            epoch: Epoch::default(),
            replication: Arc::new(Replication::Local),
            placement: Arc::new(Placement::default()),
            across: None,
        });
        let guard = Guard::new(&settings, true, &warnings);
        let reader =
            ReadContext { guard, table: &table, placed: &placed, consistency: Consistency::One, now_seconds: NOW };
        let mut tombstones = TombstoneCounter::default();
        let counted = (0..blocks).try_for_each(|_| tombstones.count(&reader, (0, Token(7)), &block()));
        if counted.is_ok() {
            tombstones.report(&reader);
        }
        (warnings.into_inner(), counted.is_err())
    }

    fn table() -> Table {
        Table {
            id: Default::default(),
            storage_id: StorageId(1),
            keyspace: "ks".to_owned(),
            name: "t".to_owned(),
            partition_key: Vec::new(),
            clustering: Vec::new(),
            statics: Vec::new(),
            regulars: vec![Column {
                id: ColumnId(9),
                name: "v".to_owned(),
                data_type: DataType::Blob,
                kind: ColumnKind::Regular,
                order: Order::Ascending,
            }],
            options: TableOptions::default(),
            indexes: Vec::new(),
            masks: Default::default(),
            history: Default::default(),
        }
    }

    #[test]
    fn dead_cells_and_rows_count_over_all_blocks_of_a_piece() {
        let told = |live, dead| {
            format!(
                "Read {live} live rows and {dead} tombstone cells for query SELECT * FROM ks.t; token 7 (see \
                 tombstone_warn_threshold)"
            )
        };
        let warn = |most| Threshold { warn: Some(most), fail: None };
        assert_eq!(read(1, warn(3)), (Vec::new(), false));
        assert_eq!(read(1, warn(2)), (vec![told(2, 3)], false));
        assert_eq!(read(2, warn(3)), (vec![told(4, 6)], false));
        assert_eq!(read(2, Threshold { warn: Some(3), fail: Some(4) }), (vec![told(3, 5)], true));
    }
}
