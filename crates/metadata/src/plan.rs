//! The plan under way: which member comes or goes, and how far its ranges have come.

use henge_base::HostId;
use henge_model::Replication;
use serde::{Deserialize, Serialize};
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
    /// Nodes become members.
    Join {
        /// The nodes, in the order in which they asked.
        hosts: Vec<HostId>,
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
    /// Newcomers are members that hold nothing: they follow the log, and the others meet them. Plans that bring none begin behind this.
    Arriving,
    /// The old replicas are read, the new ones take writes as well. Requests of an older epoch may be under way.
    Preparing,
    /// The same; no request of before the plan is under way, and the new replicas fetch the rows of their ranges.
    Streaming,
    /// The new replicas are read, the old ones take writes as well.
    Reading,
}

impl PlanKind {
    /// The members that are none before the plan ends.
    pub fn newcomers(&self) -> &[HostId] {
        match self {
            PlanKind::Join { hosts } => hosts,
            PlanKind::Replace { by, .. } => std::slice::from_ref(by),
            PlanKind::Leave { .. } | PlanKind::Remove { .. } | PlanKind::Alter { .. } => &[],
        }
    }

    /// True of a member that is none before the plan, or behind it.
    pub fn comes_or_goes(&self, host: HostId) -> bool {
        self.leaver() == Some(host) || self.newcomers().contains(&host)
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
            PlanKind::Join { hosts } => match &hosts[..] {
                [host] => write!(f, "host {host} joins"),
                hosts => {
                    let hosts: Vec<String> = hosts.iter().map(HostId::to_string).collect();
                    write!(f, "hosts {} join", hosts.join(", "))
                }
            },
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
