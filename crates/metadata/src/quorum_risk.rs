//! Ranges that have fewer live replicas than a quorum needs: now, at the steps of a plan, and behind its end. Levels are counted as coordinators
//! count them: a majority of the copies that the replication says, and one more for each replica that only takes writes yet.

use crate::keyspace_names::is_system;
use crate::replication_path::total;
use crate::{ClusterState, Plan, PlanKind};
use henge_base::HostId;
use henge_model::{Keyspace, Replication, TokenRange};
use henge_ring::{Hosts, PlacedRange, Placement};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The ranges of keyspaces that lack a quorum at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumRisk {
    /// The keyspaces, which have one placement.
    pub keyspaces: Vec<String>,
    /// The datacentre whose quorum it is (`LOCAL_QUORUM`, `EACH_QUORUM`); `None` for one of all replicas.
    pub datacenter: Option<String>,
    /// Ranges that lack it now.
    pub now: u64,
    /// Ranges that lack it at a step of the plan: at the step with the most of them.
    pub moving: u64,
    /// Ranges that lack it when the plan has ended.
    pub after: u64,
    /// The first range that has it now, and lacks it at a step or afterwards.
    pub lost: Option<LostQuorum>,
}

/// A range that would lose its quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostQuorum {
    /// The range.
    pub range: TokenRange,
    /// The replicas that a write needs then.
    pub needed: u64,
    /// Those of them that are up.
    pub up: u64,
    /// Those that are down.
    pub down: Vec<HostId>,
}

/// The replicas of one range that count for a level.
struct ReplicaCount {
    needed: usize,
    up: usize,
    lacks: bool,
}

/// A keyspace for all that have its placement, and those.
type PlacedKeyspace<'a> = (&'a Arc<Keyspace>, Vec<String>);

/// The ranges that lack a quorum somewhere along a course of states, while these hosts are up. Empty if none ever does.
pub fn quorum_risks(course: &[ClusterState], is_up: impl Fn(HostId) -> bool) -> Vec<QuorumRisk> {
    let Some((now, later)) = course.split_first() else { return Vec::new() };
    let mut risks = Vec::new();
    for (keyspace, names) in placed_keyspaces(course) {
        for datacenter in scopes(keyspace, course) {
            let scope = Scope { datacenter: datacenter.as_deref(), is_up: &is_up };
            let first = scope.lacking(now, keyspace);
            let steps: Vec<Vec<PlacedRange<'_>>> = later.iter().map(|state| scope.lacking(state, keyspace)).collect();
            let count = |ranges: &[PlacedRange<'_>]| ranges.len() as u64;
            let (moving, after) = match steps.split_last() {
                Some((last, steps)) => (steps.iter().map(|step| count(step)).max().unwrap_or(0), count(last)),
                None => (0, 0),
            };
            let mut lost =
                later.iter().zip(&steps).flat_map(|(state, step)| step.iter().map(move |range| (state, range)));
            let lost = lost.find_map(|(state, range)| scope.lost_quorum(now, (state, range), keyspace));
            if !first.is_empty() || moving + after > 0 {
                let (keyspaces, now) = (names.clone(), count(&first));
                risks.push(QuorumRisk { keyspaces, datacenter, now, moving, after, lost });
            }
        }
    }
    risks
}

/// The keyspaces of users by their placement: one that is altered on the way is alone.
fn placed_keyspaces(course: &[ClusterState]) -> Vec<PlacedKeyspace<'_>> {
    let altered = course.iter().filter_map(|state| match &state.plan {
        Some(Plan { kind: PlanKind::Alter { keyspace, .. }, .. }) => Some(keyspace.as_str()),
        _ => None,
    });
    let altered: Vec<&str> = altered.collect();
    let mut placed: BTreeMap<(&Replication, Option<&str>), PlacedKeyspace<'_>> = BTreeMap::new();
    let keyspaces = course.iter().take(1).flat_map(|now| now.schema.keyspaces.values());
    for keyspace in keyspaces.filter(|keyspace| !is_system(&keyspace.name)) {
        let alone = altered.contains(&keyspace.name.as_str()).then_some(keyspace.name.as_str());
        let (_, names) = placed.entry((&keyspace.replication, alone)).or_insert_with(|| (keyspace, Vec::new()));
        names.push(keyspace.name.clone());
    }
    placed.into_values().collect()
}

/// The groups of replicas that levels count: all, and where the replication names datacentres those of each.
fn scopes(keyspace: &Keyspace, course: &[ClusterState]) -> Vec<Option<String>> {
    let mut scopes = vec![None];
    for state in course {
        let Some(keyspace) = state.schema.keyspaces.get(&keyspace.name) else { continue };
        if let Replication::NetworkTopology { factors } = state.counted_replication(keyspace) {
            scopes.extend(factors.iter().filter(|(_, factor)| **factor > 0).map(|(name, _)| Some(name.clone())));
        }
    }
    scopes.sort();
    scopes.dedup();
    scopes
}

/// The replicas that count: all, or those of one datacentre.
struct Scope<'a> {
    datacenter: Option<&'a str>,
    is_up: &'a dyn Fn(HostId) -> bool,
}

impl Scope<'_> {
    /// The ranges of a keyspace that lack a quorum in a state.
    fn lacking<'s>(&self, state: &'s ClusterState, keyspace: &Keyspace) -> Vec<PlacedRange<'s>> {
        let Some((placement, factor)) = self.placement_in(state, keyspace) else { return Vec::new() };
        placement.ranges().filter(|range| self.count(state, range, factor).lacks).collect()
    }

    /// The placement of a keyspace in a state, and its copies that count; `None` if it is not there, or has none here.
    fn placement_in<'s>(&self, state: &'s ClusterState, keyspace: &Keyspace) -> Option<(&'s Placement, usize)> {
        let keyspace = state.schema.keyspaces.get(&keyspace.name)?;
        let factor = match (state.counted_replication(keyspace), self.datacenter) {
            (Replication::NetworkTopology { factors }, Some(name)) => factors.get(name).copied().unwrap_or(0),
            (_, Some(_)) => 0,
            (setting, None) => total(setting),
        };
        let placement = state.placement_of(keyspace)?;
        (factor > 0).then_some((placement, factor as usize))
    }

    fn count(&self, state: &ClusterState, range: &PlacedRange<'_>, factor: usize) -> ReplicaCount {
        let is_here = |host: &HostId| {
            self.datacenter.is_none_or(|name| state.members.get(host).is_some_and(|member| member.datacenter == name))
        };
        let here = |hosts: Hosts<'_>| hosts.iter().filter(is_here).count();
        let up = |hosts: Hosts<'_>| hosts.iter().filter(|host| is_here(host) && (self.is_up)(*host)).count();
        let quorum = factor / 2 + 1;
        let needed = quorum + here(range.write).saturating_sub(here(range.read));
        let (up, readers_up) = (up(range.write), up(range.read));
        ReplicaCount { needed, up, lacks: up < needed || readers_up < quorum }
    }

    /// A range that lacks a quorum later, if all of it has one now.
    fn lost_quorum(
        &self,
        now: &ClusterState,
        (state, range): (&ClusterState, &PlacedRange<'_>),
        keyspace: &Keyspace,
    ) -> Option<LostQuorum> {
        let (placement, factor) = self.placement_in(now, keyspace)?;
        if placement.ranges_over(range.range).any(|range| self.count(now, &range, factor).lacks) {
            return None;
        }
        let (_, factor) = self.placement_in(state, keyspace)?;
        let ReplicaCount { needed, up, .. } = self.count(state, range, factor);
        let down = range.write.iter().filter(|host| !(self.is_up)(*host)).collect();
        Some(LostQuorum { range: range.range, needed: needed as u64, up: up as u64, down })
    }
}
