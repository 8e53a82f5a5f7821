//! The settings there are, by name; and names of Cassandra's that mean nothing here.

/// A setting with its default as it would be written, and what it means.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) default: &'static str,
    pub(crate) meaning: &'static str,
}

macro_rules! settings {
    ($all:ident: $($name:ident = $default:literal, $meaning:literal;)*) => {
        /// These settings, in the order of the configuration file.
        pub(crate) const $all: &[Setting] =
            &[$(Setting { name: stringify!($name), default: $default, meaning: $meaning },)*];
    };
}

mod guardrails;

pub(crate) use guardrails::GUARDRAILS;

use crate::spelling;

/// All settings, in the order of the configuration file.
pub(crate) fn all() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().chain(GUARDRAILS)
}

settings! {
    SETTINGS:
    cluster_name = "Test Cluster", "The cluster's name; a node refuses to join one of another name.";
    datacenter = "datacenter1", "This node's datacentre.";
    rack = "rack1", "This node's rack.";
    num_tokens = "16", "Tokens this node takes, 1 to 1536.";
    seeds = "", "Where to find the cluster: address:port, comma-separated. Empty: this node alone.";
    data_directory = "./henge-data", "Where everything is kept.";
    listen_address = "127.0.0.1", "The address peers reach this node at.";
    storage_port = "7000", "The UDP port between nodes.";
    rpc_address = "127.0.0.1", "The address clients reach this node at.";
    native_transport_port = "9042", "The TCP port for clients.";
    metrics_address = "127.0.0.1", "The address of /metrics, /livez and /readyz.";
    metrics_port = "9180", "Its port; 0 switches it off.";
    admin_address = "127.0.0.1", "The address for henge admin; loopback.";
    admin_port = "7199", "Its port; 0 switches it off.";
    certificates = "", "Folder with ca.pem, node.pem and node.key. Empty: made for development, in the data directory.";
    authenticator = "AllowAllAuthenticator", "AllowAllAuthenticator: clients need no password. PasswordAuthenticator: they log in as a role.";
    authorizer = "AllowAllAuthorizer", "AllowAllAuthorizer: every client may do everything. CassandraAuthorizer: what its role was granted.";
    dynamic_data_masking_enabled = "false", "Columns may be MASKED WITH functions, and roles without UNMASK see them masked. Needs an authorizer to mask anything.";
    superuser_password = "", "The password of the superuser cassandra that a first start with passwords makes. Empty: a random one, printed once.";
    superuser_reset = "false", "At this start: make cassandra a superuser with such a password again. For when nobody can log in.";
    allow_insecure_clients = "false", "Serve clients off loopback although nobody has to authenticate.";
    client_encryption_options_enabled = "false", "TLS on the port for clients. All of client_encryption_options may also be written as in cassandra.yaml, as a map.";
    client_encryption_options_optional = "false", "Serve clients without TLS as well, on the same port.";
    client_encryption_options_certificate = "", "The node's certificate for clients, with intermediates: a PEM file. Changed files are taken without a restart.";
    client_encryption_options_key = "", "Its private key: a PEM file.";
    client_encryption_options_require_client_auth = "false", "Whether clients have to show a certificate: true, false, or optional (if they show one, it must be good).";
    client_encryption_options_truststore = "", "The authorities whose signatures count on clients' certificates: a PEM file.";
    commitlog_sync = "group", "group: synced before it is acknowledged. periodic: synced every commitlog_sync_period.";
    commitlog_sync_period = "10s", "With periodic: what a power cut may take.";
    read_request_timeout = "5s", "How long a read by key may take.";
    range_request_timeout = "10s", "How long a scan may take.";
    write_request_timeout = "2s", "How long a write may take.";
    metadata_request_timeout = "10s", "How long a change of schema or members may take.";
    hinted_handoff_enabled = "true", "Keep writes for replicas that are down.";
    max_hint_window = "3h", "For how long.";
    disk_reserve = "auto", "Bytes that writes leave free on the disk; auto for a twentieth of it, 32 MiB at least and 1 GiB at most.";
    tombstone_purge_interval = "24h", "How often tables are gone through for deletions that may be forgotten.";
    drop_compact_storage_enabled = "false", "Allow ALTER TABLE ... DROP COMPACT STORAGE, which cannot be taken back.";
    default_keyspace_rf = "1", "Copies of a keyspace whose replication says nothing of them.";
    native_transport_max_frame_size = "16MiB", "The largest request.";
    native_transport_max_concurrent_connections = "10000", "Client connections; more are closed at once.";
    native_transport_max_concurrent_requests = "auto", "Requests of clients under way; more are answered Overloaded. auto: 512 for each thread that serves clients, 1024 at least.";
    native_transport_max_request_data_in_flight = "auto", "Bytes of requests of clients under way; more are answered Overloaded. auto: a tenth of memory, and the largest request at least.";
    internode_max_concurrent_requests = "4096", "Requests of one peer under way; more are refused, and the peer keeps writes as hints.";
    internode_application_receive_queue_reserve_endpoint_capacity = "128MiB", "Bytes of requests of one peer under way; more are refused.";
    memory = "auto", "Cache and write buffers together: a size, or auto for half of the smaller of memory and cgroup limit.";
    cores = "0", "Threads that serve clients; 0: one for each processor.";
    log_level = "info", "off, error, warn, info, debug, or a filter such as info,henge_node=debug. RUST_LOG in the environment wins.";
    log_format = "text", "text or json.";
}

/// Settings of cassandra.yaml that a file may keep: they mean nothing here, and are named in a warning.
pub(crate) const IGNORED: &[&str] = &[
    "allocate_tokens_for_local_replication_factor",
    "auto_snapshot",
    "cdc_enabled",
    "column_index_size",
    "commitlog_directory",
    "commitlog_segment_size",
    "compaction_throughput",
    "concurrent_compactors",
    "concurrent_reads",
    "concurrent_writes",
    "coordinator_read_size_fail_threshold",
    "coordinator_read_size_warn_threshold",
    "counter_write_request_timeout",
    "data_disk_usage_max_disk_size",
    "data_disk_usage_percentage_fail_threshold",
    "data_disk_usage_percentage_warn_threshold",
    "disk_failure_policy",
    "disk_optimization_strategy",
    "endpoint_snitch",
    "hints_directory",
    "hints_flush_period",
    "incremental_backups",
    "intersect_filtering_query_enabled",
    "intersect_filtering_query_warned",
    "local_read_size_fail_threshold",
    "local_read_size_warn_threshold",
    "materialized_views_per_table_fail_threshold",
    "materialized_views_per_table_warn_threshold",
    "memtable_heap_space",
    "memtable_offheap_space",
    "native_transport_max_request_data_in_flight_per_ip",
    "native_transport_max_threads",
    "native_transport_throw_on_overload",
    "network_authorizer",
    "non_partition_restricted_index_query_enabled",
    "partition_size_fail_threshold",
    "partition_size_warn_threshold",
    "partition_tombstones_fail_threshold",
    "partition_tombstones_warn_threshold",
    "partitioner",
    "phi_convict_threshold",
    "read_thresholds_enabled",
    "request_timeout",
    "role_manager",
    "row_cache_size",
    "row_index_read_size_fail_threshold",
    "row_index_read_size_warn_threshold",
    "sai_frozen_term_size_fail_threshold",
    "sai_frozen_term_size_warn_threshold",
    "sai_sstable_indexes_per_query_fail_threshold",
    "sai_sstable_indexes_per_query_warn_threshold",
    "sai_string_term_size_fail_threshold",
    "sai_string_term_size_warn_threshold",
    "sai_vector_term_size_fail_threshold",
    "sai_vector_term_size_warn_threshold",
    "saved_caches_directory",
    "start_native_transport",
    "truncate_request_timeout",
];

/// The setting whose name is nearest to a name that is none.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    spelling::nearest(name, all().map(|setting| setting.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        assert_eq!(nearest("cluser_name"), Some("cluster_name"));
        assert_eq!(nearest("read_request_timeout_in_ms"), Some("read_request_timeout"));
        assert_eq!(nearest("xyzzy"), None);
    }
}
