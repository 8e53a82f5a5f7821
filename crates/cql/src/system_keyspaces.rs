//! Names of keyspaces that belong to the system.

/// The keyspace of traces, whose rows clients may write and delete.
pub(crate) const TRACES: &str = "system_traces";

/// The system keyspaces other than the virtual ones.
pub(crate) const SYSTEM: [&str; 5] = ["system", "system_schema", "system_auth", "system_distributed", TRACES];

/// True for system keyspaces, including the virtual ones.
pub(crate) fn is_system(keyspace: &str) -> bool {
    is_virtual(keyspace) || SYSTEM.contains(&keyspace)
}

/// True for system keyspaces that are replicated in Cassandra, and here stand on every member whatever their replication says.
pub fn is_kept_everywhere(keyspace: &str) -> bool {
    keyspace == "system_auth" || keyspace == "system_distributed"
}

/// True for keyspaces whose tables are computed when they are read.
pub fn is_virtual(keyspace: &str) -> bool {
    keyspace == "system_views" || keyspace == "system_virtual_schema"
}
