//! The document of an `INSERT ... JSON` that is bound to a marker.

use super::Source;

/// The document's source and the treatment of columns that it lacks.
#[derive(Clone, Debug)]
pub(crate) struct JsonPlan {
    pub(crate) document: Source,
    /// True if columns that the document lacks stay as they are (`DEFAULT UNSET`); else they become null.
    pub(crate) default_unset: bool,
}
