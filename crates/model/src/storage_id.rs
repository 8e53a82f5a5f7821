//! A table's identity in storage.

use serde::{Deserialize, Serialize};

/// The number of a table in keys: allocated by the metadata log, never reused, replaced by TRUNCATE. `u32::MAX` is never allocated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StorageId(pub u32);
