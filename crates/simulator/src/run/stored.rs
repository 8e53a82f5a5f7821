//! The states of replicas of registers, read from their disks.

use super::Run;
use crate::checks::{self, ReplicaState};
use crate::machine::Life;
use crate::registers;
use henge_base::{Bytes, HostId};
use henge_coordinator::Replicas;
use henge_model::{CellKind, RowView};
use henge_storage::Tier;

impl Run {
    pub(super) fn check_stored(&self) {
        self.record_violations(checks::check_stored(&self.clients.history.lock(), &self.all_stored()));
    }

    /// The state of each replica of every register.
    pub(super) fn all_stored(&self) -> Vec<ReplicaState> {
        (0..registers::ALL).flat_map(|key| self.stored_copies(key)).collect()
    }

    /// The state of each replica of a register.
    fn stored_copies(&self, key: i64) -> Vec<ReplicaState> {
        let replicas = self.replicas_of(key);
        let lives =
            self.lives().into_iter().filter(|l| replicas.contains(&self.cluster.machines[l.owner.machine].host()));
        let purged_before = self.purged_before(key);
        lives.filter_map(|life| Some(ReplicaState { purged_before, ..stored_at(&life, key)? })).collect()
    }

    fn replicas_of(&self, key: i64) -> Vec<HostId> {
        let Some(life) = self.lives().into_iter().next() else { return Vec::new() };
        let Some(command) = registers::read_command(&life, key) else { return Vec::new() };
        let placed = life.core.coordinator().keyspace_placement(registers::texts(key).keyspace);
        let range = placed.as_ref().and_then(|p| p.placement.replicas(command.token));
        range.map(|r| r.read.to_vec()).unwrap_or_default()
    }
}

pub(super) fn stored_at(life: &Life, key: i64) -> Option<ReplicaState> {
    let command = registers::read_command(life, key)?;
    let block = life.store.read_block(&command, Tier::Disk, 1 << 20).ok()??;
    let mut stored =
        ReplicaState { machine: life.owner.machine, key, version: None, newest: None, purged_before: None };
    let newest = |(key, row): &(Bytes, Bytes)| RowView::parse(key, row).map(|row| row.newest()).ok();
    stored.newest = block.rows.iter().chain(&block.context).filter_map(newest).max();
    let Some((row_key, row)) = block.rows.first() else { return Some(stored) };
    let view = RowView::parse(row_key, row).ok()?;
    stored.version = view.to_row().cells.into_iter().find_map(|cell| match cell.kind {
        CellKind::Live { value } => Some((cell.timestamp, i64::from_be_bytes(value.as_ref().try_into().ok()?))),
        _ => None,
    });
    Some(stored)
}
