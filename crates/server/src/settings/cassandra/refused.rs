//! Names of which some values ask for what Henge does not have: to start without it would mislead.

/// A name with the values that ask for nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RefusedSetting {
    pub(crate) name: &'static str,
    /// These have no effect, and are named in a warning; so is a map with `enabled: false`, and a name without a value.
    pub(crate) harmless: &'static [&'static str],
    /// The way to have a node without it, or with something like it.
    pub(crate) remedy: &'static str,
}

impl RefusedSetting {
    /// True if a value asks for nothing. `is_off` is a map's.
    pub(crate) fn is_harmless(&self, text: Option<&str>, is_off: bool) -> bool {
        is_off || text.is_some_and(|text| text.is_empty() || self.harmless.contains(&text))
    }
}

macro_rules! refused {
    ($($name:literal $harmless:tt $remedy:literal;)*) => {
        /// Names whose values are refused unless they are harmless.
        pub(crate) const REFUSED: &[RefusedSetting] = &[$(RefusedSetting { name: $name, harmless: &$harmless, remedy: $remedy },)*];
    };
}

refused! {
    "allocate_tokens_for_keyspace" [] "tokens are spread for all keyspaces: leave it out";
    "audit_logging_options" [] "there is no audit log; the log tells of changes and failed logins: leave it out";
    "broadcast_rpc_address" [] "clients reach a node at its rpc_address: set that one, and leave this out";
    "cdc_enabled" ["false"] "there is no change data capture: leave it out";
    "cidr_authorizer" ["AllowAllCIDRAuthorizer", "org.apache.cassandra.auth.AllowAllCIDRAuthorizer"]
        "access cannot be bound to networks: use a firewall, and leave it out";
    "full_query_logging_options" [] "there is no log of all queries: trace requests instead, and leave it out";
    "hinted_handoff_disabled_datacenters" [] "hints are kept for all datacentres or for none: see hinted_handoff_enabled";
    "initial_token" [] "a node chooses its tokens: leave it out, and see num_tokens";
    "keyspace_count_warn_threshold" [] "it counted system keyspaces as well: set keyspaces_warn_threshold";
    "listen_interface" [] "set listen_address to an address of the interface, and leave this out";
    "materialized_views_enabled" ["false"] "there are no materialized views: leave it out";
    "native_transport_port_ssl" [] "TLS is served on native_transport_port: see client_encryption_options";
    "native_transport_rate_limiting_enabled" ["false"] "there is no limit of a whole node's rate: see requests_per_second_by_role and native_transport_max_concurrent_requests";
    "network_authorizer" ["AllowAllNetworkAuthorizer", "org.apache.cassandra.auth.AllowAllNetworkAuthorizer"]
        "access cannot be bound to datacentres: leave it out";
    "partition_denylist_enabled" ["false"] "partitions cannot be denied: leave it out";
    "partitioner" ["org.apache.cassandra.dht.Murmur3Partitioner", "Murmur3Partitioner"] "Murmur3Partitioner is the only partitioner: leave it out";
    "role_manager" ["CassandraRoleManager", "org.apache.cassandra.auth.CassandraRoleManager"] "CassandraRoleManager is the only one: leave it out";
    "rpc_interface" [] "set rpc_address to an address of the interface, and leave this out";
    "scripted_user_defined_functions_enabled" ["false"] "there are no user-defined functions: leave it out";
    "start_native_transport" ["true"] "a node always serves clients: leave it out";
    "table_count_warn_threshold" [] "it counted system tables as well: set tables_warn_threshold";
    "transient_replication_enabled" ["false"] "there is no transient replication: leave it out";
    "transparent_data_encryption_options" [] "Henge does not encrypt its files: use an encrypted file system, and leave it out";
    "use_statements_enabled" ["true"] "USE cannot be forbidden: leave it out";
    "user_defined_functions_enabled" ["false"] "there are no user-defined functions: leave it out";
}
