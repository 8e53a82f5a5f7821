//! Keyspaces that are not users'.

/// The keyspace of traces, whose rows clients may write and delete.
pub(crate) const TRACES: &str = "system_traces";

/// Keyspaces of the system, without the virtual ones.
pub(crate) const SYSTEM: [&str; 5] = ["system", "system_schema", "system_auth", "system_distributed", TRACES];

/// Keyspaces that are not users'.
pub(crate) fn is_system(keyspace: &str) -> bool {
    is_virtual(keyspace) || SYSTEM.contains(&keyspace)
}

/// Keyspaces whose tables are made up when they are read.
pub fn is_virtual(keyspace: &str) -> bool {
    keyspace == "system_views" || keyspace == "system_virtual_schema"
}
