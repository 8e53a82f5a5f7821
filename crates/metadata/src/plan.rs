//! The plan under way: which member comes or goes, and how far its ranges have come.

use crate::ClusterState;
use crate::system_keyspaces::is_system;
use henge_base::HostId;
use henge_model::{Keyspace, Replication, TokenRange};
use henge_ring::{Member, PlacedRange, Placement, Ring};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A change that moves rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The index of the log entry that began it.
    pub id: u64,
    /// The change.
    pub kind: PlanKind,
    /// The step that has been reached.
    pub step: PlanStep,
}

/// The member that comes or goes, or the keyspace that gets other replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlanKind {
    /// A node becomes a member.
    Join {
        /// The node.
        host: HostId,
    },
    /// A member that serves leaves for good.
    Leave {
        /// The member.
        host: HostId,
    },
    /// A member that is down for good is removed.
    Remove {
        /// The member.
        host: HostId,
    },
    /// A node takes the tokens of a member that is down for good.
    Replace {
        /// The member.
        dead: HostId,
        /// The node.
        by: HostId,
    },
    /// A keyspace gets one copy more or fewer of each row, or as many by another strategy, on its way to another replication.
    Alter {
        /// The keyspace.
        keyspace: String,
        /// The setting that it had before all of it.
        was: Replication,
        /// The setting that its ranges come from.
        from: Replication,
        /// The setting that they come to.
        to: Replication,
        /// The setting that is reached in the end.
        goal: Replication,
        /// True if each range has replicas of before only, and one less.
        lowers: bool,
    },
}

/// A step of a plan. Behind the last one the plan is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlanStep {
    /// A newcomer is a member that holds nothing: it follows the log, and the others meet it. Plans that bring none begin behind this.
    Arriving,
    /// The old replicas are read, the new ones take writes as well. Requests of an older epoch may be under way.
    Preparing,
    /// The same; no request of before the plan is under way, and the new replicas fetch the rows of their ranges.
    Streaming,
    /// The new replicas are read, the old ones take writes as well.
    Reading,
}

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

impl PlanKind {
    /// The member that is none before the plan ends.
    pub fn newcomer(&self) -> Option<HostId> {
        match self {
            PlanKind::Join { host } | PlanKind::Replace { by: host, .. } => Some(*host),
            PlanKind::Leave { .. } | PlanKind::Remove { .. } | PlanKind::Alter { .. } => None,
        }
    }

    /// The member that is none behind the plan's end.
    pub fn leaver(&self) -> Option<HostId> {
        match self {
            PlanKind::Leave { host } | PlanKind::Remove { host } | PlanKind::Replace { dead: host, .. } => Some(*host),
            PlanKind::Join { .. } | PlanKind::Alter { .. } => None,
        }
    }

    /// The member that is down for good: nobody waits for it, and no rows are fetched from it. A range that it alone holds has no rows
    /// any more, and an operator has said that this is known.
    pub fn dead_member(&self) -> Option<HostId> {
        match self {
            PlanKind::Remove { host } | PlanKind::Replace { dead: host, .. } => Some(*host),
            PlanKind::Join { .. } | PlanKind::Leave { .. } | PlanKind::Alter { .. } => None,
        }
    }
}

impl fmt::Display for PlanKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanKind::Join { host } => write!(f, "host {host} joins"),
            PlanKind::Leave { host } => write!(f, "host {host} leaves"),
            PlanKind::Remove { host } => write!(f, "host {host} is removed"),
            PlanKind::Replace { dead, by } => write!(f, "host {by} replaces host {dead}"),
            PlanKind::Alter { keyspace, from, to, goal, .. } => {
                write!(f, "keyspace {keyspace} goes from {from} to {to}")?;
                if to == goal { Ok(()) } else { write!(f, ", on its way to {goal}") }
            }
        }
    }
}

impl fmt::Display for PlanStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PlanStep::Arriving => "arriving",
            PlanStep::Preparing => "preparing",
            PlanStep::Streaming => "streaming",
            PlanStep::Reading => "reading",
        })
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plan {}: {} (step {})", self.id, self.kind, self.step)
    }
}

impl ClusterState {
    /// The member that the plan under way brings: it takes writes and is not read, votes on nothing, and serves no clients.
    pub fn newcomer(&self) -> Option<HostId> {
        self.plan.as_ref().and_then(|plan| plan.kind.newcomer())
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

    /// The placement that a keyspace has now, with all replicas that it gets by the plan under way: a newcomer's too.
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

    /// The members without the one that the plan under way brings.
    pub fn members_before_plan(&self) -> Vec<Member> {
        let newcomer = self.newcomer();
        self.members.values().filter(|member| Some(member.id) != newcomer).cloned().collect()
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
