//! Columns of the virtual tables, in Cassandra 5.0's names, types and words. What a node cannot know is not among them: see
//! docs/compatibility.md.

/// A table that is made up when it is read.
pub(super) struct Virtual {
    pub(super) keyspace: &'static str,
    pub(super) name: &'static str,
    /// Columns of the partition key, and clustering columns.
    pub(super) keys: (usize, usize),
    pub(super) columns: &'static str,
    pub(super) comment: &'static str,
}

const SCHEMA: &str = "system_virtual_schema";
const VIEWS: &str = "system_views";

/// The tables. Their order is that of their storage ids.
pub(super) const VIRTUAL: [Virtual; 16] = [
    Virtual {
        keyspace: SCHEMA,
        name: "keyspaces",
        keys: (1, 0),
        columns: "keyspace_name text",
        comment: "virtual keyspace definitions",
    },
    Virtual {
        keyspace: SCHEMA,
        name: "tables",
        keys: (1, 1),
        columns: "keyspace_name text, table_name text, comment text",
        comment: "virtual table definitions",
    },
    Virtual {
        keyspace: SCHEMA,
        name: "columns",
        keys: (1, 2),
        columns: "keyspace_name text, table_name text, column_name text, clustering_order text, column_name_bytes blob, \
                  kind text, position int, type text",
        comment: "virtual column definitions",
    },
    Virtual {
        keyspace: VIEWS,
        name: "batch_metrics",
        keys: (1, 0),
        columns: "name text, max bigint, p50th double, p999th double, p99th double",
        comment: "Metrics specific to batch statements",
    },
    Virtual {
        keyspace: VIEWS,
        name: "caches",
        keys: (1, 0),
        columns: "name text, capacity_bytes bigint, entry_count int, hit_count bigint, hit_ratio double, \
                  recent_hit_rate_per_second bigint, recent_request_rate_per_second bigint, request_count bigint, \
                  size_bytes bigint",
        comment: "system caches",
    },
    Virtual {
        keyspace: VIEWS,
        name: "clients",
        keys: (1, 1),
        columns: "address inet, port int, client_options frozen<map<text,text>>, connection_stage text, \
                  driver_name text, driver_version text, hostname text, keyspace_name text, protocol_version int, \
                  request_count bigint, ssl_cipher_suite text, ssl_enabled boolean, ssl_protocol text, username text",
        comment: "currently connected clients",
    },
    Virtual {
        keyspace: VIEWS,
        name: "cql_metrics",
        keys: (1, 0),
        columns: "name text, value double",
        comment: "Metrics specific to CQL prepared statement caching",
    },
    Virtual {
        keyspace: VIEWS,
        name: "disk_usage",
        keys: (2, 0),
        columns: "keyspace_name text, table_name text, mebibytes bigint",
        comment: "",
    },
    Virtual {
        keyspace: VIEWS,
        name: "gossip_info",
        keys: (1, 1),
        columns: "address inet, port int, clock_offset_ms bigint, clock_offset_ms_version int, dc text, dc_version int, disk_usage text, disk_usage_version int, \
                  generation int, heartbeat int, host_id text, host_id_version int, hostname text, index_status text, \
                  index_status_version int, internal_address_and_port text, internal_address_and_port_version int, \
                  internal_ip text, internal_ip_version int, load text, load_version int, \
                  native_address_and_port text, native_address_and_port_version int, net_version text, \
                  net_version_version int, rack text, rack_version int, release_version text, \
                  release_version_version int, removal_coordinator text, removal_coordinator_version int, \
                  rpc_address text, rpc_address_version int, rpc_ready text, rpc_ready_version int, schema text, \
                  schema_version int, severity text, severity_version int, sstable_versions text, \
                  sstable_versions_version int, status text, status_version int, status_with_port text, \
                  status_with_port_version int, tokens_version int, x1 text, x10 text, x10_version int, x1_version int, \
                  x2 text, x2_version int, x3 text, x3_version int, x4 text, x4_version int, x5 text, x5_version int, \
                  x6 text, x6_version int, x7 text, x7_version int, x8 text, x8_version int, x9 text, x9_version int, \
                  x_11_padding text, x_11_padding_version int",
        comment: "lists the gossip information for the cluster",
    },
    Virtual {
        keyspace: VIEWS,
        name: "pending_hints",
        keys: (1, 0),
        columns: "host_id uuid, address inet, dc text, files int, newest timestamp, oldest timestamp, port int, \
                  rack text, status text",
        comment: "Pending hints that this node has for other nodes",
    },
    Virtual {
        keyspace: VIEWS,
        name: "queries",
        keys: (1, 0),
        columns: "thread_id text, queued_micros bigint, running_micros bigint, task text",
        comment: "Lists currently running queries",
    },
    Virtual {
        keyspace: VIEWS,
        name: "settings",
        keys: (1, 0),
        columns: "name text, value text",
        comment: "current settings",
    },
    Virtual {
        keyspace: VIEWS,
        name: "thread_pools",
        keys: (1, 0),
        columns: "name text, active_tasks int, active_tasks_limit int, blocked_tasks bigint, \
                  blocked_tasks_all_time bigint, completed_tasks bigint, pending_tasks int",
        comment: "",
    },
    // Henge's own.
    Virtual {
        keyspace: VIEWS,
        name: "workers",
        keys: (1, 0),
        columns: "name text, last_error text, progress text, state text, steps bigint",
        comment: "Background workers of this node",
    },
    Virtual {
        keyspace: VIEWS,
        name: "repairs",
        keys: (2, 0),
        columns: "keyspace_name text, table_name text, bytes_mended bigint, deletions_forgotten_until timestamp, \
                  last_error text, last_session timestamp, proven_until timestamp, rows bigint, rows_mended bigint, \
                  sessions bigint, sessions_failed bigint",
        comment: "Comparisons of this node's tables with their other replicas",
    },
    Virtual {
        keyspace: VIEWS,
        name: "streams",
        keys: (1, 1),
        columns: "plan bigint, source uuid, address inet, bytes_expected bigint, bytes_received bigint, dc text, port int",
        comment: "Rows that this node fetches by the plan under way",
    },
];
