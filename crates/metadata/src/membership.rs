//! Commands about members.

use crate::limits::{JOINS_MAX, MEMBERS_MAX, TOKENS_MAX};
use crate::propose::place_keyspaces;
use crate::system_keyspaces::{is_system, missing};
use crate::{Change, ClusterState, CommandRefusal, JoinDraft};
use henge_base::{ClusterId, HostId, Random};
use henge_ring::{Member, allocate_tokens_beside};
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// The version of formats that this release writes.
const VERSION: u32 = 1;

pub(crate) fn bootstrap(
    state: &ClusterState,
    name: &str,
    first: &JoinDraft,
    random: &mut Random,
) -> Result<Vec<Change>, CommandRefusal> {
    if state.epoch.index > 0 {
        return Err(CommandRefusal::Cluster(format!("this node is in the cluster {} already", state.name)));
    }
    let id = ClusterId::random(random);
    let member = member(state, first, random)?;
    let cluster = Change::Cluster { id, name: name.to_owned(), voters: vec![first.id], version: VERSION };
    let mut changes = vec![cluster, Change::Joined(member)];
    let begun = state.with(&changes).map_err(|e| CommandRefusal::Cluster(e.to_string()))?;
    changes.extend(missing(&begun, random)?);
    Ok(changes)
}

pub(crate) fn join(
    state: &ClusterState,
    name: &str,
    draft: &JoinDraft,
    random: &mut Random,
) -> Result<Vec<Change>, CommandRefusal> {
    if name != state.name {
        return Err(CommandRefusal::Cluster(format!(
            "the node means to join {name:?}, this cluster is {:?}",
            state.name
        )));
    }
    if state.removed.contains(&draft.id) {
        return Err(CommandRefusal::Member(format!(
            "host {} was removed; a removed host id never comes back",
            draft.id
        )));
    }
    if state.members.contains_key(&draft.id) {
        return Err(CommandRefusal::Member(format!("host {} is a member already", draft.id)));
    }
    address_is_free(state, draft.id, draft.address)?;
    if let Some(keyspace) = user_keyspace(state) {
        return Err(CommandRefusal::Member(format!(
            "keyspace {keyspace} exists: its data would have to be streamed to the new node, which is not supported yet; nodes can \
             join while there are no keyspaces of users"
        )));
    }
    if state.members.len() >= MEMBERS_MAX {
        return Err(CommandRefusal::Limit(format!("a cluster has at most {MEMBERS_MAX} members")));
    }
    if state.placements.join_count() >= JOINS_MAX {
        return Err(CommandRefusal::Limit(format!("at most {JOINS_MAX} members can join a cluster in its life")));
    }
    let joined = Change::Joined(member(state, draft, random)?);
    let larger = state.with(std::slice::from_ref(&joined)).map_err(|e| CommandRefusal::Member(e.to_string()))?;
    let placements = place_keyspaces(&larger, larger.schema.keyspaces.values());
    Ok([joined].into_iter().chain(placements).chain(voters(&larger, &BTreeSet::new())).collect())
}

/// A keyspace whose rows would have to be moved when members come or go.
fn user_keyspace(state: &ClusterState) -> Option<&String> {
    state.schema.keyspaces.keys().find(|keyspace| !is_system(keyspace))
}

/// The change of voters, if there should be others while some members are down.
fn voters(state: &ClusterState, down: &BTreeSet<HostId>) -> Option<Change> {
    let voters = state.voters_without(down);
    (voters != state.voters).then_some(Change::Voters(voters))
}

pub(crate) fn replace_voters(state: &ClusterState, down: &BTreeSet<HostId>) -> Result<Vec<Change>, CommandRefusal> {
    voters(state, down).map(|change| vec![change]).ok_or(CommandRefusal::Nothing)
}

pub(crate) fn remove(state: &ClusterState, id: HostId) -> Result<Vec<Change>, CommandRefusal> {
    if state.removed.contains(&id) {
        return Err(CommandRefusal::Nothing);
    }
    if !state.members.contains_key(&id) {
        return Err(CommandRefusal::Member(format!("host {id} is no member")));
    }
    if state.members.len() == 1 {
        return Err(CommandRefusal::Member("the last member cannot be removed".to_owned()));
    }
    if let Some(keyspace) = user_keyspace(state) {
        return Err(CommandRefusal::Member(format!(
            "keyspace {keyspace} exists: the member's rows would have to be streamed to others, which is not supported yet; members can \
             be removed while there are no keyspaces of users"
        )));
    }
    let removed = Change::Removed(id);
    let smaller = state.with(std::slice::from_ref(&removed)).map_err(|e| CommandRefusal::Member(e.to_string()))?;
    let placements = place_keyspaces(&smaller, smaller.schema.keyspaces.values());
    Ok([removed].into_iter().chain(placements).chain(voters(&smaller, &BTreeSet::new())).collect())
}

/// A member with tokens that share its datacentre out evenly.
fn member(state: &ClusterState, draft: &JoinDraft, random: &mut Random) -> Result<Member, CommandRefusal> {
    if !(1..=TOKENS_MAX).contains(&draft.num_tokens) {
        return Err(CommandRefusal::Limit(format!("num_tokens must be 1 to {TOKENS_MAX}, not {}", draft.num_tokens)));
    }
    let (near, far): (Vec<Member>, Vec<Member>) =
        state.members.values().cloned().partition(|m| m.datacenter == draft.datacenter);
    Ok(Member {
        id: draft.id,
        datacenter: draft.datacenter.clone(),
        rack: draft.rack.clone(),
        address: draft.address,
        rpc_address: draft.rpc_address,
        tokens: allocate_tokens_beside(random, &near, &far, draft.num_tokens),
    })
}

pub(crate) fn update_member(
    state: &ClusterState,
    id: HostId,
    address: SocketAddr,
    rpc_address: SocketAddr,
) -> Result<Vec<Change>, CommandRefusal> {
    let member = state.members.get(&id).ok_or_else(|| CommandRefusal::Member(format!("host {id} is no member")))?;
    if (member.address, member.rpc_address) == (address, rpc_address) {
        return Err(CommandRefusal::Nothing);
    }
    let moved = Change::Moved { id, address, rpc_address };
    // Two members whose disks have changed places change addresses too. If the other one is elsewhere, it says so when it is back.
    let other = state.members.values().find(|other| other.id != id && other.address == address);
    let vacated =
        other.map(|other| Change::Moved { id: other.id, address: member.address, rpc_address: member.rpc_address });
    Ok(std::iter::once(moved).chain(vacated).collect())
}

fn address_is_free(state: &ClusterState, id: HostId, address: SocketAddr) -> Result<(), CommandRefusal> {
    match state.members.values().find(|m| m.id != id && m.address == address) {
        Some(other) => Err(CommandRefusal::Member(format!(
            "address {address} belongs to member {id}; if the data directory of that member is lost, remove it first, by a node that \
             serves: henge admin removenode {id}",
            id = other.id
        ))),
        None => Ok(()),
    }
}
