//! Commands about plans, turned into the changes of an entry: they set the placements of each step.
//!
//! A replica of a range is *read*, or it is *pending*: then it takes writes and is not read. While a plan prepares and streams, the new
//! replicas are pending; while it is at `Reading`, the new ones are read and the old ones pending; when it ends, none is.

use crate::moves::check_move;
use crate::plan_checks::check_target;
use crate::voters::voters_change;
use crate::{Change, ClusterState, CommandRefusal, Plan, PlanKind, PlanStep, replication_change};
use henge_base::HostId;
use henge_model::Token;
use henge_ring::{Member, MemberNumber, Placement, PlacementChange, Ring};
use std::collections::{BTreeMap, BTreeSet};

/// The changes that begin a plan, in place of one that has not got beyond newcomers: a newcomer becomes a member first. It takes no writes yet,
/// for one that lacks the log would refuse them, where they cannot do without it. Without a newcomer the new replicas become pending.
pub(crate) fn begin(
    state: &ClusterState,
    kind: PlanKind,
    newcomer: Option<Member>,
) -> Result<Vec<Change>, CommandRefusal> {
    let step = if newcomer.is_some() { PlanStep::Arriving } else { PlanStep::Preparing };
    let plan = Plan { id: state.epoch.index + 1, kind, step };
    let mut changes: Vec<Change> = newcomer.into_iter().map(Change::Joined).collect();
    changes.push(Change::PlanBegun(plan));
    let begun = state.with(&changes).map_err(|e| CommandRefusal::Member(e.to_string()))?;
    check_target(&begun)?;
    if step == PlanStep::Preparing {
        changes.extend(pending_changes(&begun)?);
    }
    Ok(changes)
}

/// Refuses a plan of which some step could not be taken: several nodes that become replicas of one range at once change its quorums more than
/// one does.
pub(crate) fn check_steps(begun: &ClusterState) -> Result<(), CommandRefusal> {
    let ring = Ring::new(&begun.members_after_plan());
    let ids = begun.placements.member_ids();
    for (setting, old) in begun.placements.iter() {
        let target = ring.place(setting);
        let (written, read) = (old.with_pending_of(&target, &ids), target.with_pending_of(old, &ids));
        for (before, after) in [(&**old, &written), (&written, &read), (&read, &target)] {
            check_move(before, after)?;
        }
    }
    Ok(())
}

/// The changes by which the new replicas take writes as well.
fn pending_changes(state: &ClusterState) -> Result<Vec<Change>, CommandRefusal> {
    let ids = state.placements.member_ids();
    placement_changes(state, |old, target| old.with_pending_of(target, &ids))
}

/// The changes that take a plan to its next step, or end it. Refused as nothing to do unless the plan is still at the step `from`.
pub(crate) fn advance(state: &ClusterState, id: u64, from: PlanStep) -> Result<Vec<Change>, CommandRefusal> {
    let Some(plan) = state.plan.as_ref().filter(|plan| plan.id == id && plan.step == from) else {
        return Err(CommandRefusal::Nothing);
    };
    if matches!(plan.kind, PlanKind::Alter { .. }) {
        return replication_change::advance(state, plan);
    }
    match from {
        PlanStep::Arriving => {
            Ok([Change::PlanStep(PlanStep::Preparing)].into_iter().chain(pending_changes(state)?).collect())
        }
        PlanStep::Preparing => Ok(vec![Change::PlanStep(PlanStep::Streaming)]),
        PlanStep::Streaming => {
            let ids = state.placements.member_ids();
            let changes = placement_changes(state, |old, target| target.with_pending_of(old, &ids))?;
            Ok([Change::PlanStep(PlanStep::Reading)].into_iter().chain(changes).collect())
        }
        PlanStep::Reading => {
            let mut changes = placement_changes(state, |_, target| target.clone())?;
            changes.push(Change::PlanEnded);
            changes.extend(plan.kind.leaver().map(Change::Removed));
            if let PlanKind::Replace { by, .. } = plan.kind {
                let heir = state.members_after_plan().into_iter().find(|member| member.id == by);
                changes.extend(heir.map(Change::Joined));
            }
            with_voters(state, changes)
        }
    }
}

/// The changes that abort a plan: its pending replicas are dropped, and so are its newcomers.
pub(crate) fn abort(state: &ClusterState, id: u64) -> Result<Vec<Change>, CommandRefusal> {
    let Some(plan) = state.plan.as_ref().filter(|plan| plan.id == id) else {
        return Err(CommandRefusal::Invalid(format!("plan {id} is not under way")));
    };
    if plan.step == PlanStep::Reading {
        return Err(CommandRefusal::Invalid(format!(
            "{plan}: reads have moved to the new replicas, so that it can only go on"
        )));
    }
    if matches!(plan.kind, PlanKind::Alter { .. }) {
        return replication_change::turn_back(state, plan);
    }
    let tokens: BTreeSet<Token> = state.members_before_plan().into_iter().flat_map(|member| member.tokens).collect();
    let mut changes = placement_changes(state, |old, _| old.without_pending(|token| tokens.contains(&token)))?;
    changes.push(Change::PlanEnded);
    changes.extend(plan.kind.newcomers().iter().copied().map(Change::Removed));
    with_voters(state, changes)
}

/// Adds the change of voters that follows from other changes.
fn with_voters(state: &ClusterState, mut changes: Vec<Change>) -> Result<Vec<Change>, CommandRefusal> {
    let next = state.with(&changes).map_err(|e| CommandRefusal::Member(e.to_string()))?;
    changes.extend(voters_change(&next, &BTreeSet::new()));
    Ok(changes)
}

/// The changes of placements, one for each replication setting. `place` makes the new placement from the present one and from the target,
/// which is the one that the members will have at the plan's end.
fn placement_changes(
    state: &ClusterState,
    place: impl Fn(&Placement, &Placement) -> Placement,
) -> Result<Vec<Change>, CommandRefusal> {
    let ring = Ring::new(&state.members_after_plan());
    let numbers: BTreeMap<HostId, MemberNumber> = state.member_numbers().collect();
    let mut changes = Vec::new();
    for (setting, old) in state.placements.iter() {
        let new = place(old, &ring.place(setting));
        check_move(old, &new)?;
        let change = PlacementChange::between(old, &new, state.epoch.index + 1, |host| numbers.get(&host).copied());
        if !change.is_empty() {
            changes.push(Change::Placement { setting: setting.clone(), change });
        }
    }
    Ok(changes)
}
