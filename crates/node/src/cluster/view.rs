//! The state of the cluster at one epoch, laid out for requests: one pointer swap when the log moves, no lock on the way.

use crate::cluster::system_keyspaces;
use crate::cluster::table_changes::TableChanges;
use henge_base::HostId;
use henge_coordinator::{Datacenter, KeyspacePlacement, PlacedKeyspace};
use henge_metadata::{ClusterState, Epoch, PlanKind};
use henge_model::{Keyspace, Replication, Schema, StorageId, StorageMap, TokenRange, WriteId};
use henge_ring::{Member, Placement};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One epoch, ready for use.
#[derive(Debug)]
pub(crate) struct View {
    /// The agreed state itself.
    pub(crate) state: ClusterState,
    /// The agreed schema and the system tables.
    pub(crate) schema: Arc<Schema>,
    /// The number of views that this process had before this one.
    pub(crate) number: u64,
    /// The index of the log entry that last changed any placement, or a later one.
    moved_at: u64,
    local: HostId,
    /// This node's number as a member.
    own_number: u16,
    /// Keyspaces by name, system ones included.
    placed: BTreeMap<String, KeyspacePlacement>,
    /// The keyspace of each storage id of a user's table.
    keyspace_of: StorageMap<Arc<str>>,
    datacenters: Arc<Datacenters>,
}

/// The datacentres of the members.
#[derive(Debug, Default)]
struct Datacenters {
    /// Datacentre numbers by name, in name order.
    names: Vec<String>,
    /// Each member's datacentre.
    of_member: BTreeMap<HostId, Datacenter>,
}

impl Datacenters {
    fn of(members: &BTreeMap<HostId, Member>) -> Datacenters {
        let mut names: Vec<String> = members.values().map(|m| m.datacenter.clone()).collect();
        names.sort();
        names.dedup();
        let of_member = members.values().filter_map(|m| Some((m.id, number(&names, &m.datacenter)?))).collect();
        Datacenters { names, of_member }
    }
}

impl View {
    /// Lays out `state` as node `local` sees it.
    #[cfg(test)]
    pub(crate) fn new(state: ClusterState, local: HostId) -> View {
        View::empty(local).followed_by(state).0
    }

    /// Before the first entry: nothing but the system tables.
    pub(crate) fn empty(local: HostId) -> View {
        let (replication, placement) = (Arc::new(Replication::Local), Arc::new(Placement::on_one_host(local)));
        let here = |name: &str| {
            let (replication, placement) = (Arc::clone(&replication), Arc::clone(&placement));
            PlacedKeyspace { keyspace: name.into(), epoch: Epoch::default(), replication, placement, across: None }
                .into()
        };
        let keyspaces = || system_keyspaces::keyspaces().into_iter();
        View {
            state: ClusterState::default(),
            schema: Arc::new(Schema { keyspaces: keyspaces().map(|k| (k.name.clone(), k)).collect() }),
            number: 0,
            moved_at: 0,
            local,
            own_number: WriteId::NOBODY,
            placed: keyspaces().map(|k| (k.name.clone(), here(&k.name))).collect(),
            keyspace_of: StorageMap::default(),
            datacenters: Arc::default(),
        }
    }

    /// The view of a later state, and the tables that are others in it. What the state did not change is shared.
    pub(crate) fn followed_by(&self, state: ClusterState) -> (View, TableChanges) {
        let changes = TableChanges::between(&self.state.schema, &state.schema);
        let mut keyspace_of = self.keyspace_of.clone();
        changes.gone.iter().for_each(|id| {
            keyspace_of.remove(*id);
        });
        changes.set.iter().for_each(|table| {
            keyspace_of.insert(table.storage_id, table.keyspace.as_str().into());
        });
        let is_system = |name: &str| !self.state.schema.keyspaces.contains_key(name);
        let (mut schema, mut placed) = (Schema::clone(&state.schema), user_placements(&state));
        for (name, keyspace) in self.schema.keyspaces.iter().filter(|(name, _)| is_system(name)) {
            let shown = state.shown_replication.get(name).filter(|shown| **shown != keyspace.replication);
            let keyspace = match shown {
                Some(shown) => Arc::new(Keyspace { replication: shown.clone(), ..Keyspace::clone(keyspace) }),
                None => Arc::clone(keyspace),
            };
            schema.keyspaces.insert(name.clone(), keyspace);
        }
        placed.extend(self.placed.iter().filter(|(name, _)| is_system(name)).map(|(n, p)| (n.clone(), p.clone())));
        let datacenters = match Arc::ptr_eq(&self.state.members, &state.members) {
            true => Arc::clone(&self.datacenters),
            false => Arc::new(Datacenters::of(&state.members)),
        };
        let has_moved = !self.state.placements.is_same(&state.placements);
        let moved_at = if has_moved { state.epoch.index } else { self.moved_at };
        let number = self.number + 1;
        let local = self.local;
        let own_number = state.member_numbers().find(|(host, _)| *host == local).map_or(WriteId::NOBODY, |(_, n)| n);
        (
            View {
                schema: Arc::new(schema),
                number,
                moved_at,
                local,
                own_number,
                placed,
                keyspace_of,
                datacenters,
                state,
            },
            changes,
        )
    }

    /// Its epoch.
    pub(crate) fn epoch(&self) -> Epoch {
        self.state.epoch
    }

    /// This node's number as a member; [`WriteId::NOBODY`] before it is one.
    pub(crate) fn own_number(&self) -> u16 {
        self.own_number
    }

    /// The index of the log entry that last changed any placement, or a later one.
    pub(crate) fn moved_at(&self) -> u64 {
        self.moved_at
    }

    /// True if this node is a member.
    pub(crate) fn is_member(&self) -> bool {
        self.state.members.contains_key(&self.local)
    }

    /// A keyspace's placement.
    pub(crate) fn keyspace_placement(&self, keyspace: &str) -> Option<&KeyspacePlacement> {
        self.placed.get(keyspace)
    }

    /// The placement that governs a storage id; `None` for one that is unknown or dropped.
    pub(crate) fn placed_of(&self, storage: StorageId) -> Option<&KeyspacePlacement> {
        self.placed.get(&**self.keyspace_of.get(storage)?)
    }

    /// True if, in every range that the plan under way changes, or in all ranges without a plan, the hosts that are no such ones make no quorum
    /// of the step before, neither of all replicas nor, where levels count them by datacentre, of those of one. A member that is down for good
    /// is waited for only where others are missing.
    pub(crate) fn has_majorities(&self, is_such: impl Fn(HostId) -> bool) -> bool {
        let plan = self.state.plan.as_ref();
        let absent = plan.and_then(|plan| plan.kind.dead_member());
        let since = plan.map_or(0, |plan| plan.id);
        let keyspaces = self.state.schema.keyspaces.values();
        let mut placed = keyspaces.filter_map(|keyspace| Some((keyspace, self.state.placement_of(keyspace)?)));
        let datacenter = |host| self.datacenter(host);
        match plan.map(|plan| &plan.kind) {
            Some(PlanKind::Alter { lowers, .. }) => {
                placed.all(|(_, placement)| placement.leaves_minorities(since, *lowers, &is_such, datacenter))
            }
            _ => placed.all(|(keyspace, placement)| match keyspace.replication {
                Replication::NetworkTopology { .. } => placement.has_majorities(since, &is_such, absent, datacenter),
                Replication::Simple { .. } | Replication::Local => {
                    placement.has_majorities(since, &is_such, absent, |_| ())
                }
            }),
        }
    }

    /// True if no placement has changed since an epoch of this log.
    pub(crate) fn has_all_moves(&self, epoch: Epoch) -> bool {
        epoch.lineage == self.epoch().lineage && epoch.index >= self.moved_at
    }

    /// True if these tokens have had the same replicas since an epoch of this log.
    pub(crate) fn is_unchanged_since(&self, epoch: Epoch, placement: &Placement, tokens: TokenRange) -> bool {
        self.has_all_moves(epoch)
            || (self.state.goes_on_from(epoch) && placement.is_unchanged_since(tokens, epoch.index))
    }

    /// True if these tokens have the replicas that a placement gives them.
    pub(crate) fn holds(&self, placed: &KeyspacePlacement, tokens: TokenRange) -> bool {
        let now = self.keyspace_placement(&placed.keyspace);
        now.is_some_and(|now| self.is_unchanged_since(placed.epoch, &now.placement, tokens))
    }

    /// True if members stand in several datacentres.
    pub(crate) fn spans_datacenters(&self) -> bool {
        self.datacenters.names.len() > 1
    }

    /// A member's datacentre.
    pub(crate) fn datacenter(&self, host: HostId) -> Option<Datacenter> {
        self.datacenters.of_member.get(&host).copied()
    }

    /// A datacentre's number.
    pub(crate) fn datacenter_named(&self, name: &str) -> Option<Datacenter> {
        number(&self.datacenters.names, name)
    }
}

fn number(datacenters: &[String], name: &str) -> Option<Datacenter> {
    datacenters.binary_search_by(|d| d.as_str().cmp(name)).ok().map(|at| Datacenter(at as u16))
}

fn user_placements(state: &ClusterState) -> BTreeMap<String, KeyspacePlacement> {
    // Keyspaces that share a placement, by its address, share the other one too.
    let mut across_of: BTreeMap<*const Placement, Option<Arc<Placement>>> = BTreeMap::new();
    let mut placed = BTreeMap::new();
    for k in state.schema.keyspaces.values() {
        let Some(placement) = state.placement_of(k).cloned() else { continue };
        let across = match state.plan {
            Some(_) => across_of
                .entry(Arc::as_ptr(&placement))
                .or_insert_with(|| state.placement_across_step(k).map(Arc::new))
                .clone(),
            None => None,
        };
        let replication = Arc::new(state.counted_replication(k).clone());
        let (keyspace, epoch) = (k.name.as_str().into(), state.epoch);
        placed.insert(k.name.clone(), PlacedKeyspace { keyspace, epoch, replication, placement, across }.into());
    }
    placed
}

#[cfg(test)]
mod tests;
