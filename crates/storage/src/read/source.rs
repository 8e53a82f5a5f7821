//! The parts of a store that a read of one table needs.

use super::read_view::ReadView;
use crate::folds::Folds;
use crate::proven::ProvenParts;
use crate::stale::StaleEntries;
use crate::stripes::Stripes;
use crate::{Engine, Family, Tier};
use henge_model::{Key, ReadCommand};
use std::sync::Arc;

/// The engine that a table is read from, and the queues into which reads put work that they meet: rows in many versions, stale entries.
#[derive(Clone)]
pub(crate) struct Source<'a> {
    pub(crate) engine: &'a dyn Engine,
    pub(crate) folds: &'a Folds,
    pub(crate) stale: &'a StaleEntries,
    pub(crate) stripes: &'a Stripes,
    /// The family of the table's rows.
    pub(crate) family: Family,
    /// True if tombstones of partitions or ranges were ever written to the table.
    pub(crate) tombstones: bool,
    /// The parts that were proven: reads leave out what may be forgotten there, whether it is or not.
    pub(crate) proven: Option<Arc<ProvenParts>>,
}

impl<'a> Source<'a> {
    /// The time before which deletions and expiries of the row at `key` are left out of an answer.
    pub(crate) fn purge_before(&self, command: &ReadCommand, key: &[u8]) -> i64 {
        let of = |proven: &Arc<ProvenParts>| Some(proven.of(Key::token(key)?)?.floor.at(command.now_seconds));
        self.proven.as_ref().and_then(of).map_or(command.purge_before, |floor| floor.max(command.purge_before))
    }

    pub(super) fn read_view(&self, tier: Tier) -> ReadView<'a> {
        ReadView::Live { engine: self.engine, folds: self.folds, tier }
    }
}
