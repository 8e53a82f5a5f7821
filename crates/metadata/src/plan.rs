//! The plan under way: which member comes or goes, and how far its ranges have come.

use crate::ClusterState;
use crate::system_keyspaces::is_system;
use henge_base::HostId;
use henge_model::{Replication, TokenRange};
use henge_ring::{Member, Placement, Ring};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A change of members that moves rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The index of the log entry that began it.
    pub id: u64,
    /// The change.
    pub kind: PlanKind,
    /// The step that has been reached.
    pub step: PlanStep,
}

/// The member that comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// A step of a plan. Behind the last one the plan is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlanStep {
    /// The old replicas are read, the new ones take writes as well. Requests of an older epoch may be under way.
    Preparing,
    /// The same; no request of before the plan is under way, and the new replicas fetch the rows of their ranges.
    Streaming,
    /// The new replicas are read, the old ones take writes as well.
    Reading,
}

impl PlanKind {
    /// The member that is none before the plan ends.
    pub fn newcomer(&self) -> Option<HostId> {
        match self {
            PlanKind::Join { host } | PlanKind::Replace { by: host, .. } => Some(*host),
            PlanKind::Leave { .. } | PlanKind::Remove { .. } => None,
        }
    }

    /// The member that is none behind the plan's end.
    pub fn leaver(&self) -> Option<HostId> {
        match self {
            PlanKind::Leave { host } | PlanKind::Remove { host } | PlanKind::Replace { dead: host, .. } => Some(*host),
            PlanKind::Join { .. } => None,
        }
    }

    /// The member that is down for good: nobody waits for it, and no rows are fetched from it. A range that it alone holds has no rows
    /// any more, and an operator has said that this is known.
    pub fn dead_member(&self) -> Option<HostId> {
        match self {
            PlanKind::Remove { host } | PlanKind::Replace { dead: host, .. } => Some(*host),
            PlanKind::Join { .. } | PlanKind::Leave { .. } => None,
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
        }
    }
}

impl fmt::Display for PlanStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
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

    /// The ranges whose rows `host` has to fetch: those in which it takes writes and is not read, of the plan under way, until reads move.
    pub fn gains(&self, host: HostId) -> Vec<(Replication, Vec<TokenRange>)> {
        if !self.plan.as_ref().is_some_and(|plan| plan.step != PlanStep::Reading) {
            return Vec::new();
        }
        let gained = |placement: &Placement| -> Vec<TokenRange> {
            let pending = placement.ranges().filter(|of| of.write.contains(host) && !of.read.contains(host));
            pending.map(|placed| placed.range).collect()
        };
        let all = self.placements.iter().map(|(setting, placement)| (setting.clone(), gained(placement)));
        all.filter(|(_, ranges)| !ranges.is_empty()).collect()
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
            PlanStep::Preparing | PlanStep::Streaming => before.with_pending_of(&after, &ids),
            PlanStep::Reading => after.with_pending_of(&before, &ids),
        }
    }
}
