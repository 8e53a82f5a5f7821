//! The session in which a COPY runs.

use crate::target::Target;
use henge_model::Consistency;
use std::io::Write;

/// The session in which a COPY runs.
pub(crate) struct CopyPlace {
    pub(crate) target: Target,
    pub(crate) keyspace: Option<String>,
    pub(crate) consistency: Consistency,
    /// True if the statements come from the standard input.
    pub(crate) is_input_taken: bool,
}

/// The streams to which a COPY writes.
pub(crate) struct Streams<'a> {
    pub(crate) results: &'a mut dyn Write,
    pub(crate) errors: &'a mut dyn Write,
}
