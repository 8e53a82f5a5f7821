//! System keyspaces: tables that are computed, not stored. Their storage ids lie below every allocated one.
//!
//! - `definition`: their columns, as Cassandra 5.0 has them.
//! - `virtual_definition`: columns of those that are virtual in Cassandra as well.

mod definition;
mod virtual_definition;

pub(crate) use definition::{keyspaces, table};

use henge_model::StorageId;

/// Every id below this belongs to a computed table.
const COMPUTED_BELOW: u32 = 1024;
/// The keyspace of the tables that operators read.
pub(crate) const VIEWS: &str = "system_views";
/// The tables of `system_views` for which files may have to be read, names of hosts among them, or much be looked through.
const SLOW: [&str; 5] = ["clients", "disk_usage", "gossip_info", "pending_hints", "queries"];

/// True if a storage id belongs to a computed table.
pub(crate) fn is_computed(storage: StorageId) -> bool {
    storage.0 < COMPUTED_BELOW
}

/// True if a computed table takes more than memory: it is for a disk lane then.
pub(crate) fn is_slow(storage: StorageId) -> bool {
    table(storage).is_some_and(|table| table.keyspace == VIEWS && SLOW.contains(&table.name.as_str()))
}
