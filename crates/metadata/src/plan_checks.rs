//! Checks before a plan begins: no other plan is under way, and no rows or copies are lost by it.

use crate::keyspace_names::is_system;
use crate::{ClusterState, CommandRefusal};
use henge_base::HostId;
use henge_model::Replication;
use henge_ring::{Member, Placement, Ring};

/// Refuses a change of members while a plan is under way.
pub(crate) fn check_no_plan(state: &ClusterState) -> Result<(), CommandRefusal> {
    match &state.plan {
        Some(plan) => Err(CommandRefusal::Busy(format!(
            "{plan} is under way, and there is one plan at a time; wait until it has ended (henge admin plan), or take it back (henge \
             admin abort)"
        ))),
        None => Ok(()),
    }
}

/// Refuses a plan at whose end a keyspace that has replicas now would have none.
pub(crate) fn check_target(begun: &ClusterState) -> Result<(), CommandRefusal> {
    let ring = Ring::new(&begun.members_after_plan());
    for keyspace in begun.schema.keyspaces.values().filter(|keyspace| !is_system(&keyspace.name)) {
        let holds_rows = |placement: &Placement| placement.ranges().any(|placed| !placed.read.is_empty());
        let is_held = begun.placement_of(keyspace).is_some_and(|placement| holds_rows(placement));
        if is_held && !holds_rows(&ring.place(&keyspace.replication)) {
            return Err(CommandRefusal::Member(format!(
                "no member would be left that may hold the rows of keyspace {}, by its replication",
                keyspace.name
            )));
        }
    }
    Ok(())
}

/// Refuses if a member that is down for good has the only copy of a range: its rows would be lost.
pub(crate) fn check_copies_elsewhere(state: &ClusterState, lost: HostId) -> Result<(), CommandRefusal> {
    for keyspace in state.schema.keyspaces.values().filter(|keyspace| !is_system(&keyspace.name)) {
        let placement = state.placement_of(keyspace);
        let ranges = placement.into_iter().flat_map(|placement| placement.ranges());
        let sole_copies = ranges.filter(|placed| placed.read.len() == 1 && placed.read.contains(lost)).count();
        if sole_copies > 0 {
            return Err(CommandRefusal::Member(format!(
                "host {lost} has the only copies of {sole_copies} ranges of keyspace {}: their rows would be lost; start that member again and \
                 let it leave (henge admin decommission), or accept the loss (henge admin removenode {lost} --force)",
                keyspace.name
            )));
        }
    }
    Ok(())
}

/// Refuses to remove a member of which a keyspace needs every one to have as many copies as its replication says. Cassandra's
/// decommission refuses with these words.
pub(crate) fn check_enough_members(state: &ClusterState, leaver: &Member) -> Result<(), CommandRefusal> {
    for keyspace in state.schema.keyspaces.values().filter(|keyspace| !is_system(&keyspace.name)) {
        let (factor, members) = match &keyspace.replication {
            Replication::Local => continue,
            Replication::Simple { factor } => (*factor, state.members.len()),
            Replication::NetworkTopology { factors } => {
                let of_datacenter = state.members.values().filter(|member| member.datacenter == leaver.datacenter);
                (factors.get(&leaver.datacenter).copied().unwrap_or(0), of_datacenter.count())
            }
        };
        if members <= factor as usize {
            return Err(CommandRefusal::Member(format!(
                "Not enough live nodes to maintain replication factor in keyspace {} (RF = {factor}, N = {members}). Perform a forceful \
                 decommission to ignore.",
                keyspace.name
            )));
        }
    }
    Ok(())
}
