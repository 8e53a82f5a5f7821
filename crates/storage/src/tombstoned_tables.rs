//! The tables that ever had a tombstone of a partition or a range. Reads of other tables need not look for any.
//!
//! A fact is written in the batch of every such tombstone, so that none is ever on disk without it.

use crate::combiner::Rows;
use crate::{Batch, Engine, EngineError, Family, Flow, Op, ScanRange, SyncMode, Tier, WriteError};
use arc_swap::ArcSwap;
use henge_base::Bytes;
use henge_model::{Key, KeyKind, Row, StorageId, encode_row};
use std::collections::BTreeSet;

/// The prefix of the facts' names; the storage id follows.
const NAME: &[u8] = b"tombstones/";

/// The tables, by storage id.
#[derive(Debug, Default)]
pub(crate) struct TombstonedTables {
    tables: ArcSwap<BTreeSet<StorageId>>,
}

impl TombstonedTables {
    /// Those that are on disk.
    pub(crate) fn open(engine: &dyn Engine) -> Result<TombstonedTables, EngineError> {
        let mut tables = BTreeSet::new();
        let end = Key::prefix_end(NAME);
        let range = ScanRange { family: Family::Local, start: NAME, end: &end, reversed: false };
        engine.scan(&range, Tier::Disk, &mut |key, _| {
            tables.extend(Key::storage_id(&key[NAME.len()..]));
            Flow::Continue
        })?;
        Ok(TombstonedTables { tables: ArcSwap::from_pointee(tables) })
    }

    pub(crate) fn contains(&self, table: StorageId) -> bool {
        self.tables.load().contains(&table)
    }

    /// Forgets tables that are not `known`.
    pub(crate) fn forget_unknown(
        &self,
        engine: &dyn Engine,
        known: impl Fn(StorageId) -> bool,
    ) -> Result<(), EngineError> {
        let gone: BTreeSet<StorageId> = self.tables.load().iter().copied().filter(|table| !known(*table)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let ops = gone.iter().map(|table| Op::Delete { family: Family::Local, key: fact(*table) }).collect();
        engine.write(&Batch { ops }, SyncMode::Unsynced)?;
        self.tables.rcu(|tables| tables.difference(&gone).copied().collect::<BTreeSet<_>>());
        Ok(())
    }

    /// Adds a tombstone to rows on their way, with what finds it: the fact that its table has tombstones, and for a range an empty row
    /// under the key of the partition's own tombstone, which tells that the partition has ranges. From here on reads look for them.
    pub(crate) fn place(&self, table: StorageId, key: &Bytes, row: &Bytes, rows: &mut Rows) -> Result<(), WriteError> {
        let length = Key::extent(key).and(Key::partition(key)).ok_or(WriteError::UnknownTable)?;
        if !self.contains(table) {
            self.tables.rcu(|tables| tables.iter().copied().chain([table]).collect::<BTreeSet<_>>());
        }
        rows.push((Family::Tombstones, key.clone(), row.clone()));
        if Key::kind(key) == Some(KeyKind::RangeTombstone) {
            let partition_key = Key::partition_tombstone(&key[..length]);
            let mut empty = Vec::new();
            encode_row(partition_key.bytes(), &Row::default(), &mut empty);
            rows.push((Family::Tombstones, partition_key.to_bytes(), empty.into()));
        }
        rows.push((Family::Local, fact(table), Bytes::new()));
        Ok(())
    }
}

fn fact(table: StorageId) -> Bytes {
    [NAME, &table.0.to_be_bytes()].concat().into()
}
