//! The state of the cluster at one epoch, laid out for requests: one pointer swap when the log moves, no lock on the way.

use crate::cluster::system_keyspaces;
use henge_base::HostId;
use henge_coordinator::{Datacenter, KeyspacePlacement};
use henge_metadata::{ClusterState, Epoch};
use henge_model::{Replication, Schema, StorageId, Table};
use henge_ring::Placement;
use henge_storage::{Family, StoredTable};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One epoch, ready for use.
#[derive(Debug)]
pub(crate) struct View {
    /// The agreed state itself.
    pub(crate) state: ClusterState,
    /// The agreed schema and the system tables.
    pub(crate) schema: Arc<Schema>,
    /// Keyspaces by name, system ones included.
    placed: BTreeMap<String, KeyspacePlacement>,
    /// Which keyspace a storage id belongs to.
    keyspace_of: BTreeMap<StorageId, String>,
    /// Datacentre numbers by name, in name order.
    datacenters: Vec<String>,
    /// Each member's datacentre.
    member_datacenter: BTreeMap<HostId, Datacenter>,
}

impl View {
    /// Lays out `state` as node `local` sees it.
    pub(crate) fn new(state: ClusterState, local: HostId) -> View {
        let mut datacenters: Vec<String> = state.members.values().map(|m| m.datacenter.clone()).collect();
        datacenters.sort();
        datacenters.dedup();
        let member_datacenter =
            state.members.values().filter_map(|m| Some((m.id, number(&datacenters, &m.datacenter)?))).collect();
        let mut placed = user_placements(&state);
        let mut schema = (*state.schema).clone();
        let here = KeyspacePlacement {
            replication: Arc::new(Replication::Local),
            placement: Arc::new(Placement::on_one_host(local)),
        };
        for keyspace in system_keyspaces::keyspaces() {
            placed.insert(keyspace.name.clone(), here.clone());
            schema.keyspaces.insert(keyspace.name.clone(), keyspace);
        }
        let keyspace_of = schema.tables().map(|t| (t.storage_id, t.keyspace.clone())).collect();
        View { schema: Arc::new(schema), placed, keyspace_of, datacenters, member_datacenter, state }
    }

    /// Before the first entry: nothing but the system tables.
    pub(crate) fn empty(local: HostId) -> View {
        View::new(ClusterState::default(), local)
    }

    /// The facts that storage needs of each table that is stored.
    pub(crate) fn storage_tables(&self) -> BTreeMap<StorageId, StoredTable> {
        let stored = |table: &Arc<Table>| StoredTable {
            family: family_of(table),
            indexed: (!table.indexes.is_empty()).then(|| Arc::clone(table)),
        };
        self.state.schema.tables().map(|t| (t.storage_id, stored(t))).collect()
    }

    /// Its epoch.
    pub(crate) fn epoch(&self) -> Epoch {
        self.state.epoch
    }

    /// A keyspace's placement.
    pub(crate) fn keyspace_placement(&self, keyspace: &str) -> Option<&KeyspacePlacement> {
        self.placed.get(keyspace)
    }

    /// The placement that governs a storage id; `None` for one that is unknown or dropped.
    pub(crate) fn placed_of(&self, storage: StorageId) -> Option<&KeyspacePlacement> {
        self.placed.get(self.keyspace_of.get(&storage)?)
    }

    /// A member's datacentre.
    pub(crate) fn datacenter(&self, host: HostId) -> Option<Datacenter> {
        self.member_datacenter.get(&host).copied()
    }

    /// A datacentre's number.
    pub(crate) fn datacenter_named(&self, name: &str) -> Option<Datacenter> {
        number(&self.datacenters, name)
    }
}

/// Tables whose rows expire as a rule lie apart, so that whole files of them can go (architecture: "Storage layout").
fn family_of(table: &Table) -> Family {
    if table.lies_apart() { Family::Timed } else { Family::Rows }
}

fn number(datacenters: &[String], name: &str) -> Option<Datacenter> {
    datacenters.binary_search_by(|d| d.as_str().cmp(name)).ok().map(|at| Datacenter(at as u16))
}

fn user_placements(state: &ClusterState) -> BTreeMap<String, KeyspacePlacement> {
    let keyspaces = state.schema.keyspaces.values();
    keyspaces
        .filter_map(|k| {
            let placement = Arc::clone(state.placements.get(&k.replication)?);
            Some((k.name.clone(), KeyspacePlacement { replication: Arc::new(k.replication.clone()), placement }))
        })
        .collect()
}
