//! Fences: writes that were issued before a table's fence are refused, since deletions that cover them may have been purged. Ballots
//! have fences of their own, since the states of acceptors that knew later ones may be gone.

use crate::{Batch, Engine, EngineError, Family, Flow, Op, ScanRange, SyncMode, Tier};
use arc_swap::{ArcSwap, ArcSwapOption};
use henge_base::{Bytes, Micros};
use henge_model::{Key, StorageId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The prefix of the facts' names of writes' fences; the storage id follows.
pub(crate) const OF_WRITES: &[u8] = b"fence/";
/// The same of ballots' fences.
pub(crate) const OF_BALLOTS: &[u8] = b"ballots/";

/// The fence of each table that has one.
#[derive(Debug)]
pub(crate) struct Fences {
    name: &'static [u8],
    tables: ArcSwap<BTreeMap<StorageId, Micros>>,
    /// Late writes that are refused because the fences of their tables are not known yet.
    held: ArcSwapOption<LateWrites>,
}

/// Late writes: those to these tables that were issued before a time.
#[derive(Debug)]
struct LateWrites {
    tables: BTreeSet<StorageId>,
    before: Micros,
}

impl Fences {
    /// Reads the fences that are on disk under a name.
    pub(crate) fn open(engine: &dyn Engine, name: &'static [u8]) -> Result<Fences, EngineError> {
        let mut tables = BTreeMap::new();
        let mut broken = false;
        let range = ScanRange { family: Family::Local, start: name, end: &Key::prefix_end(name), reversed: false };
        engine.scan(&range, Tier::Disk, &mut |key, value| {
            match (Key::storage_id(&key[name.len()..]), value.try_into()) {
                (Some(table), Ok(fence)) => _ = tables.insert(table, Micros::from_be_bytes(fence)),
                _ => broken = true,
            }
            Flow::Continue
        })?;
        if broken {
            return Err(EngineError::Corrupt("the fence of a table is no time".to_owned()));
        }
        Ok(Fences { name, tables: ArcSwap::from_pointee(tables), held: ArcSwapOption::empty() })
    }

    /// All fences.
    pub(crate) fn all(&self) -> BTreeMap<StorageId, Micros> {
        self.tables.load().as_ref().clone()
    }

    /// Refuses writes to these tables that were issued before a time, in place of those refused so far; none if there are no tables.
    pub(crate) fn hold(&self, tables: BTreeSet<StorageId>, before: Micros) {
        let held = (!tables.is_empty()).then(|| Arc::new(LateWrites { tables, before }));
        self.held.store(held);
    }

    /// True if a write issued at that time is refused for now, and may be made later.
    pub(crate) fn holds_back(&self, table: StorageId, issued: Micros) -> bool {
        self.held.load().as_ref().is_some_and(|held| issued < held.before && held.tables.contains(&table))
    }

    /// The fence of a table.
    pub(crate) fn of(&self, table: StorageId) -> Option<Micros> {
        self.tables.load().get(&table).copied()
    }

    /// True if a write issued at that time is refused for good.
    pub(crate) fn refuses(&self, table: StorageId, issued: Micros) -> bool {
        self.tables.load().get(&table).is_some_and(|fence| issued < *fence)
    }

    /// Removes the fences of tables that are not `known`: a storage id is never used twice.
    pub(crate) fn forget_unknown(
        &self,
        engine: &dyn Engine,
        known: impl Fn(StorageId) -> bool,
    ) -> Result<(), EngineError> {
        let gone: Vec<StorageId> = self.tables.load().keys().copied().filter(|table| !known(*table)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let ops = gone.iter().map(|table| Op::Delete { family: Family::Local, key: self.key(*table) }).collect();
        engine.write(&Batch { ops }, SyncMode::Unsynced)?;
        self.tables.rcu(|tables| {
            let mut tables = BTreeMap::clone(tables);
            gone.iter().for_each(|table| _ = tables.remove(table));
            tables
        });
        Ok(())
    }

    fn key(&self, table: StorageId) -> Bytes {
        [self.name, &table.0.to_be_bytes()].concat().into()
    }

    /// Raises a fence. It refuses writes before it is on disk, and is on disk when this returns. A fence is never lowered, even if a clock
    /// has gone back.
    pub(crate) fn raise(&self, engine: &dyn Engine, table: StorageId, fence: Micros) -> Result<(), EngineError> {
        if self.tables.load().get(&table).is_some_and(|before| *before >= fence) {
            return Ok(());
        }
        self.tables.rcu(|tables| {
            let mut tables = BTreeMap::clone(tables);
            let present = tables.entry(table).or_insert(fence);
            *present = fence.max(*present);
            tables
        });
        let value = Bytes::copy_from_slice(&fence.to_be_bytes());
        let ops = vec![Op::Put { family: Family::Local, key: self.key(table), value }];
        engine.write(&Batch { ops }, SyncMode::Synced).map(|_| ())
    }
}
