//! The states that a plan leads through, computed by the commands that its driver will give, before any of it happens.

use crate::propose::propose;
use crate::{ClusterState, Command, CommandId, SealedEntry};
use henge_base::{Micros, Random};

/// States of the longest course: a change of replication has three for each copy.
const STATES_MAX: usize = 400;

/// The state now, the one that `entry` leads to, and those behind it, each one step further, until no plan is under way. The last one has a
/// plan only if its next step is refused, or if the way is too long. Empty if the entry does not follow on the state.
pub fn plan_course(state: &ClusterState, entry: &SealedEntry, now_us: Micros) -> Vec<ClusterState> {
    let mut next = state.clone();
    if next.apply(entry).is_err() {
        return Vec::new();
    }
    let mut random = Random::new(state.epoch.index);
    let mut course = vec![state.clone(), next.clone()];
    while course.len() < STATES_MAX
        && let Some(plan) = &next.plan
    {
        let command = Command::AdvancePlan { plan: plan.id, from: plan.step };
        let origin = CommandId::random(&mut random);
        let Ok(entry) = propose(&next, origin, &command, &mut random, now_us) else { break };
        if next.apply(&entry).is_err() {
            break;
        }
        course.push(next.clone());
    }
    course
}
