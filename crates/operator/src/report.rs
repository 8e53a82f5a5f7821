//! Reports, which a node answers at once.

use crate::PlanSource;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A report: `GET` of its path answers it.
pub trait Report: Serialize + DeserializeOwned + Send + 'static {
    /// The path on the admin port.
    const PATH: &'static str;
    /// The part of the node to report on: its fields, texts and numbers, are the query of the path.
    type Selection: Serialize + DeserializeOwned + Send + Sync + 'static;
}

/// No selection: the report has all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Everything {}

/// The snapshots, by name.
impl Report for Vec<Snapshot> {
    const PATH: &'static str = "/snapshots";
    type Selection = Everything;
}

/// Sizes and requests of tables.
impl Report for Vec<TableStats> {
    const PATH: &'static str = "/tables";
    type Selection = TableSelection;
}

/// The end of the metadata log.
impl Report for MetadataLog {
    const PATH: &'static str = "/metadata";
    type Selection = Everything;
}

/// Handoff of hints.
impl Report for Handoff {
    const PATH: &'static str = "/handoff";
    type Selection = Everything;
}

/// The change of members under way, if there is one.
impl Report for PlanUnderWay {
    const PATH: &'static str = "/plan";
    type Selection = Everything;
}

/// The cluster.
impl Report for ClusterReport {
    const PATH: &'static str = "/cluster";
    type Selection = KeyspaceSelection;
}

/// The parts of the schema, keyspace by keyspace, each with its statement.
impl Report for Vec<SchemaItem> {
    const PATH: &'static str = "/schema";
    type Selection = Everything;
}

/// The requests of clients under way on the node that answers.
impl Report for Vec<RunningRequest> {
    const PATH: &'static str = "/requests";
    type Selection = Everything;
}

/// A keyspace, or all of users without one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyspaceSelection {
    /// The keyspace.
    pub keyspace: Option<String>,
}

/// The cluster, as one node has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterReport {
    /// Its name.
    pub name: String,
    /// The members, by host id.
    pub members: Vec<Member>,
    /// True if members' shares are those of a keyspace, and not of tokens alone.
    pub is_effective: bool,
    /// True if keyspaces of users differ in replication, so that shares say nothing of all of them.
    pub is_ambiguous: bool,
    /// The keyspaces by name, with their replication.
    pub keyspaces: Vec<KeyspaceReplication>,
}

/// A member of the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Its host id.
    pub host_id: String,
    /// The address at which peers reach it.
    pub address: String,
    /// The address at which clients reach it.
    pub clients_address: String,
    /// Its datacentre.
    pub datacenter: String,
    /// Its rack.
    pub rack: String,
    /// True if it seems up to the node that answers.
    pub is_up: bool,
    /// normal, joining or leaving.
    pub state: MemberState,
    /// Its tokens, ascending.
    pub tokens: Vec<i64>,
    /// The part of the ring that it owns, or has copies of: 1 is all.
    pub owns: f64,
    /// The bytes that it stores, as it told them last, about once a minute; `None` if it has not told yet.
    pub load_bytes: Option<u64>,
    /// True of the member that answers.
    pub answers: bool,
    /// The version of the schema that it has, by its own word.
    pub schema_version: Option<String>,
}

/// The part that a member has in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// It holds its ranges.
    Normal,
    /// Rows of its ranges are on their way to it.
    Joining,
    /// Its rows are on their way to others.
    Leaving,
}

/// A keyspace and its replication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyspaceReplication {
    /// Its name.
    pub keyspace: String,
    /// The strategy's class.
    pub class: String,
    /// The strategy's options.
    pub options: std::collections::BTreeMap<String, String>,
}

/// The change of members under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanUnderWay {
    /// The plan; `None` if there is none.
    pub plan: Option<Plan>,
}

/// A change of members that moves rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its number: the index of the entry of the metadata log that began it.
    pub id: u64,
    /// The change, in words.
    pub change: String,
    /// The step that it has reached: arriving, preparing, streaming or reading.
    pub step: String,
    /// The host id of the member that drives it; `None` while no voter seems up.
    pub driver: Option<String>,
    /// Its progress in words, as the node that answers knows it: its driver knows most. Empty if nothing is known.
    pub progress: String,
    /// The members that gain ranges.
    pub gainers: Vec<PlanGainer>,
    /// Bytes that have come to them.
    #[serde(default)]
    pub bytes_done: u64,
    /// An estimate of all bytes that will have come.
    #[serde(default)]
    pub bytes_total: u64,
    /// Estimated seconds until they have, at the limits of streaming; `None` if there is no limit, or nothing is known.
    #[serde(default)]
    pub seconds_left: Option<u64>,
}

/// A member that gains ranges by a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanGainer {
    /// Its host id.
    pub host_id: String,
    /// The address at which peers reach it.
    pub address: String,
    /// True if it seems up.
    pub is_up: bool,
    /// The number of ranges that it gains, of all replication settings.
    pub ranges: u64,
    /// The progress of its streaming; `None` if it does not say.
    pub progress: Option<GainerProgress>,
    /// The members that it fetches from.
    #[serde(default)]
    pub sources: Vec<PlanSource>,
}

/// The progress of a member that gains ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GainerProgress {
    /// Ranges of tables whose rows have not all come.
    pub ranges_left: u64,
    /// Bytes that have come.
    pub bytes_done: u64,
    /// An estimate of all bytes that will have come.
    pub bytes_total: u64,
    /// True if everything is on its disk.
    pub is_done: bool,
}

/// Handoff of hints on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    /// True if hints are kept for replicas that are down.
    pub is_enabled: bool,
    /// True while their delivery is paused.
    pub is_paused: bool,
    /// The replicas that are owed any.
    pub pending: Vec<PendingHints>,
}

/// The hints that wait for one replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingHints {
    /// Its host id.
    pub host_id: String,
    /// The address at which peers reach it; `None` of it and the next two if it is no member any more.
    pub address: Option<String>,
    /// Its rack.
    pub rack: Option<String>,
    /// Its datacentre.
    pub datacenter: Option<String>,
    /// True if it seems up.
    pub is_up: bool,
    /// Number of hints.
    pub count: u64,
    /// Bytes of what they hold.
    pub bytes: u64,
    /// When the newest became owed, in seconds since 1970.
    pub newest_seconds: u64,
    /// When the oldest became owed.
    pub oldest_seconds: u64,
}

/// The metadata log, as a node has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataLog {
    /// Lineages that operators have begun.
    pub lineage: u32,
    /// Number of entries.
    pub index: u64,
    /// The last entry's hash, 32 hexadecimal digits.
    pub hash: String,
    /// The version of formats that the cluster writes.
    #[serde(default)]
    pub version: u32,
    /// The lowest version that the node speaks.
    #[serde(default)]
    pub lowest_version: u32,
    /// The newest version that it speaks.
    #[serde(default)]
    pub newest_version: u32,
    /// The members that agree on the next entry.
    pub voters: Vec<Voter>,
}

/// A member that agrees on the next entry of the metadata log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voter {
    /// Its host id.
    pub host_id: String,
    /// The address at which peers reach it; `None` if it is no member any more.
    pub address: Option<String>,
    /// True if it seems up to the node.
    pub is_up: bool,
}

/// A copy of a node's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// When it was taken, in seconds since 1970.
    pub created_seconds: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Bytes that removing it would free: those of files that it shares with nobody.
    pub own_bytes: u64,
    /// Its folder on the node's machine.
    pub path: String,
}

/// Tables to report on: all without a keyspace, those of a keyspace without a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSelection {
    /// The keyspace.
    pub keyspace: Option<String>,
    /// The table.
    pub table: Option<String>,
}

/// A table on one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableStats {
    /// Its keyspace.
    pub keyspace: String,
    /// Its name.
    pub table: String,
    /// Bytes in files.
    pub disk_bytes: u64,
    /// Partitions, estimated from samples.
    pub partitions: u64,
    /// Reads that the node answered as a replica since its start, or since the table was truncated.
    pub reads: u64,
    /// Writes that it took as a replica in that time.
    pub writes: u64,
}

/// A part of the schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaItem {
    /// Its keyspace.
    pub keyspace: String,
    /// keyspace, table, type, index and the like, as DESCRIBE names them.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The statement that makes it.
    pub statement: String,
}

/// A request of a client that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningRequest {
    /// Its name, unlike that of all others under way on the node.
    pub id: String,
    /// Microseconds from its arrival until it started.
    pub queued_micros: u64,
    /// Microseconds since then.
    pub running_micros: u64,
    /// The request in words, without passwords.
    pub request: String,
}
