//! Commands that create and drop keyspaces.

use crate::keyspace_placements::place_new_keyspaces;
use crate::limits::TABLES_MAX;
use crate::plan_steps::check_steps;
use crate::replication_change::end_transit_of;
use crate::{Change, ClusterState, CommandRefusal, PlanStep};
use henge_model::{Keyspace, Replication};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) fn create_keyspace(
    state: &ClusterState,
    name: &str,
    replication: &Replication,
    durable_writes: bool,
    if_not_exists: bool,
) -> Result<Vec<Change>, CommandRefusal> {
    if state.schema.keyspaces.contains_key(name) {
        return Err(match if_not_exists {
            true => CommandRefusal::Nothing,
            false => CommandRefusal::AlreadyExists { keyspace: name.to_owned(), table: String::new() },
        });
    }
    if state.schema.keyspaces.len() >= TABLES_MAX {
        return Err(CommandRefusal::Limit(format!("a cluster has at most {TABLES_MAX} keyspaces")));
    }
    let keyspace = Keyspace {
        name: name.to_owned(),
        replication: replication.clone(),
        durable_writes,
        tables: BTreeMap::new(),
        types: BTreeMap::new(),
    };
    let keyspace = Arc::new(keyspace);
    let mut changes = place_new_keyspaces(state, state.schema.keyspaces.values().chain([&keyspace]));
    changes.push(Change::Keyspace(keyspace));
    check_newcomers_have_room(state, name, &changes)?;
    Ok(changes)
}

/// Refuses a keyspace that has fewer members than copies while several nodes join: they would become replicas of one range at once.
fn check_newcomers_have_room(state: &ClusterState, name: &str, changes: &[Change]) -> Result<(), CommandRefusal> {
    let Some(plan) = state.plan.as_ref().filter(|plan| plan.kind.newcomers().len() > 1) else { return Ok(()) };
    if plan.step == PlanStep::Reading {
        return Ok(());
    }
    let next = state.with(changes).map_err(|error| CommandRefusal::Invalid(error.to_string()))?;
    let busy = |_| {
        let count = plan.kind.newcomers().len();
        CommandRefusal::Busy(format!(
            "keyspace {name} asks for more copies than there are members, and {count} nodes join at once, which cannot become replicas of \
             one range together; create it when they have joined (henge admin plan)"
        ))
    };
    check_steps(&next).map_err(busy)
}

pub(crate) fn drop_keyspace(state: &ClusterState, name: &str, if_exists: bool) -> Result<Vec<Change>, CommandRefusal> {
    if !state.schema.keyspaces.contains_key(name) {
        return Err(if if_exists { CommandRefusal::Nothing } else { CommandRefusal::NoKeyspace(name.to_owned()) });
    }
    let rest = state.schema.keyspaces.values().filter(|k| k.name != name);
    let dropped = Change::KeyspaceDropped(name.to_owned());
    Ok([dropped].into_iter().chain(end_transit_of(state, name)).chain(place_new_keyspaces(state, rest)).collect())
}
