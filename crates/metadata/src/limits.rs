//! Bounds of sizes and numbers.

/// Largest encoded entry: 16 MiB. The first placement of a setting takes about 47 bytes for each token of the cluster.
pub const ENTRY_BYTES: usize = 16 << 20;
/// Members of a cluster.
pub(crate) const MEMBERS_MAX: usize = 1_000;
/// Nodes that one plan brings: each may be one more answer to wait for in a write.
pub(crate) const NEWCOMERS_MAX: usize = 32;
/// Members that may ever join a cluster: each has a number of 16 bits of its own.
pub(crate) const JOINS_MAX: usize = 65_535;
/// Tokens of one member.
pub(crate) const TOKENS_MAX: u32 = 1_536;
/// Tables of a cluster.
pub(crate) const TABLES_MAX: usize = 50_000;
/// User types of a keyspace.
pub(crate) const TYPES_MAX: usize = 1_000;
/// Roles of a cluster.
pub(crate) const ROLES_MAX: usize = 10_000;
/// Roles, and resources, that one role may be granted.
pub(crate) const GRANTS_MAX: usize = 1_000;
/// A role's name.
pub(crate) const ROLE_NAME_BYTES_MAX: usize = 256;
/// Storage ids below this belong to computed tables.
pub(crate) const FIRST_STORAGE_ID: u32 = 1_024;

/// Indexes of a table: each costs a write at every write of its column.
pub(crate) const INDEXES_MAX: usize = 100;
