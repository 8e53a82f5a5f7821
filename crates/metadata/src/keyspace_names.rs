//! Names of keyspaces that the system made itself.

/// The keyspace of traces.
pub const TRACES: &str = "system_traces";
/// Keyspaces whose rows every member computes from what it has of the log: their replication is shown and moves nothing.
pub(crate) const SHOWN: [&str; 2] = ["system_auth", "system_distributed"];

/// True for a keyspace that the system made itself.
pub(crate) fn is_system(keyspace: &str) -> bool {
    keyspace == TRACES
}
