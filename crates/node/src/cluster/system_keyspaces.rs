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

/// Whether a storage id belongs to a computed table.
pub(crate) fn is_computed(storage: StorageId) -> bool {
    storage.0 < COMPUTED_BELOW
}
