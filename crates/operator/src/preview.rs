//! A change of members or replication, looked at before it begins.

use crate::Report;
use serde::{Deserialize, Serialize};

/// A change that may be looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreviewedChange {
    /// A member that serves leaves.
    #[default]
    Decommission,
    /// A member that is down for good is removed.
    Removenode,
    /// A node joins in place of a member that is down for good.
    Replace,
    /// A node joins.
    Join,
    /// A keyspace gets another replication.
    Alter,
}

/// The change to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewSelection {
    /// Its kind.
    pub change: PreviewedChange,
    /// The member that goes; without it, of those that leave, the one that answers.
    pub host_id: Option<String>,
    /// Also where the command would need `--force`.
    pub force: Option<bool>,
    /// Of a node that joins: its datacentre, else that of the node that answers.
    pub datacenter: Option<String>,
    /// Its rack.
    pub rack: Option<String>,
    /// The number of its tokens.
    pub num_tokens: Option<u32>,
    /// The keyspace that is altered.
    pub keyspace: Option<String>,
    /// Its new replication: a number for SimpleStrategy, `dc1:3,dc2:2` for NetworkTopologyStrategy.
    pub replication: Option<String>,
}

/// The rows that a change would move, and the ranges that it would put at risk; nothing has been changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanPreview {
    /// The change in words; empty if it is refused out of hand.
    pub change: String,
    /// The reason why it would be refused now; `None` if it would be begun.
    pub refusal: Option<String>,
    /// The plans that it takes, one after the other: one, or for another replication one for each copy.
    pub plans: Vec<PreviewedPlan>,
    /// Estimated bytes of all rows that move.
    pub bytes: u64,
    /// Estimated seconds that this takes at the present limits of streaming; `None` if there is no limit.
    pub seconds: Option<u64>,
    /// The parts of the ring that members hold before and afterwards, by replication setting.
    pub ownership: Vec<OwnershipChange>,
    /// Ranges that lack a quorum now, on the way or afterwards; empty if none does.
    pub risks: Vec<RangesAtRisk>,
    /// The host ids of members that did not tell the sizes of their ranges, which are missing above.
    pub silent: Vec<String>,
}

/// A plan that would be begun.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewedPlan {
    /// The change in words.
    pub change: String,
    /// The rows that move.
    pub moves: Vec<RangeMove>,
    /// Estimated seconds that this takes at the present limits of streaming; `None` if there is no limit.
    pub seconds: Option<u64>,
}

/// Ranges whose rows go from one member to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeMove {
    /// The host id of the source.
    pub from: String,
    /// Its address for peers.
    pub from_address: Option<String>,
    /// The host id of the member that gains the ranges; `None` if it is yet to come.
    pub to: Option<String>,
    /// Its address for peers.
    pub to_address: Option<String>,
    /// The number of ranges, of all replication settings.
    pub ranges: u64,
    /// Estimated bytes of their rows; `None` if nobody told.
    pub bytes: Option<u64>,
}

/// The parts of the ring that members hold of keyspaces with one replication setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnershipChange {
    /// The keyspaces.
    pub keyspaces: Vec<String>,
    /// The members, by host id.
    pub members: Vec<MemberOwnership>,
}

/// The part of the ring of which one member has copies: 1 is all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberOwnership {
    /// Its host id; `None` of one that is yet to come.
    pub host_id: Option<String>,
    /// Its address for peers.
    pub address: Option<String>,
    /// Its part before.
    pub before: f64,
    /// And afterwards.
    pub after: f64,
}

/// Ranges that have fewer live replicas than a quorum needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangesAtRisk {
    /// The keyspaces, which have one replication setting.
    pub keyspaces: Vec<String>,
    /// The datacentre whose quorum they lack; `None` for one of all replicas.
    pub datacenter: Option<String>,
    /// Ranges that lack it now.
    pub now: u64,
    /// Ranges that lack it while rows move, at the worst step.
    pub moving: u64,
    /// Ranges that lack it afterwards.
    pub after: u64,
}

impl Report for PlanPreview {
    const PATH: &'static str = "/plan/preview";
    type Selection = PreviewSelection;
}

/// The sources of rows that move by the plan under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanSource {
    /// The host id of the source.
    pub host_id: String,
    /// Its address for peers.
    pub address: Option<String>,
    /// Bytes that have come from it.
    pub bytes_done: u64,
    /// Bytes that it was expected to send when the member began to fetch; 0 if it did not tell.
    pub bytes_total: u64,
    /// Bytes that it sends in a second at most, to all together; 0: no limit, or it did not tell.
    pub bytes_per_second: u64,
}
