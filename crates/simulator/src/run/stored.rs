//! The states of replicas of registers and of pairs, read from their disks.

use super::Run;
use crate::checks::{self, ReplicaState};
use crate::machine::Life;
use crate::pairs;
use crate::registers;
use henge_base::{Bytes, HostId};
use henge_coordinator::Replicas;
use henge_model::{CellKind, ReadCommand, RowView};
use henge_storage::Tier;

impl Run {
    pub(super) fn check_stored(&self) {
        self.record_violations(checks::check_stored(&self.clients.history.lock(), &self.all_stored()));
    }

    /// The state of each replica of every register.
    pub(super) fn all_stored(&self) -> Vec<ReplicaState> {
        (0..registers::ALL).flat_map(|key| self.stored_copies(key)).collect()
    }

    /// I20: all replicas of a pair hold the newest batch. Each batch is kept until every replica has its part or is owed it on disk, so what
    /// nodes forget when they lose power is no excuse.
    pub(super) fn check_stored_pairs(&self) {
        let batches = self.clients.batches.lock();
        for pair in 0..pairs::COUNT {
            let copies: Vec<ReplicaState> =
                pairs::keys(pair).into_iter().flat_map(|key| self.pair_copies(key)).collect();
            if let Some(what) = pairs::incomplete(pair, &batches, &copies) {
                self.cluster.record_violation("I20", what);
            }
        }
    }

    fn pair_copies(&self, key: i64) -> Vec<ReplicaState> {
        self.copies("sim", |life| registers::row_command(life, pairs::READ, key), key)
    }

    /// The state of each replica of a register.
    fn stored_copies(&self, key: i64) -> Vec<ReplicaState> {
        let purged_before = self.purged_before(key);
        let copies = self.copies(registers::texts(key).keyspace, |life| registers::read_command(life, key), key);
        copies.into_iter().map(|copy| ReplicaState { purged_before, ..copy }).collect()
    }

    /// The state of each replica of a key.
    fn copies(&self, keyspace: &str, command: impl Fn(&Life) -> Option<ReadCommand>, key: i64) -> Vec<ReplicaState> {
        let lives = self.lives();
        let Some((life, of_first)) = lives.first().and_then(|life| Some((life, command(life)?))) else {
            return Vec::new();
        };
        let placed = life.core.coordinator().keyspace_placement(keyspace);
        let range = placed.as_ref().and_then(|p| p.placement.replicas(of_first.token));
        let replicas: Vec<HostId> = range.map(|r| r.read.to_vec()).unwrap_or_default();
        let holds = |life: &&Life| replicas.contains(&self.cluster.machines[life.owner.machine].host());
        lives.iter().filter(holds).filter_map(|life| stored_row(life, &command(life)?, key)).collect()
    }
}

/// The state of a machine's copy of a register.
#[cfg(test)]
pub(super) fn stored_at(life: &Life, key: i64) -> Option<ReplicaState> {
    stored_row(life, &registers::read_command(life, key)?, key)
}

fn stored_row(life: &Life, command: &ReadCommand, key: i64) -> Option<ReplicaState> {
    let block = life.store.read_block(command, Tier::Disk, 1 << 20).ok()??;
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
