//! `ALTER KEYSPACE` to another replication: the rows of one keyspace move to other replicas, one copy at a time, while all others stay
//! where they are. Each copy is a plan of its own; the entry that ends one begins the next.

use crate::keyspace_names::SHOWN;
use crate::keyspace_placements::place_new_keyspaces;
use crate::moves::check_move;
use crate::plan_checks::check_no_plan;
use crate::replication_path::{next_setting, total};
use crate::{Change, ClusterState, CommandRefusal, Plan, PlanKind, PlanStep};
use henge_base::HostId;
use henge_model::{Keyspace, Replication};
use henge_ring::{Member, MemberNumber, Placement, PlacementChange, Ring};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Settings on the way from one to another, at most: a way that does not end is a bug.
const STEPS_MAX: usize = 100_000;

/// The changes of `ALTER KEYSPACE`.
pub(crate) fn alter_keyspace(
    state: &ClusterState,
    name: &str,
    durable_writes: bool,
    replication: Option<&Replication>,
) -> Result<Vec<Change>, CommandRefusal> {
    if SHOWN.contains(&name) {
        return record_shown(state, name, replication);
    }
    let keyspace = state.schema.keyspaces.get(name).ok_or_else(|| CommandRefusal::NoKeyspace(name.to_owned()))?;
    let goal = replication.unwrap_or(&keyspace.replication).clone();
    let was = keyspace.replication.clone();
    let changed = Arc::new(Keyspace { durable_writes, replication: goal.clone(), ..Keyspace::clone(keyspace) });
    if *changed == **keyspace {
        return Err(CommandRefusal::Nothing);
    }
    if goal == was {
        return Ok(vec![Change::Keyspace(changed)]);
    }
    check_no_plan(state)?;
    check_path(state, name, &was, &goal)?;
    let Some(placed) = state.placement_of(keyspace).cloned() else {
        return Err(CommandRefusal::Invalid(format!("keyspace {name} has no replicas")));
    };
    let has_rows = !keyspace.tables.is_empty();
    let others = state.schema.keyspaces.values().filter(|other| other.name != name);
    let mut changes = place_new_keyspaces(state, others.chain([&changed]));
    changes.push(Change::Keyspace(changed));
    if has_rows {
        changes.push(Change::Transit {
            keyspace: name.to_owned(),
            change: PlacementChange::as_told(&Placement::default(), &placed),
        });
        let begun = state.with(&changes).map_err(|error| CommandRefusal::Invalid(error.to_string()))?;
        changes.extend(begin_next_copy(
            &begun,
            &placed,
            Transit { keyspace: name, was: &was, from: &was, goal: &goal },
        )?);
    }
    Ok(changes)
}

/// Keeps a setting that is only shown: what these keyspaces hold is on every member.
fn record_shown(
    state: &ClusterState,
    name: &str,
    replication: Option<&Replication>,
) -> Result<Vec<Change>, CommandRefusal> {
    match replication.filter(|replication| state.shown_replication.get(name) != Some(replication)) {
        Some(replication) => Ok(vec![Change::Shown { keyspace: name.to_owned(), replication: replication.clone() }]),
        None => Err(CommandRefusal::Nothing),
    }
}

/// A keyspace on its way between two settings.
#[derive(Clone, Copy)]
struct Transit<'a> {
    keyspace: &'a str,
    /// The setting that it had at first.
    was: &'a Replication,
    /// The setting by which its ranges are placed.
    from: &'a Replication,
    goal: &'a Replication,
}

/// Refuses a way of which some step could not be taken.
fn check_path(state: &ClusterState, name: &str, was: &Replication, goal: &Replication) -> Result<(), CommandRefusal> {
    let members: Vec<Member> = state.members.values().cloned().collect();
    let ring = Ring::new(&members);
    if ring.place(goal).ranges().all(|placed| placed.read.is_empty()) {
        return Err(CommandRefusal::Invalid(format!(
            "no member may hold the rows of keyspace {name} by that replication: its datacentres have none"
        )));
    }
    let ids = state.placements.member_ids();
    let (mut from, mut placed) = (was.clone(), ring.place(was));
    for _ in 0..STEPS_MAX {
        if from == *goal {
            return Ok(());
        }
        let next = next_setting(&from, goal);
        let target = ring.place(&next);
        let steps = [placed.with_pending_of(&target, &ids), target.with_pending_of(&placed, &ids), target.clone()];
        let mut before = &placed;
        for step in &steps {
            check_move(before, step).map_err(|_| {
                CommandRefusal::Invalid(format!(
                    "the rows of keyspace {name} cannot be moved to that replication while quorums hold: too few members stand in its \
                     datacentres"
                ))
            })?;
            before = step;
        }
        (from, placed) = (next, target);
    }
    Err(CommandRefusal::Invalid(format!("no way leads to that replication of keyspace {name}")))
}

/// The changes that begin the next copy's plan, where the ranges are `placed`; those that end the transit, if that is where they are to be.
fn begin_next_copy(
    state: &ClusterState,
    placed: &Placement,
    transit: Transit<'_>,
) -> Result<Vec<Change>, CommandRefusal> {
    let Transit { keyspace, was, goal, .. } = transit;
    let members: Vec<Member> = state.members.values().cloned().collect();
    let (ring, mut from) = (Ring::new(&members), transit.from.clone());
    // Where members are fewer than copies, the next setting may be placed as this one is.
    while from != *goal {
        let to = next_setting(&from, goal);
        let target = ring.place(&to);
        if target.has_readers_of(placed) {
            from = to;
            continue;
        }
        let lowers = total(&to) < total(&from);
        let (keyspace, was, goal) = (keyspace.to_owned(), was.clone(), goal.clone());
        let kind = PlanKind::Alter { keyspace, was, from, to, goal, lowers };
        let plan = Plan { id: state.epoch.index + 1, kind, step: PlanStep::Preparing };
        let begun = place_in_transit(state, &placed.with_pending_of(&target, &state.placements.member_ids()))?;
        return Ok([Change::PlanBegun(plan)].into_iter().chain(begun).collect());
    }
    let mut changes: Vec<Change> = place_in_transit(state, placed)?.into_iter().collect();
    let placed = state.with(&changes).map_err(|error| CommandRefusal::Invalid(error.to_string()))?;
    changes.extend(settle(&placed, keyspace)?);
    Ok(changes)
}

/// The changes that give a keyspace the placement of its setting: its ranges are there.
fn settle(state: &ClusterState, keyspace: &str) -> Result<Vec<Change>, CommandRefusal> {
    let placed = transit_placement(state)?;
    let setting = state.schema.keyspaces.get(keyspace).map(|keyspace| &keyspace.replication);
    let settled = setting.and_then(|setting| state.placements.get(setting));
    let (Some(setting), Some(settled)) = (setting, settled) else {
        return Err(CommandRefusal::NoKeyspace(keyspace.to_owned()));
    };
    // Requests that were planned before a range of this keyspace changed hands are told from later ones, whoever else has the setting.
    let change = PlacementChange::as_told(settled, &settled.since_both(placed));
    let mut changes = vec![Change::TransitEnded];
    if !change.is_empty() {
        changes.push(Change::Placement { setting: setting.clone(), change });
    }
    Ok(changes)
}

/// The next step of a plan of this kind.
pub(crate) fn advance(state: &ClusterState, plan: &Plan) -> Result<Vec<Change>, CommandRefusal> {
    let PlanKind::Alter { keyspace, was, to, goal, .. } = &plan.kind else { return Err(CommandRefusal::Nothing) };
    let members: Vec<Member> = state.members.values().cloned().collect();
    let target = Ring::new(&members).place(to);
    match plan.step {
        // Nobody comes.
        PlanStep::Arriving => Err(CommandRefusal::Nothing),
        PlanStep::Preparing => Ok(vec![Change::PlanStep(PlanStep::Streaming)]),
        PlanStep::Streaming => {
            let read = target.with_pending_of(transit_placement(state)?, &state.placements.member_ids());
            let placed = place_in_transit(state, &read)?;
            Ok([Change::PlanStep(PlanStep::Reading)].into_iter().chain(placed).collect())
        }
        PlanStep::Reading => {
            let next = begin_next_copy(state, &target, Transit { keyspace, was, from: to, goal })?;
            Ok([Change::PlanEnded].into_iter().chain(next).collect())
        }
    }
}

/// The changes that turn a plan of this kind round: the copies that have been moved go back, one at a time.
pub(crate) fn turn_back(state: &ClusterState, plan: &Plan) -> Result<Vec<Change>, CommandRefusal> {
    let PlanKind::Alter { keyspace: name, was, from, goal, .. } = &plan.kind else {
        return Err(CommandRefusal::Nothing);
    };
    let keyspace = state.schema.keyspaces.get(name).ok_or_else(|| CommandRefusal::NoKeyspace(name.clone()))?;
    let members: Vec<Member> = state.members.values().cloned().collect();
    let placed = Ring::new(&members).place(from);
    let changed = Arc::new(Keyspace { replication: was.clone(), ..Keyspace::clone(keyspace) });
    let others = state.schema.keyspaces.values().filter(|other| other.name != *name);
    let mut changes = place_new_keyspaces(state, others.chain([&changed]));
    changes.extend([Change::Keyspace(changed), Change::PlanEnded]);
    let turned = state.with(&changes).map_err(|error| CommandRefusal::Invalid(error.to_string()))?;
    changes.extend(begin_next_copy(&turned, &placed, Transit { keyspace: name, was: goal, from, goal: was })?);
    Ok(changes)
}

/// The changes that end the transit of a keyspace that is dropped.
pub(crate) fn end_transit_of(state: &ClusterState, keyspace: &str) -> Vec<Change> {
    match &state.plan {
        Some(Plan { kind: PlanKind::Alter { keyspace: of, .. }, .. }) if of == keyspace => {
            vec![Change::PlanEnded, Change::TransitEnded]
        }
        _ => Vec::new(),
    }
}

fn transit_placement(state: &ClusterState) -> Result<&Arc<Placement>, CommandRefusal> {
    let none = || CommandRefusal::Invalid("no keyspace is on its way to another replication".to_owned());
    state.placements.in_transit().map(|(_, placement)| placement).ok_or_else(none)
}

/// The change that gives the keyspace in transit other replicas.
fn place_in_transit(state: &ClusterState, new: &Placement) -> Result<Option<Change>, CommandRefusal> {
    let old = transit_placement(state)?;
    check_move(old, new)?;
    let numbers: BTreeMap<HostId, MemberNumber> = state.member_numbers().collect();
    let change = PlacementChange::between(old, new, state.epoch.index + 1, |host| numbers.get(&host).copied());
    let keyspace = state.placements.in_transit().map(|(keyspace, _)| keyspace.to_owned()).unwrap_or_default();
    Ok((!change.is_empty()).then_some(Change::Transit { keyspace, change }))
}
