//! The state as the plan under way makes it: members and placements before and after it, and the ranges that members gain.

use crate::keyspace_names::is_system;
use crate::{ClusterState, Plan, PlanKind, PlanStep};
use henge_base::HostId;
use henge_model::{Keyspace, Replication, TokenRange};
use henge_ring::{Member, PlacedRange, Placement, Ring};
use std::collections::BTreeMap;

/// Ranges that a member fetches by a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GainedRanges {
    /// The keyspaces, which have one placement.
    pub keyspaces: Vec<String>,
    /// The ranges.
    pub ranges: Vec<TokenRange>,
    /// True if the member holds these ranges already, and adds what a replica has that goes.
    pub merges: bool,
}

impl ClusterState {
    /// The members that the plan under way brings: they take writes and are not read, vote on nothing, and serve no clients.
    pub fn newcomers(&self) -> &[HostId] {
        self.plan.as_ref().map_or(&[], |plan| plan.kind.newcomers())
    }

    /// True of a member that the plan under way brings.
    pub fn is_newcomer(&self, host: HostId) -> bool {
        self.newcomers().contains(&host)
    }

    /// The ranges whose rows `host` has to fetch. Until reads have moved: those in which it takes writes and is not read. Once they have, by a
    /// plan that lowers the number of copies: those from which another replica goes, which may alone have what a quorum acknowledged.
    pub fn gains(&self, host: HostId) -> Vec<GainedRanges> {
        let Some(plan) = &self.plan else { return Vec::new() };
        let moves = |keyspace: &Keyspace| match &plan.kind {
            PlanKind::Alter { keyspace: altered, .. } => *altered == keyspace.name,
            _ => true,
        };
        let merges = matches!(plan.kind, PlanKind::Alter { lowers: true, .. });
        if merges != (plan.step == PlanStep::Reading) {
            return Vec::new();
        }
        let is_gained = |placed: &PlacedRange<'_>| match merges {
            true => placed.read.contains(host) && placed.write.len() > placed.read.len(),
            false => placed.write.contains(host) && !placed.read.contains(host),
        };
        let mut gained: BTreeMap<&Replication, GainedRanges> = BTreeMap::new();
        for keyspace in self.schema.keyspaces.values().filter(|keyspace| moves(keyspace)) {
            let placement = self.placement_of(keyspace).into_iter();
            let of_setting = gained.entry(&keyspace.replication).or_insert_with(|| {
                let ranges = placement.flat_map(|placement| placement.ranges()).filter(is_gained);
                GainedRanges { keyspaces: Vec::new(), ranges: ranges.map(|placed| placed.range).collect(), merges }
            });
            of_setting.keyspaces.push(keyspace.name.clone());
        }
        gained.into_values().filter(|gained| !gained.ranges.is_empty()).collect()
    }

    /// The replication setting by which levels of a keyspace count replicas: on its way to another one, that of the replicas that are read.
    pub fn counted_replication<'s>(&'s self, keyspace: &'s Keyspace) -> &'s Replication {
        match &self.plan {
            Some(Plan { kind: PlanKind::Alter { keyspace: altered, from, to, .. }, step, .. })
                if *altered == keyspace.name =>
            {
                if *step == PlanStep::Reading {
                    to
                } else {
                    from
                }
            }
            _ => &keyspace.replication,
        }
    }

    /// The placement that a keyspace has once the plan under way has ended.
    pub fn placement_after_plan(&self, keyspace: &Keyspace) -> Placement {
        let setting = match &self.plan {
            Some(Plan { kind: PlanKind::Alter { keyspace: altered, to, .. }, .. }) if *altered == keyspace.name => to,
            _ => &keyspace.replication,
        };
        Ring::new(&self.members_after_plan()).place(setting)
    }

    /// The placement of a keyspace whose replicas are read on the other side of the present step: once reads have moved, or before they had.
    /// `None` if no range of it moves at this step.
    pub fn placement_across_step(&self, keyspace: &Keyspace) -> Option<Placement> {
        let plan = self.plan.as_ref()?;
        let before = match &plan.kind {
            PlanKind::Alter { keyspace: altered, from, .. } => (*altered == keyspace.name).then_some(from)?,
            _ => &keyspace.replication,
        };
        match plan.step {
            PlanStep::Arriving => None,
            PlanStep::Preparing | PlanStep::Streaming => Some(self.placement_after_plan(keyspace)),
            PlanStep::Reading => Some(Ring::new(&self.members_before_plan()).place(before)),
        }
    }

    /// The placement that a keyspace has now, with all replicas that it gets by the plan under way, newcomers among them.
    pub fn placement_with_gains(&self, keyspace: &Keyspace) -> Option<Placement> {
        let now = self.placement_of(keyspace)?;
        Some(now.with_pending_of(&self.placement_after_plan(keyspace), &self.placements.member_ids()))
    }

    /// The hosts that have ranges to fetch, by the plan under way.
    pub fn gainers(&self) -> Vec<HostId> {
        self.members.keys().copied().filter(|host| !self.gains(*host).is_empty()).collect()
    }

    /// A keyspace whose rows have to be moved when members come or go; `None` if they come and go at once.
    pub fn user_keyspace(&self) -> Option<&str> {
        self.schema.keyspaces.keys().map(String::as_str).find(|keyspace| !is_system(keyspace))
    }

    /// The members without those that the plan under way brings.
    pub fn members_before_plan(&self) -> Vec<Member> {
        self.members.values().filter(|member| !self.is_newcomer(member.id)).cloned().collect()
    }

    /// The members as they will be when the plan under way has ended. A node that replaces another has its tokens.
    pub fn members_after_plan(&self) -> Vec<Member> {
        let Some(plan) = &self.plan else { return self.members.values().cloned().collect() };
        let leaver = plan.kind.leaver();
        let mut members: Vec<Member> =
            self.members.values().filter(|member| Some(member.id) != leaver).cloned().collect();
        if let PlanKind::Replace { dead, by } = plan.kind
            && let Some(dead) = self.members.get(&dead)
        {
            let heirs = members.iter_mut().filter(|member| member.id == by);
            heirs.for_each(|heir| heir.tokens.clone_from(&dead.tokens));
        }
        members
    }

    /// The placement of a setting that no keyspace had before: as if it had been there before the plan under way.
    pub(crate) fn place_anew(&self, setting: &Replication) -> Placement {
        let place = |members: &[Member]| Ring::new(members).place(setting);
        let Some(plan) = &self.plan else { return place(&self.members_after_plan()) };
        let (before, after) = (place(&self.members_before_plan()), place(&self.members_after_plan()));
        let ids = self.placements.member_ids();
        match plan.step {
            PlanStep::Arriving => before,
            PlanStep::Preparing | PlanStep::Streaming => before.with_pending_of(&after, &ids),
            PlanStep::Reading => after.with_pending_of(&before, &ids),
        }
    }
}
