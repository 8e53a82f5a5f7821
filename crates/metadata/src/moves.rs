//! Ranges that get other replicas: one step of a move at a time. The caller ensures what a step rests on: the data is there, and no request
//! of an older epoch is under way.

use crate::plan_checks::check_no_plan;
use crate::{Change, ClusterState, CommandRefusal, RangeReplicas};
use henge_base::HostId;
use henge_model::{Replication, TokenRange};
use henge_ring::{MemberNumber, Placement, PlacementChange, ReplicaSet, quorums_meet};
use std::collections::BTreeMap;

/// The change that gives the ranges of a setting these replicas.
pub(crate) fn move_ranges(
    state: &ClusterState,
    setting: &Replication,
    ranges: &[RangeReplicas],
) -> Result<Vec<Change>, CommandRefusal> {
    check_no_plan(state)?;
    let invalid = |what: String| CommandRefusal::Invalid(what);
    let old = state.placements.get(setting).ok_or_else(|| invalid("no keyspace has this replication".to_owned()))?;
    let numbers: BTreeMap<HostId, MemberNumber> = state.member_numbers().collect();
    let number = |host: &HostId| {
        numbers.get(host).copied().ok_or_else(|| CommandRefusal::Member(format!("host {host} is no member")))
    };
    let mut sets = Vec::with_capacity(ranges.len());
    for range in ranges {
        let readers = range.readers.iter().map(number).collect::<Result<Vec<_>, _>>()?;
        let pending = range.pending.iter().map(number).collect::<Result<Vec<_>, _>>()?;
        sets.push((range.end, ReplicaSet::new(&readers, &pending, 0)));
    }
    let new = Placement::new(state.placements.member_ids(), sets);
    new.check().map_err(|fault| invalid(format!("the ranges make no placement: {fault}")))?;
    check_move(old, &new)?;
    let index = state.epoch.index + 1;
    let change = PlacementChange::between(old, &new, index, |host| numbers.get(&host).copied());
    if change.is_empty() {
        return Err(CommandRefusal::Nothing);
    }
    Ok(vec![Change::Placement { setting: setting.clone(), change }])
}

/// Refuses a step of which some range could not be taken.
pub(crate) fn check_move(old: &Placement, new: &Placement) -> Result<(), CommandRefusal> {
    new.ranges().try_for_each(|placed| check_step(old, new, placed.range))
}

/// Refuses a step by which reads could go to a replica that was not written, or quorums could miss each other.
fn check_step(old: &Placement, new: &Placement, tokens: TokenRange) -> Result<(), CommandRefusal> {
    let Some(after) = new.replicas(tokens.end) else { return Ok(()) };
    for before in old.ranges_over(tokens) {
        if let Some(host) = after.read.iter().find(|host| !before.write.contains(*host)) {
            return Err(CommandRefusal::Invalid(format!(
                "host {host} would be read in a range whose writes it did not take"
            )));
        }
        if before.read.len().abs_diff(after.read.len()) > 1 || !quorums_meet(&before, &after) {
            let what = format!("the range up to {} would have quorums that do not meet those before", tokens.end);
            return Err(CommandRefusal::Invalid(what));
        }
    }
    Ok(())
}
