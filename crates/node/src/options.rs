//! A node's settings, in the units of its configuration file.

use henge_cql::Guardrails;
use henge_storage::SyncMode;
use std::net::SocketAddr;
use std::time::Duration;

/// How a node behaves; the server fills it from the configuration, the simulator from a seed.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the cluster, for the node that creates it.
    pub cluster_name: String,
    /// Its datacentre.
    pub datacenter: String,
    /// Its rack.
    pub rack: String,
    /// Where peers reach it.
    pub address: SocketAddr,
    /// Where clients reach it.
    pub rpc_address: SocketAddr,
    /// Tokens it takes, 1 to 256.
    pub num_tokens: u32,
    /// Where to find the cluster. A node that is its own only seed creates one.
    pub seeds: Vec<SocketAddr>,
    /// Create the cluster here, whoever the seeds are.
    pub bootstrap: bool,
    /// `group` (synced before it is acknowledged) or `periodic`.
    pub sync: SyncMode,
    /// How often unsynced writes are synced in periodic mode.
    pub sync_period: Duration,
    /// `write_request_timeout`.
    pub write_timeout: Duration,
    /// `read_request_timeout`.
    pub read_timeout: Duration,
    /// `range_request_timeout`.
    pub range_timeout: Duration,
    /// How long schema changes and joins may take.
    pub metadata_timeout: Duration,
    /// Hints are kept for a replica that has been down for less than this.
    pub max_hint_window: Duration,
    /// Whether hints are kept at all.
    pub hinted_handoff: bool,
    /// Whether `ALTER TABLE ... DROP COMPACT STORAGE` is allowed.
    pub drop_compact_storage: bool,
    /// How often tables are gone through for deletions that may be forgotten.
    pub purge_interval: Duration,
    /// How far behind the present a purge stays: longer than any write is under way, and than clocks of a cluster may differ.
    pub purge_margin: Duration,
    /// Bytes of the disk that writes leave free.
    pub disk_reserve: u64,
    /// Clients have to log in (`PasswordAuthenticator`).
    pub authenticate: bool,
    /// Statements need permissions (`CassandraAuthorizer`); only with `authenticate`.
    pub authorize: bool,
    /// Columns may be masked, and are shown masked to roles without `UNMASK` (`dynamic_data_masking_enabled`).
    pub masking: bool,
    /// Copies of a keyspace that says nothing of them.
    pub default_keyspace_rf: u32,
    /// What users are warned of, and refused.
    pub guardrails: Guardrails,
    /// Requests of one peer that may be under way on this node; more are refused (`internode_max_concurrent_requests`).
    pub peer_requests_max: usize,
    /// Bytes of them (`internode_application_receive_queue_reserve_endpoint_capacity`).
    pub peer_bytes_max: usize,
    /// Calls to peers that one core may have under way; what comes on top of them is not sent, and owed as a hint.
    pub tail_max: usize,
    /// Deliberate faults, for proving that the simulator finds them.
    pub faults: Faults,
}

impl Default for Options {
    fn default() -> Self {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Options {
            cluster_name: "Test Cluster".to_owned(),
            datacenter: "datacenter1".to_owned(),
            rack: "rack1".to_owned(),
            address: loopback(7000),
            rpc_address: loopback(9042),
            num_tokens: 16,
            seeds: vec![loopback(7000)],
            bootstrap: false,
            sync: SyncMode::Synced,
            sync_period: Duration::from_secs(10),
            write_timeout: Duration::from_secs(2),
            read_timeout: Duration::from_secs(5),
            range_timeout: Duration::from_secs(10),
            metadata_timeout: Duration::from_secs(10),
            max_hint_window: Duration::from_secs(3 * 3600),
            hinted_handoff: true,
            drop_compact_storage: false,
            purge_interval: Duration::from_secs(24 * 3600),
            purge_margin: Duration::from_secs(60),
            disk_reserve: 0,
            authenticate: false,
            authorize: false,
            masking: false,
            default_keyspace_rf: 1,
            guardrails: Guardrails::default(),
            peer_requests_max: 4_096,
            peer_bytes_max: 128 << 20,
            tail_max: 100_000,
            faults: Faults::default(),
        }
    }
}

/// Bugs put in on purpose, each off. Only the simulator switches one on, to prove that its checks can fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Acknowledges a write before it is synced.
    pub ack_before_sync: bool,
    /// Counts one answer too few as a quorum.
    pub quorum_off_by_one: bool,
    /// Digests codec bytes instead of content.
    pub digest_of_bytes: bool,
    /// Forgets hints.
    pub drop_hints: bool,
    /// Lets the replica's own clock decide between versions.
    pub clock_in_reconcile: bool,
    /// Proposes over what another round may have decided.
    pub ignore_accepted: bool,
    /// Writes the parts of a logged batch one by one, without a log, until one of them fails.
    pub unlogged_batches: bool,
    /// What the indexes of replicas name is taken for what is there.
    pub trust_indexes: bool,
    /// Stamps read repairs with time zero.
    pub mend_at_zero: bool,
    /// Purges deletions without refusing the late writes that they cover.
    pub purge_without_fence: bool,
    /// Goes on after a failed sync.
    pub outlive_failed_syncs: bool,
    /// Speaks of a conditional write's commit before it is synced, in periodic mode. Too rare for seeds; a scenario shows it.
    pub unsynced_commits: bool,
    /// Answers a peer that catches up with a number of entries, however long they are. A scenario shows it.
    pub catch_up_by_entries: bool,
    /// Answers that a table is unknown although the sender knows more of the metadata. A scenario shows it.
    pub unknown_when_behind: bool,
    /// Takes a batch from the log for written although its tables may be yet to come. A scenario shows it.
    pub replay_when_behind: bool,
    /// Owes no hint of what was not sent because too much was under way.
    pub forget_unsent: bool,
    /// Gives no entries to a peer that catches up: no bug, but what keeps one behind.
    pub withhold_entries: bool,
}
