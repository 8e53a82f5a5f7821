//! The state that results from the log.

use crate::limits::FIRST_STORAGE_ID;
use crate::{Change, EntryHash, Epoch, Placements, Plan, Position, RecentCommands, Roles, SealedEntry, TRACES};
use henge_base::{ClusterId, HostId};
use henge_model::{Keyspace, Replication, Schema, StorageId, Table};
use henge_ring::{Member, MemberNumber, Placement, PlacementFault};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The state after an epoch. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterState {
    /// The last entry applied.
    pub epoch: Epoch,
    /// Its hash.
    pub hash: EntryHash,
    /// The last commands that were carried out.
    pub recent: Arc<RecentCommands>,
    /// The cluster's id; nil before the first entry.
    pub cluster_id: ClusterId,
    /// Its name.
    pub name: String,
    /// Keyspaces and tables of users.
    pub schema: Arc<Schema>,
    /// Roles by name.
    pub roles: Arc<Roles>,
    /// Members by id.
    pub members: Arc<BTreeMap<HostId, Member>>,
    /// The replicas of each range.
    pub placements: Placements,
    /// The voters that agree on the next entry.
    pub voters: Vec<HostId>,
    /// The index of the first entry of each lineage that an operator began.
    pub lineages: BTreeMap<u32, u64>,
    /// Ids that left: they never come back.
    pub removed: BTreeSet<HostId>,
    /// The plan under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// The replication settings that clients gave to keyspaces whose rows every member keeps, by keyspace: they are shown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shown_replication: BTreeMap<String, Replication>,
    /// The lowest storage id that was never taken.
    pub next_storage_id: StorageId,
    /// The version of formats in use.
    pub active_version: u32,
}

impl Default for ClusterState {
    fn default() -> Self {
        ClusterState {
            epoch: Epoch::default(),
            hash: EntryHash::NONE,
            recent: Arc::default(),
            cluster_id: ClusterId(uuid::Uuid::nil()),
            name: String::new(),
            schema: Arc::default(),
            roles: Arc::default(),
            members: Arc::default(),
            placements: Placements::default(),
            voters: Vec::new(),
            lineages: BTreeMap::new(),
            removed: BTreeSet::new(),
            plan: None,
            shown_replication: BTreeMap::new(),
            next_storage_id: StorageId(FIRST_STORAGE_ID),
            active_version: 0,
        }
    }
}

/// An entry contradicts the state: it belongs elsewhere in the log, or to another log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// It is not the next one.
    #[error("entry {found} does not follow on epoch {expected_after}")]
    Order {
        /// The state's epoch.
        expected_after: Epoch,
        /// The entry's.
        found: Epoch,
    },
    /// It was made for another log.
    #[error("entry {found} follows on an entry with hash {previous}; this log's has {expected}")]
    Fork {
        /// The entry's epoch.
        found: Epoch,
        /// The hash that it names.
        previous: EntryHash,
        /// The hash of the last entry.
        expected: EntryHash,
    },
    /// It changes something that is not there.
    #[error("an entry changes {0}, which does not exist")]
    Missing(String),
    /// It changes a placement in a way that does not fit.
    #[error("an entry changes a placement that it does not fit: {0}")]
    Placement(#[from] PlacementFault),
}

impl ClusterState {
    /// The end of the log that adds up to this state.
    pub fn position(&self) -> Position {
        Position { epoch: self.epoch, hash: self.hash }
    }

    /// The members with their numbers.
    pub fn member_numbers(&self) -> impl Iterator<Item = (HostId, MemberNumber)> {
        self.placements.numbers().filter(|(host, _)| self.members.contains_key(host))
    }

    /// The replicas of a keyspace's ranges.
    pub fn placement_of(&self, keyspace: &Keyspace) -> Option<&Arc<Placement>> {
        self.placements.of_keyspace(keyspace)
    }

    /// True if the keyspaces that newer clusters have from their first entry on are there.
    pub fn has_system_keyspaces(&self) -> bool {
        ["sessions", "events"].into_iter().all(|table| self.table(TRACES, table).is_some())
    }

    /// True if a log that ends at `epoch` may be the beginning of this state's: no later lineage branched off before it.
    pub fn goes_on_from(&self, epoch: Epoch) -> bool {
        self.lineages.iter().all(|(lineage, begin)| *lineage <= epoch.lineage || *begin > epoch.index)
    }

    /// Applies the next entry; on an error the state is as it was.
    pub fn apply(&mut self, sealed: &SealedEntry) -> Result<(), ApplyError> {
        let (entry, Position { epoch, hash }) = (sealed.entry(), sealed.position());
        if !epoch.follows(self.epoch) {
            return Err(ApplyError::Order { expected_after: self.epoch, found: epoch });
        }
        if !sealed.follows_on(self.hash) {
            return Err(ApplyError::Fork { found: epoch, previous: entry.previous, expected: self.hash });
        }
        let mut next = self.with(&entry.changes)?;
        Arc::make_mut(&mut next.recent).add(entry.origin, epoch.index);
        if epoch.lineage != self.epoch.lineage {
            next.lineages.insert(epoch.lineage, epoch.index);
        }
        *self = ClusterState { epoch, hash, ..next };
        Ok(())
    }

    /// The state with some changes made, at the same epoch.
    pub(crate) fn with(&self, changes: &[Change]) -> Result<ClusterState, ApplyError> {
        let mut next = self.clone();
        changes.iter().try_for_each(|change| next.change(change))?;
        Ok(next)
    }

    fn change(&mut self, change: &Change) -> Result<(), ApplyError> {
        match change {
            Change::Cluster { id, name, voters, version } => {
                (self.cluster_id, self.name, self.voters) = (*id, name.clone(), voters.clone());
                self.active_version = *version;
            }
            Change::Version(version) => self.active_version = *version,
            Change::Voters(voters) => self.voters.clone_from(voters),
            Change::Removed(id) => self.remove_member(*id)?,
            Change::Joined(member) => {
                self.placements.add_member(member.id);
                self.members_mut().insert(member.id, member.clone());
            }
            Change::Moved { id, address, rpc_address } => {
                let member =
                    self.members_mut().get_mut(id).ok_or_else(|| ApplyError::Missing(format!("member {id}")))?;
                (member.address, member.rpc_address) = (*address, *rpc_address);
            }
            Change::Placed(whole) => self.placements = self.placements.with_whole(whole),
            Change::Placement { setting, change } => self.placements.change(setting, change)?,
            Change::Unplaced(setting) => self.placements.remove(setting),
            Change::Keyspace(keyspace) => {
                self.schema_mut().keyspaces.insert(keyspace.name.clone(), Arc::clone(keyspace));
            }
            Change::KeyspaceDropped(name) => self.drop_keyspace(name)?,
            Change::Table(table) => {
                self.keyspace_mut(&table.keyspace)?.tables.insert(table.name.clone(), Arc::clone(table));
            }
            Change::TableDropped { keyspace, table } => self.drop_table(keyspace, table)?,
            Change::Type(user_type) => {
                let types = &mut self.keyspace_mut(&user_type.keyspace)?.types;
                types.insert(user_type.name.clone(), Arc::clone(user_type));
            }
            Change::TypeDropped { keyspace, name } => self.drop_type(keyspace, name)?,
            Change::Role(role) => Arc::make_mut(&mut self.roles).put(role),
            Change::RoleDropped(name) => self.drop_role(name)?,
            Change::PlanBegun(plan) => self.plan = Some(plan.clone()),
            Change::PlanStep(step) => {
                let plan = self.plan.as_mut().ok_or_else(|| ApplyError::Missing("a plan".to_owned()))?;
                plan.step = *step;
            }
            Change::PlanEnded => {
                self.plan.take().ok_or_else(|| ApplyError::Missing("a plan".to_owned()))?;
            }
            Change::Transit { keyspace, change } => self.placements.change_transit(keyspace, change)?,
            Change::TransitEnded => self.placements.end_transit(),
            Change::Shown { keyspace, replication } => {
                self.shown_replication.insert(keyspace.clone(), replication.clone());
            }
            Change::NextStorageId(id) => self.next_storage_id = *id,
        }
        Ok(())
    }

    fn remove_member(&mut self, id: HostId) -> Result<(), ApplyError> {
        self.members_mut().remove(&id).ok_or_else(|| ApplyError::Missing(format!("member {id}")))?;
        self.removed.insert(id);
        Ok(())
    }

    fn drop_keyspace(&mut self, name: &str) -> Result<(), ApplyError> {
        let gone = self.schema_mut().keyspaces.remove(name);
        gone.map(drop).ok_or_else(|| ApplyError::Missing(format!("keyspace {name}")))
    }

    fn drop_table(&mut self, keyspace: &str, table: &str) -> Result<(), ApplyError> {
        let gone = self.keyspace_mut(keyspace)?.tables.remove(table);
        gone.map(drop).ok_or_else(|| ApplyError::Missing(format!("table {keyspace}.{table}")))
    }

    fn drop_type(&mut self, keyspace: &str, name: &str) -> Result<(), ApplyError> {
        let gone = self.keyspace_mut(keyspace)?.types.remove(name);
        gone.map(drop).ok_or_else(|| ApplyError::Missing(format!("type {keyspace}.{name}")))
    }

    fn drop_role(&mut self, name: &str) -> Result<(), ApplyError> {
        let is_gone = Arc::make_mut(&mut self.roles).remove(name);
        is_gone.then_some(()).ok_or_else(|| ApplyError::Missing(format!("role {name}")))
    }

    fn members_mut(&mut self) -> &mut BTreeMap<HostId, Member> {
        Arc::make_mut(&mut self.members)
    }

    fn schema_mut(&mut self) -> &mut Schema {
        Arc::make_mut(&mut self.schema)
    }

    fn keyspace_mut(&mut self, name: &str) -> Result<&mut Keyspace, ApplyError> {
        let keyspace = self.schema_mut().keyspaces.get_mut(name);
        keyspace.map(Arc::make_mut).ok_or_else(|| ApplyError::Missing(format!("keyspace {name}")))
    }

    pub(crate) fn table(&self, keyspace: &str, table: &str) -> Option<&Arc<Table>> {
        self.schema.table(keyspace, table)
    }
}
