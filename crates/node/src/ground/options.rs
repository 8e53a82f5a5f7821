//! A node's settings: each is declared here, and nowhere else.

use crate::ground::limits::Limits;
use henge_base::HostId;
use henge_cql::Guardrails;
use henge_metadata::VersionRange;
use henge_settings::kind::{choice, class, duration, flag, list_of, number, size, text};
use henge_settings::{InvalidValue, settings};
use henge_storage::SyncMode;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

settings! {
    /// The options of a node; the server fills them from the configuration, the simulator from a seed.
    pub struct Options {
        Cluster {
            /// The name of the cluster. A node refuses to join a cluster of another name.
            cluster_name: String = text("Test Cluster");
            /// The datacentre of this node.
            datacenter: String = text("datacenter1");
            /// The rack of this node.
            rack: String = text("rack1");
            /// The number of tokens that this node takes when it joins.
            num_tokens: u32 = number(16, 1..=1_536);
            /// Copies of a keyspace whose replication does not say how many.
            default_keyspace_rf: u32 = number(1, 1..=1_000);
        }
        Security {
            /// PasswordAuthenticator: clients log in as a role. AllowAllAuthenticator: they need no password.
            authenticate as "authenticator": bool = class(
                "AllowAllAuthenticator",
                [("AllowAllAuthenticator", false), ("PasswordAuthenticator", true)],
            ).cassandra("authenticator.class_name");
            /// CassandraAuthorizer: a client may do what its role was granted; it needs PasswordAuthenticator. AllowAllAuthorizer:
            /// every client may do everything.
            authorize as "authorizer": bool = class(
                "AllowAllAuthorizer",
                [("AllowAllAuthorizer", false), ("CassandraAuthorizer", true)],
            ).cassandra("authorizer.class_name");
            /// Columns may be MASKED WITH a function, and roles without UNMASK see them masked. It masks nothing without an authorizer.
            masking as "dynamic_data_masking_enabled": bool = flag(false);
        }
        Durability {
            /// group: a write is synced before it is acknowledged. periodic: writes are synced every commitlog_sync_period.
            sync as "commitlog_sync": SyncMode =
                choice("group", [("group", SyncMode::Synced), ("periodic", SyncMode::Unsynced)]);
            /// With commitlog_sync periodic: the time between syncs. A power cut may take the writes of such a time.
            sync_period as "commitlog_sync_period": Duration = duration("10s", "1ms"..="1h");
            /// Allow ALTER TABLE ... DROP COMPACT STORAGE, which cannot be taken back.
            drop_compact_storage as "drop_compact_storage_enabled": bool = flag(false);
        }
        // Cassandra takes no timeout below 10 ms either; one beyond a year overflows deadlines.
        Timeouts {
            /// The longest time of a read by key.
            read_timeout as "read_request_timeout": Duration = duration("5s", "10ms"..="365d");
            /// The longest time of a scan.
            range_timeout as "range_request_timeout": Duration = duration("10s", "10ms"..="365d");
            /// The longest time of a write.
            write_timeout as "write_request_timeout": Duration = duration("2s", "10ms"..="365d");
            /// The longest time of a change of the schema or of the members.
            metadata_timeout as "metadata_request_timeout": Duration = duration("10s", "10ms"..="365d");
        }
        Recovery {
            /// Keep hints: writes for replicas that are down.
            hinted_handoff as "hinted_handoff_enabled": bool = flag(true);
            /// Hints are kept for a replica that has been down for less than this.
            max_hint_window: Duration = duration("3h", "0s"..="365d");
            /// Bytes of hints on disk for one replica; no more are kept.
            hint_bytes_max as "max_hints_size_per_host": u64 = size("1GiB", "1MiB"..);
            /// Bytes of hints on disk for all replicas; no more are kept.
            hint_total_max as "max_hints_size_total": u64 = size("8GiB", "1MiB"..);
            /// Bytes of hints that a replica which was down is sent in a second, 1 KiB at least for each: the other nodes send a share each. 0: no limit.
            hint_throttle as "hinted_handoff_throttle": u64 = size("4MiB", ..);
            /// Bytes that a node sends in a second to nodes that gain ranges from it. 0: no limit.
            stream_throughput as "stream_throughput_outbound": u64 = size("24MiB", ..);
            /// Compare what this node holds with the other replicas, all the time, and bring every replica what it lacks.
            auto_repair as "auto_repair_enabled": bool = flag(true);
            /// The time between two comparisons of a range with its other replicas.
            repair_interval: Duration = duration("1m", "100ms"..="365d");
            /// Bytes that this node reads or sends in a second for comparisons with other replicas. 0: no limit.
            repair_throughput: u64 = size("24MiB", ..);
            /// Per cent of one core that this node spends at most on reading for comparisons.
            repair_cpu_share: u32 = number(25, 1..=100);
            /// The time between two sweeps of a table for deletions that can be purged.
            purge_interval as "tombstone_purge_interval": Duration = duration("24h", "1s"..="365d");
        }
        Limits {
            /// Requests of one peer under way. More are refused, and the peer keeps writes as hints.
            peer_requests_max as "internode_max_concurrent_requests": usize = number(4_096, 1..=1_048_576);
            /// Bytes of requests of one peer under way. More are refused.
            peer_bytes_max as "internode_application_receive_queue_reserve_endpoint_capacity": usize = size("128MiB", ..);
            /// Requests that roles may have in a second of this node, each as role=number. More are answered Overloaded. Roles that are
            /// not named may have as many as they like.
            role_rates as "requests_per_second_by_role": BTreeMap<String, u32> =
                list_of("name=number, comma-separated or a list", rate);
            /// The same of what is asked of the tables of a keyspace, as keyspace=number.
            keyspace_rates as "requests_per_second_by_keyspace": BTreeMap<String, u32> =
                list_of("name=number, comma-separated or a list", rate);
        }
    }
    fields {
        /// The address at which peers reach it.
        address: SocketAddr = loopback(7_000);
        /// The address of its socket for peers. `None`: `address`.
        listen_address: Option<SocketAddr> = None;
        /// The address at which clients reach it.
        rpc_address: SocketAddr = loopback(9_042);
        /// Addresses of members at which the cluster is found. A node that is its own only seed creates one on loopback, and elsewhere if it is told to.
        seeds: Vec<SocketAddr> = vec![loopback(7_000)];
        /// Create the cluster here, whoever the seeds are.
        bootstrap: bool = false;
        /// Join in place of this member, which is down for good, with its tokens. A node that is a member already ignores it.
        replace: Option<HostId> = None;
        /// Go on from a data directory that is an older copy: an operator accepts what it lacks.
        accept_older_copy: bool = false;
        /// The time that a purge stays behind the present: longer than any write is under way, and than clocks of a cluster may differ.
        purge_margin: Duration = Duration::from_secs(60);
        /// The time between two looks for conditional writes that were left undecided, and between two comparisons that settle them all, so
        /// that their acceptors are forgotten.
        acceptor_purge_interval: Duration = Duration::from_secs(3_600);
        /// A voter on metadata that is down for so long makes room for a member that is up.
        voter_patience: Duration = Duration::from_secs(600);
        /// A member that starts and reaches no other goes on alone after so long.
        recall_patience: Duration = Duration::from_secs(10);
        /// Bytes of the disk that writes leave free.
        disk_reserve: u64 = 0;
        /// Warnings and refusals of statements.
        guardrails: Guardrails = Guardrails::default();
        /// Bytes of prepared statements that are kept.
        statement_bytes_max: usize = 64 << 20;
        /// Calls to peers that one core may have under way; more are not sent, and owed as hints.
        tail_max: usize = 100_000;
        /// Rows can be moved to new replicas, so that members may come and go while keyspaces of users exist.
        moves_ranges: bool = moves_are_supported();
        /// The versions of formats that it speaks: those of its release, but in tests.
        versions: VersionRange = VersionRange::OF_RELEASE;
        /// Bounds that no setting changes.
        limits: Limits = Limits::default();
        /// Deliberate faults, for proving that the simulator finds them.
        faults: Faults = Faults::default();
    }
}

impl Options {
    /// The address to bind for peers.
    pub fn bound_address(&self) -> SocketAddr {
        self.listen_address.unwrap_or(self.address)
    }
}

/// A name with a number of requests in a second.
fn rate(text: &str) -> Result<(String, u32), InvalidValue> {
    let invalid = || {
        InvalidValue::Refused(format!(
            "invalid rate {text:?}: expected a name and a number from 1 on, such as app=1000"
        ))
    };
    let (name, number) = text.rsplit_once('=').ok_or_else(invalid)?;
    let number: u32 = number.trim().parse().map_err(|_| invalid())?;
    if name.trim().is_empty() || number == 0 { Err(invalid()) } else { Ok((name.trim().to_owned(), number)) }
}

/// True once new replicas fetch the rows of their ranges. Simulations and tests say it for themselves.
pub(crate) fn moves_are_supported() -> bool {
    true
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
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
    /// Writes the newest version that it speaks, whatever the cluster writes.
    pub write_newest: bool,
    /// Forgets hints.
    pub drop_hints: bool,
    /// Lets the replica's own clock decide between versions.
    pub clock_in_reconcile: bool,
    /// Proposes over what another round may have decided.
    pub ignore_accepted: bool,
    /// Writes the parts of a logged batch one by one, without a log, until one of them fails.
    pub unlogged_batches: bool,
    /// Takes the rows that replicas' indexes name for the rows that match.
    pub trust_indexes: bool,
    /// Stamps read repairs with time zero.
    pub mend_at_zero: bool,
    /// Purges deletions without refusing the late writes that they cover.
    pub purge_without_fence: bool,
    /// Goes on after a failed sync.
    pub outlive_failed_syncs: bool,
    /// Speaks of a conditional write's commit before it is synced, in periodic mode. Too rare for seeds; a scenario shows it.
    pub unsynced_commits: bool,
    /// Keeps all entries, and answers a peer that catches up with all that it lacks, however long they are. A scenario shows it.
    pub catch_up_by_entries: bool,
    /// Answers that a table is unknown although the sender knows more of the metadata. A scenario shows it.
    pub unknown_when_behind: bool,
    /// Takes a batch from the log for written although its tables may be yet to come. A scenario shows it.
    pub replay_when_behind: bool,
    /// Owes no hint of what was not sent because too much was under way.
    pub forget_unsent: bool,
    /// Has keepers forget a batch that met its level, before what is owed of it is on disk. A scenario shows it.
    pub forget_batches_early: bool,
    /// Takes half of the voters on metadata for most of them.
    pub minority_votes: bool,
    /// Forgets at a restart what was promised and accepted as a voter on metadata. Too rare for seeds; a scenario shows it.
    pub forget_votes: bool,
    /// Owes no hint of what this node's own copy refused. A scenario shows it.
    pub forget_own: bool,
    /// Shuts down without a word to peers. A scenario shows it.
    pub silent_shutdown: bool,
    /// Issues stamps whatever the clocks of peers and the monotonic clock say.
    pub stamp_beyond_the_bound: bool,
    /// Gives no entries to a peer that catches up: no bug, but what keeps one behind.
    pub withhold_entries: bool,
    /// Asks no other replica in place of one that is late.
    pub wait_for_silent: bool,
    /// Drops a hint whose range has moved to other replicas. A scenario shows it.
    pub forget_moved: bool,
    /// Begins all requests of clients, however long they have waited. A scenario shows it.
    pub admit_all: bool,
    /// Takes the acknowledgement of a replica that forwards a write for those of all that it forwards to.
    pub trust_forwarders: bool,
    /// Takes a replica that is behind for one whose table is gone. A scenario shows it.
    pub drop_behind: bool,
    /// Acknowledges a write at ANY before its hint is on disk. A scenario shows it.
    pub ack_any_early: bool,
    /// Looks nowhere for members but where the log has them. A scenario shows it.
    pub trust_logged_addresses: bool,
    /// Admits every process of a host, on whatever copy of its disk.
    pub admit_older_copies: bool,
    /// Holds a clock against a host whose process was heard of and never told its generation.
    pub hold_untold_clocks: bool,
    /// Takes a majority of all replicas, pending ones among them, for a quorum.
    pub majority_of_all: bool,
    /// Decides conditional writes of a table at both serial levels. A scenario shows it.
    pub mix_serial_levels: bool,
    /// Takes it that no serial level of a table is fixed where this node knows of none. A scenario shows it.
    pub trust_unfixed_levels: bool,
    /// Serves requests that were planned before their range changed hands. A scenario shows it.
    pub serve_stale_plans: bool,
    /// Sends new replicas no states of acceptors.
    pub stream_no_acceptors: bool,
    /// Applies pages of a plan that is not streaming any more. A scenario shows it.
    pub apply_stale_pages: bool,
    /// Goes on with a plan, and sends pages, while requests of before it are under way.
    pub skip_barriers: bool,
    /// Deletes rows of ranges that this node holds but is not the first replica of.
    pub clean_owned: bool,
    /// Replicas that stay when a keyspace gets fewer copies do not take over what those that go have.
    pub lower_without_merging: bool,
    /// Takes for proven what the replicas that are up were compared in. A scenario shows it.
    pub prove_without_one: bool,
    /// Forgets deletions from before a comparison, whatever is still owed from that time. A scenario shows it.
    pub forget_unproven: bool,
    /// Takes conditional writes for settled of which a replica does not know what became, and leaves them.
    pub settle_undecided: bool,
    /// Leaves what conditional writes left undecided to whoever asks for its partition.
    pub leave_undecided: bool,
    /// Sends writes to none of the replicas that are about to own their range.
    pub skip_pending: bool,
    /// Sends what reads find to none of the replicas that are about to own their range. A scenario shows it.
    pub mend_readers_only: bool,
    /// Takes the rows of others for those of a decision that only a replica had which is about to own the range, and is not read.
    pub trust_unread_commits: bool,
    /// Has the page of a scan go on at the number of its piece instead of its key.
    pub number_pages: bool,
    /// Answers a promise or an acceptance before it is synced, in periodic mode.
    pub unsynced_promises: bool,
}
