//! The health of a cluster: what each member says of itself, for `henge admin doctor` to judge. Members also tell each other this, so fields
//! are only ever added, each with a default.

use crate::{ClusterReport, Everything, MetadataLog, NodeActivity, PlanUnderWay, Report};
use serde::{Deserialize, Serialize};

/// The health of the cluster.
impl Report for ClusterHealth {
    const PATH: &'static str = "/health";
    type Selection = Everything;
}

/// The cluster as one node has it, and what every member says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterHealth {
    /// The members.
    pub cluster: ClusterReport,
    /// The end of the metadata log, and its voters.
    pub log: MetadataLog,
    /// The change of members under way.
    pub plan: PlanUnderWay,
    /// Every member, by host id.
    pub members: Vec<MemberHealth>,
}

/// The answer of a member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberHealth {
    /// Its host id.
    pub host_id: String,
    /// The word of it; `None` if it did not answer.
    pub health: Option<NodeHealth>,
    /// The reason why it did not answer.
    pub error: Option<String>,
}

/// A node's word of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeHealth {
    /// The release that it runs.
    pub release: String,
    /// The lowest version of formats that it speaks; 0 if it does not tell, as first releases.
    pub lowest_version: u32,
    /// The newest one.
    pub newest_version: u32,
    /// The lineage of the metadata log that it follows.
    pub lineage: u32,
    /// The last entry of it that it has.
    pub index: u64,
    /// Seconds since its start.
    pub uptime_seconds: u64,
    /// The reason why it serves no clients; `None` if it does.
    pub not_ready: Option<String>,
    /// The reason why it does not trust its clock; `None` if it does.
    pub clock_distrust: Option<String>,
    /// Milliseconds that its clock is ahead of the median of its peers.
    pub clock_ahead_millis: i64,
    /// Its hints.
    pub hints: HintHealth,
    /// The members that it takes for down, with the seconds since then, or since its start.
    pub down: Vec<DownMember>,
    /// Comparisons with other replicas.
    pub repair: RepairHealth,
    /// Workers whose last step failed.
    pub failing_workers: Vec<FailingWorker>,
    /// The wait of the plan under way; of the member that drives it only.
    pub plan_wait: Option<PlanWait>,
    /// Bytes free on the disk of the data directory.
    pub disk_free_bytes: u64,
    /// Bytes of these that writes leave free.
    pub disk_reserve_bytes: u64,
    /// The process and its machine; `None` of a node that has neither.
    pub machine: Option<MachineHealth>,
    /// Its work since its start.
    pub activity: NodeActivity,
}

/// The hints of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HintHealth {
    /// True if hints are kept for replicas that are down.
    pub is_enabled: bool,
    /// True while their delivery is paused.
    pub is_paused: bool,
    /// Seconds for which they are kept for one that is down.
    pub window_seconds: u64,
    /// Those that wait.
    pub count: u64,
    /// Seconds since the oldest of them became owed.
    pub oldest_age_seconds: u64,
}

/// A member that is down in another's eyes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DownMember {
    /// Its host id.
    pub host_id: String,
    /// Seconds since it went down, or since the start of the node that says so.
    pub seconds: u64,
}

/// Comparisons of a node's ranges with their other replicas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RepairHealth {
    /// True if it compares by itself.
    pub is_enabled: bool,
    /// The range that was proven equal on its replicas longest ago; `None` if it shares no range.
    pub oldest: Option<OldestProof>,
}

/// The oldest proof of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OldestProof {
    /// The keyspace.
    pub keyspace: String,
    /// The table.
    pub table: String,
    /// Seconds since the time until which it is proven; since the node's start if it never was.
    pub age_seconds: u64,
    /// The reason why the last comparison of the table that failed did.
    pub last_error: Option<String>,
}

/// A worker whose last step failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailingWorker {
    /// Its name.
    pub worker: String,
    /// The error.
    pub error: String,
}

/// The wait of a plan before its next step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanWait {
    /// The plan's number.
    pub plan: u64,
    /// The step and what it waits for.
    pub progress: String,
    /// Seconds for which that has been the same.
    pub unchanged_seconds: u64,
}

/// The process of a node and its machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MachineHealth {
    /// Bytes of the disk of the data directory.
    pub disk_total_bytes: u64,
    /// The certificates in use.
    pub certificates: Vec<CertificateHealth>,
    /// Files that the process may have open.
    pub open_files_max: u64,
    /// Settings of the kernel that could be read, by name.
    pub kernel: Vec<KernelSetting>,
    /// Bytes of swap space.
    pub swap_bytes: u64,
    /// True if the kernel's clock is synchronised with a time source; `None` if it does not say.
    pub is_time_synchronised: Option<bool>,
}

/// A certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CertificateHealth {
    /// Who is shown it: peers or clients.
    pub shown_to: String,
    /// Seconds until it expires; negative once it has.
    pub seconds_left: i64,
}

/// A setting of the kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KernelSetting {
    /// Its name, as sysctl has it.
    pub name: String,
    /// Its value.
    pub value: u64,
}
