//! The state that results from the log.

use crate::limits::FIRST_STORAGE_ID;
use crate::{Change, Entry, Epoch, Placements, Roles};
use henge_base::{ClusterId, HostId};
use henge_model::{Keyspace, Schema, StorageId, Table};
use henge_ring::Member;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The state after an epoch. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterState {
    /// The last entry applied.
    pub epoch: Epoch,
    /// The cluster's id; nil before the first entry.
    pub cluster_id: ClusterId,
    /// Its name.
    pub name: String,
    /// Keyspaces and tables of users.
    pub schema: Arc<Schema>,
    /// Roles by name.
    pub roles: Arc<Roles>,
    /// Members by id.
    pub members: BTreeMap<HostId, Member>,
    /// The replicas of each range.
    pub placements: Placements,
    /// The voters that agree on the next entry.
    pub voters: Vec<HostId>,
    /// Ids that left: they never come back.
    pub removed: BTreeSet<HostId>,
    /// The lowest storage id that was never taken.
    pub next_storage_id: StorageId,
    /// The version of formats in use.
    pub active_version: u32,
}

impl Default for ClusterState {
    fn default() -> Self {
        ClusterState {
            epoch: Epoch::default(),
            cluster_id: ClusterId(uuid::Uuid::nil()),
            name: String::new(),
            schema: Arc::default(),
            roles: Arc::default(),
            members: BTreeMap::new(),
            placements: Placements::default(),
            voters: Vec::new(),
            removed: BTreeSet::new(),
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
    /// It changes something that is not there.
    #[error("an entry changes {0}, which does not exist")]
    Missing(String),
}

impl ClusterState {
    /// Applies the next entry; on an error the state is as it was.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), ApplyError> {
        if entry.epoch != self.epoch.next() {
            return Err(ApplyError::Order { expected_after: self.epoch, found: entry.epoch });
        }
        *self = ClusterState { epoch: entry.epoch, ..self.with(&entry.changes)? };
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
            Change::Joined(member) => {
                self.members.insert(member.id, member.clone());
            }
            Change::Moved { id, address, rpc_address } => {
                let member = self.members.get_mut(id).ok_or_else(|| ApplyError::Missing(format!("member {id}")))?;
                (member.address, member.rpc_address) = (*address, *rpc_address);
            }
            Change::Placed(placements) => self.placements = placements.clone(),
            Change::Keyspace(keyspace) => {
                self.schema_mut().keyspaces.insert(keyspace.name.clone(), Arc::clone(keyspace));
            }
            Change::KeyspaceDropped(name) => {
                self.schema_mut()
                    .keyspaces
                    .remove(name)
                    .ok_or_else(|| ApplyError::Missing(format!("keyspace {name}")))?;
            }
            Change::Table(table) => {
                self.keyspace_mut(&table.keyspace)?.tables.insert(table.name.clone(), Arc::clone(table));
            }
            Change::TableDropped { keyspace, table } => {
                let gone = self.keyspace_mut(keyspace)?.tables.remove(table);
                gone.ok_or_else(|| ApplyError::Missing(format!("table {keyspace}.{table}")))?;
            }
            Change::Type(user_type) => {
                let types = &mut self.keyspace_mut(&user_type.keyspace)?.types;
                types.insert(user_type.name.clone(), Arc::clone(user_type));
            }
            Change::TypeDropped { keyspace, name } => {
                let gone = self.keyspace_mut(keyspace)?.types.remove(name);
                gone.ok_or_else(|| ApplyError::Missing(format!("type {keyspace}.{name}")))?;
            }
            Change::Role(role) => Arc::make_mut(&mut self.roles).put(role),
            Change::RoleDropped(name) => {
                if !Arc::make_mut(&mut self.roles).remove(name) {
                    return Err(ApplyError::Missing(format!("role {name}")));
                }
            }
            Change::NextStorageId(id) => self.next_storage_id = *id,
        }
        Ok(())
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
