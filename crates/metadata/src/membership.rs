//! Commands about members.

use crate::keyspace_placements::place_keyspaces;
use crate::limits::{JOINS_MAX, MEMBERS_MAX, NEWCOMERS_MAX, TOKENS_MAX};
use crate::plan_checks::{check_copies_elsewhere, check_enough_members, check_no_plan};
use crate::plan_steps::{begin, check_steps};
use crate::system_keyspaces::missing;
use crate::voters::voters_change;
use crate::{Change, ClusterState, CommandRefusal, JoinDraft, Plan, PlanKind, PlanStep};
use henge_base::{ClusterId, HostId, Random};
use henge_ring::{Member, allocate_tokens_beside};
use std::collections::BTreeSet;
use std::net::SocketAddr;

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
    let member = new_member_with_tokens(state, first, random)?;
    let cluster = Change::Cluster { id, name: name.to_owned(), voters: vec![first.id], version: first.speaks.newest };
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
    check_newcomer(state, name, draft)?;
    let arriving = arriving_newcomers(state);
    if arriving.is_empty() || arriving.len() >= NEWCOMERS_MAX {
        check_no_plan(state)?;
    }
    address_is_free(state, draft.id, draft.address)?;
    check_room(state)?;
    let member = new_member_with_tokens(state, draft, random)?;
    if state.user_keyspace().is_none() && arriving.is_empty() {
        return at_once(state, Change::Joined(member));
    }
    let hosts = [arriving, &[draft.id]].concat();
    let changes = begin(state, PlanKind::Join { hosts }, Some(member))?;
    if !arriving.is_empty() {
        let begun = state.with(&changes).map_err(|e| CommandRefusal::Member(e.to_string()))?;
        // By itself the node may join, behind the plan.
        check_steps(&begun).map_err(|refused| CommandRefusal::Busy(format!("not with others at once: {refused}")))?;
    }
    Ok(changes)
}

/// The nodes that join by the plan under way and have no ranges yet: more of them may come, and one may be left out.
fn arriving_newcomers(state: &ClusterState) -> &[HostId] {
    match &state.plan {
        Some(Plan { kind: PlanKind::Join { hosts }, step: PlanStep::Arriving, .. }) => hosts,
        _ => &[],
    }
}

/// The changes by which one of several arriving nodes joins no more; `None` if it is none of several.
fn leave_out(state: &ClusterState, id: HostId) -> Option<Vec<Change>> {
    let arriving = arriving_newcomers(state);
    let hosts: Vec<HostId> = arriving.iter().copied().filter(|host| *host != id).collect();
    if hosts.is_empty() || hosts.len() == arriving.len() {
        return None;
    }
    let plan = Plan { id: state.epoch.index + 1, kind: PlanKind::Join { hosts }, step: PlanStep::Arriving };
    Some(vec![Change::PlanBegun(plan), Change::Removed(id)])
}

/// The changes of a node that becomes a member in place of another.
pub(crate) fn replace(
    state: &ClusterState,
    name: &str,
    dead: HostId,
    draft: &JoinDraft,
) -> Result<Vec<Change>, CommandRefusal> {
    check_newcomer(state, name, draft)?;
    check_no_plan(state)?;
    let refused = |what: String| Err(CommandRefusal::Member(what));
    let Some(of) = state.members.get(&dead) else { return refused(format!("host {dead} is no member")) };
    if (&of.datacenter, &of.rack) != (&draft.datacenter, &draft.rack) {
        return refused(format!(
            "host {dead} is in datacentre {}, rack {}; a node that replaces it must be there too, not in datacentre {}, rack {}",
            of.datacenter, of.rack, draft.datacenter, draft.rack
        ));
    }
    if of.address != draft.address {
        address_is_free(state, draft.id, draft.address)?;
    }
    check_room(state)?;
    check_copies_elsewhere(state, dead)?;
    let member = new_member(draft);
    begin(state, PlanKind::Replace { dead, by: draft.id }, Some(member))
}

/// Refuses a node that can be no member, however the others stand.
fn check_newcomer(state: &ClusterState, name: &str, draft: &JoinDraft) -> Result<(), CommandRefusal> {
    if name != state.name {
        return Err(CommandRefusal::Cluster(format!(
            "the node means to join {name:?}, this cluster is {:?}",
            state.name
        )));
    }
    draft.speaks.check(state.active_version).map_err(|unspoken| CommandRefusal::Member(unspoken.to_string()))?;
    if state.removed.contains(&draft.id) {
        return Err(CommandRefusal::Member(format!(
            "host {} was removed; a removed host id never comes back",
            draft.id
        )));
    }
    if state.members.contains_key(&draft.id) {
        return Err(CommandRefusal::MemberAlready(draft.id));
    }
    Ok(())
}

fn check_room(state: &ClusterState) -> Result<(), CommandRefusal> {
    if state.members.len() >= MEMBERS_MAX {
        return Err(CommandRefusal::Limit(format!("a cluster has at most {MEMBERS_MAX} members")));
    }
    if state.placements.join_count() >= JOINS_MAX {
        return Err(CommandRefusal::Limit(format!("at most {JOINS_MAX} members can join a cluster in its life")));
    }
    Ok(())
}

/// The changes of a member that comes or goes while no rows have to be moved.
fn at_once(state: &ClusterState, change: Change) -> Result<Vec<Change>, CommandRefusal> {
    let next = state.with(std::slice::from_ref(&change)).map_err(|e| CommandRefusal::Member(e.to_string()))?;
    let placements = place_keyspaces(&next, next.schema.keyspaces.values());
    Ok([change].into_iter().chain(placements).chain(voters_change(&next, &BTreeSet::new())).collect())
}

pub(crate) fn replace_voters(state: &ClusterState, down: &BTreeSet<HostId>) -> Result<Vec<Change>, CommandRefusal> {
    voters_change(state, down).map(|change| vec![change]).ok_or(CommandRefusal::Nothing)
}

/// The changes that remove a member that is down for good, or one of several nodes that are about to join.
pub(crate) fn remove(state: &ClusterState, id: HostId, force: bool) -> Result<Vec<Change>, CommandRefusal> {
    if let Some(changes) = leave_out(state, id) {
        return Ok(changes);
    }
    check_leaver(state, id)?;
    if !force {
        check_copies_elsewhere(state, id)?;
    }
    match state.user_keyspace() {
        Some(_) => begin(state, PlanKind::Remove { host: id }, None),
        None => at_once(state, Change::Removed(id)),
    }
}

/// The changes of a member that leaves.
pub(crate) fn leave(state: &ClusterState, id: HostId, force: bool) -> Result<Vec<Change>, CommandRefusal> {
    let leaver = check_leaver(state, id)?;
    if !force {
        check_enough_members(state, leaver)?;
    }
    match state.user_keyspace() {
        Some(_) => begin(state, PlanKind::Leave { host: id }, None),
        None => at_once(state, Change::Removed(id)),
    }
}

/// The member of this id, if it may go.
fn check_leaver(state: &ClusterState, id: HostId) -> Result<&Member, CommandRefusal> {
    if state.removed.contains(&id) {
        return Err(CommandRefusal::Nothing);
    }
    let Some(member) = state.members.get(&id) else {
        return Err(CommandRefusal::Member(format!("host {id} is no member")));
    };
    check_no_plan(state)?;
    if state.members.len() == 1 {
        return Err(CommandRefusal::Member("the last member cannot be removed".to_owned()));
    }
    Ok(member)
}

/// A member with tokens that share its datacentre out evenly.
pub(crate) fn new_member_with_tokens(
    state: &ClusterState,
    draft: &JoinDraft,
    random: &mut Random,
) -> Result<Member, CommandRefusal> {
    if !(1..=TOKENS_MAX).contains(&draft.num_tokens) {
        return Err(CommandRefusal::Limit(format!("num_tokens must be 1 to {TOKENS_MAX}, not {}", draft.num_tokens)));
    }
    let (near, far): (Vec<Member>, Vec<Member>) =
        state.members.values().cloned().partition(|m| m.datacenter == draft.datacenter);
    let tokens = allocate_tokens_beside(random, &near, &far, draft.num_tokens);
    Ok(Member { tokens, ..new_member(draft) })
}

fn new_member(draft: &JoinDraft) -> Member {
    Member {
        id: draft.id,
        datacenter: draft.datacenter.clone(),
        rack: draft.rack.clone(),
        address: draft.address,
        rpc_address: draft.rpc_address,
        tokens: Vec::new(),
    }
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
            "address {address} belongs to member {id}; if the data directory of that member is lost, start this node with --replace {id}, or \
             remove that member first, by a node that serves: henge admin removenode {id}",
            id = other.id
        ))),
        None => Ok(()),
    }
}
