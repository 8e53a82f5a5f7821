//! The activity of members: what each says of itself within a moment, with counts of clients' requests since its start.

use crate::{Everything, MemberHealth, Report};
use serde::{Deserialize, Serialize};

/// The activity of the cluster.
impl Report for ClusterActivity {
    const PATH: &'static str = "/activity";
    type Selection = Everything;
}

/// The word of every member that answered within a second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterActivity {
    /// Every member, by host id.
    pub members: Vec<MemberHealth>,
}

/// The work of a node since its start. The difference of two, over that of their times, is a rate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeActivity {
    /// Milliseconds since its start.
    pub at_millis: u64,
    /// Requests of clients that it coordinated, by operation; those without any are left out.
    pub operations: Vec<OperationActivity>,
    /// Connections of clients that are open.
    pub clients: u64,
}

/// Requests of one operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OperationActivity {
    /// Its name, as `henge_requests_total` has it.
    pub operation: String,
    /// All requests.
    pub requests: u64,
    /// Those of them that the cluster did not carry out: unavailable, timeout, failure, overloaded. Invalid ones are the clients' own.
    pub failed: u64,
    /// The times that they took, those of no requests left out; ascending.
    pub latencies: Vec<LatencyBucket>,
}

/// Requests that took about the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LatencyBucket {
    /// The longest time, in microseconds; `None` of what took longer than all others.
    pub micros_max: Option<u64>,
    /// Number of requests.
    pub requests: u64,
}
