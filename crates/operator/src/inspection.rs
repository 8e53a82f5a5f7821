//! The state of one node: reports for the commands with which nodetool looks at a node.

use crate::{Everything, KeyspaceSelection, LatencyBucket, Report};
use serde::{Deserialize, Serialize};

/// The node itself.
impl Report for NodeInfo {
    const PATH: &'static str = "/info";
    type Selection = Everything;
}

/// Gossip, member by member.
impl Report for Vec<GossipState> {
    const PATH: &'static str = "/gossip";
    type Selection = Everything;
}

/// Threads that take work from a queue.
impl Report for Vec<ThreadPool> {
    const PATH: &'static str = "/thread_pools";
    type Selection = Everything;
}

/// Compaction.
impl Report for Compaction {
    const PATH: &'static str = "/compaction";
    type Selection = Everything;
}

/// Latencies of the requests that the node coordinated, by operation.
impl Report for Vec<OperationLatencies> {
    const PATH: &'static str = "/latencies";
    type Selection = Everything;
}

/// The replicas of a partition.
impl Report for Endpoints {
    const PATH: &'static str = "/endpoints";
    type Selection = PartitionSelection;
}

/// The ranges of a keyspace.
impl Report for RingDescription {
    const PATH: &'static str = "/ring";
    type Selection = KeyspaceSelection;
}

/// The connections of clients.
impl Report for Vec<ConnectedClient> {
    const PATH: &'static str = "/clients";
    type Selection = Everything;
}

/// A node, as it says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeInfo {
    /// Its host id.
    pub host_id: String,
    /// The version that it tells drivers.
    pub release_version: String,
    /// Henge's own version.
    pub henge_version: String,
    /// True while it takes part in gossip.
    pub is_gossip_active: bool,
    /// True while clients can connect.
    pub is_binary_active: bool,
    /// Bytes of live data, estimated.
    pub load_bytes: u64,
    /// The number of its start.
    pub generation: u64,
    /// Seconds since its start.
    pub uptime_seconds: u64,
    /// Bytes of memory that the process has.
    pub resident_bytes: u64,
    /// Bytes of memory that the process may have: of the machine, or of its cgroup.
    pub memory_bytes_max: u64,
    /// Its datacentre.
    pub datacenter: String,
    /// Its rack.
    pub rack: String,
    /// Bytes in the block cache.
    pub cache_bytes: u64,
    /// Bytes that fit into it, memory tables included.
    pub cache_capacity_bytes: u64,
    /// Reads of a key that had to ask the disk.
    pub cache_misses: u64,
    /// Reads of a key.
    pub cache_requests: u64,
    /// Its tokens, ascending.
    pub tokens: Vec<i64>,
    /// True once it has the rows of its ranges.
    pub is_bootstrapped: bool,
    /// True while its rows go to others.
    pub is_leaving: bool,
}

/// A member in gossip.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GossipState {
    /// The address at which peers reach it, without its port.
    pub address: String,
    /// The number of its start.
    pub generation: u64,
    /// The number that rises with each heartbeat.
    pub heartbeat: u64,
    /// Facts by nodetool's names.
    pub facts: Vec<GossipFact>,
}

/// A fact about a member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GossipFact {
    /// Its name.
    pub name: String,
    /// The heartbeat at which it was told; 0 of one that the metadata log holds, which gossip does not carry.
    pub version: u64,
    /// Its value.
    pub value: String,
}

/// Threads that take work from one queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThreadPool {
    /// The name of the threads.
    pub name: String,
    /// Jobs at work.
    pub active: u64,
    /// Jobs that wait; 0 where they wait with clients.
    pub pending: u64,
    /// Jobs done since the start.
    pub completed: u64,
}

/// The engine's compaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Compaction {
    /// Threads that flush and compact.
    pub threads: u64,
    /// Families of keys that have something to compact.
    pub pending: u64,
    /// Bytes that are yet to be rewritten, estimated.
    pub pending_bytes: u64,
    /// Compactions that run.
    pub running: u64,
    /// Files in the first level.
    pub level0_files: u64,
    /// Bytes that flushes and compactions write in a second at most.
    pub bytes_per_second_max: u64,
}

/// The latencies of an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OperationLatencies {
    /// Its name, as `henge_requests_total` has it.
    pub operation: String,
    /// The times that requests took, those of no requests left out; ascending.
    pub latencies: Vec<LatencyBucket>,
}

/// A partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionSelection {
    /// Its keyspace.
    pub keyspace: String,
    /// Its table.
    pub table: String,
    /// Its key in text, the columns of a key of several parted by colons.
    pub key: String,
}

/// The replicas of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Endpoints {
    /// The token of its key.
    pub token: i64,
    /// The addresses at which peers reach its replicas, without ports.
    pub addresses: Vec<String>,
}

/// The ranges of a keyspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RingDescription {
    /// The version of the schema.
    pub schema_version: String,
    /// The ranges, by their last tokens.
    pub ranges: Vec<DescribedRange>,
}

/// A range and its replicas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DescribedRange {
    /// The token before its first.
    pub start: i64,
    /// Its last token.
    pub end: i64,
    /// Its replicas.
    pub replicas: Vec<DescribedReplica>,
}

/// A replica of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DescribedReplica {
    /// The address at which peers reach it, without its port.
    pub address: String,
    /// The address at which clients reach it, without its port.
    pub clients_address: String,
    /// Its datacentre.
    pub datacenter: String,
    /// Its rack.
    pub rack: String,
}

/// A connection of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectedClient {
    /// Its address, with the port.
    pub address: String,
    /// True if it is encrypted.
    pub is_encrypted: bool,
    /// The cipher suite, if so.
    pub cipher: Option<String>,
    /// The protocol of the encryption, if so.
    pub tls: Option<String>,
    /// The version of the native protocol.
    pub protocol_version: u8,
    /// The role that is logged in; `anonymous` where nobody has to; none while it has not logged in yet.
    pub user: Option<String>,
    /// The keyspace in use.
    pub keyspace: Option<String>,
    /// Requests since it connected.
    pub requests: u64,
    /// The driver, by its own word.
    pub driver: Option<String>,
    /// The driver's version, by its own word.
    pub driver_version: Option<String>,
}
