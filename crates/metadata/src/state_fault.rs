//! The rules that hold for the state after every entry of the log.

use crate::{ClusterState, Epoch, PlanKind};
use henge_base::HostId;
use henge_model::{StorageId, Token};
use henge_ring::PlacementFault;
use std::collections::BTreeSet;

/// A broken rule of the cluster's state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateFault {
    /// There are entries, but no cluster, or nobody who agrees on the next entry.
    #[error("the state at epoch {0} has no cluster id or no voters")]
    NoCluster(Epoch),
    /// I26: a host id that left is a member again.
    #[error("host {0} was removed and is a member")]
    Returned(HostId),
    /// I26: two members have one token.
    #[error("token {0} belongs to two members")]
    SharedToken(Token),
    /// I29: a storage id is used twice, or was never given out: rows of one table would be taken for another's.
    #[error("storage id {0:?} is not its table's alone")]
    StorageId(StorageId),
    /// A table stands in a keyspace, or under a name, that is not its own.
    #[error("table {0} stands in the wrong place")]
    Table(String),
    /// A keyspace has rows and no place for them.
    #[error("keyspace {0} has no placement")]
    Unplaced(String),
    /// A plan brings or takes a host that is no member, or changes the replication of no keyspace.
    #[error("plan {0} is of a host that is no member, or of no keyspace")]
    Plan(u64),
    /// A range is held by a node that is no member.
    #[error("host {0} holds a range and is no member")]
    Stranger(HostId),
    /// I23: a range changed hands at an epoch that has not come, so that every request for it is refused.
    #[error("a range changed hands at {0}, which has not come")]
    Future(u64),
    /// I22: a placement breaks a rule of its own.
    #[error("a placement is wrong: {0}")]
    Placement(PlacementFault),
}

impl ClusterState {
    /// The first broken rule.
    pub fn check(&self) -> Result<(), StateFault> {
        if self.epoch.index == 0 {
            return Ok(());
        }
        if self.cluster_id.0.is_nil() || self.voters.is_empty() {
            return Err(StateFault::NoCluster(self.epoch));
        }
        self.check_members()?;
        self.check_plan()?;
        self.check_tables()?;
        self.check_placements()
    }

    fn check_members(&self) -> Result<(), StateFault> {
        let mut tokens = BTreeSet::new();
        for member in self.members.values() {
            if self.removed.contains(&member.id) {
                return Err(StateFault::Returned(member.id));
            }
            if let Some(token) = member.tokens.iter().find(|token| !tokens.insert(**token)) {
                return Err(StateFault::SharedToken(*token));
            }
        }
        Ok(())
    }

    fn check_plan(&self) -> Result<(), StateFault> {
        let Some(plan) = &self.plan else { return Ok(()) };
        if matches!(plan.kind, PlanKind::Alter { .. }) != self.placements.in_transit().is_some() {
            return Err(StateFault::Plan(plan.id));
        }
        let mut hosts = plan.kind.newcomers().iter().copied().chain(plan.kind.leaver());
        match hosts.all(|host| self.members.contains_key(&host)) {
            true => Ok(()),
            false => Err(StateFault::Plan(plan.id)),
        }
    }

    fn check_tables(&self) -> Result<(), StateFault> {
        let mut storage_ids = BTreeSet::new();
        for (keyspace_name, keyspace) in &self.schema.keyspaces {
            for (name, table) in &keyspace.tables {
                if (&table.keyspace, &table.name) != (keyspace_name, name) {
                    return Err(StateFault::Table(format!("{}.{}", table.keyspace, table.name)));
                }
                let id = table.storage_id;
                if id >= self.next_storage_id || !storage_ids.insert(id) {
                    return Err(StateFault::StorageId(id));
                }
            }
        }
        Ok(())
    }

    fn check_placements(&self) -> Result<(), StateFault> {
        for keyspace in self.schema.keyspaces.values() {
            let placement = self.placement_of(keyspace);
            let placement = placement.ok_or_else(|| StateFault::Unplaced(keyspace.name.clone()))?;
            placement.check().map_err(StateFault::Placement)?;
            for range in placement.ranges() {
                if let Some(host) = range.write.iter().find(|host| !self.members.contains_key(host)) {
                    return Err(StateFault::Stranger(host));
                }
                if range.since > self.epoch.index {
                    return Err(StateFault::Future(range.since));
                }
            }
        }
        Ok(())
    }
}
