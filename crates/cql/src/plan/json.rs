//! The document of an `INSERT ... JSON` that only a bound value tells.

use super::Source;

/// Where a document comes from.
#[derive(Clone, Debug)]
pub(crate) struct JsonPlan {
    pub(crate) document: Source,
    /// Columns that it leaves out stay as they are; else they become null.
    pub(crate) default_unset: bool,
}
