//! The session in which a COPY runs.

use crate::target::Target;
use henge_model::Consistency;
use std::io::Write;
use std::path::PathBuf;

/// The session in which a COPY runs.
pub(crate) struct CopyPlace {
    pub(crate) target: Target,
    pub(crate) keyspace: Option<String>,
    pub(crate) consistency: Consistency,
    /// True if the statements come from the standard input.
    pub(crate) is_input_taken: bool,
    /// The file with sections of COPY, unless CONFIGFILE names another one.
    pub(crate) config_file: Option<PathBuf>,
    /// The form of timestamps in the session, as `strftime` has it; `None` for COPY's own.
    pub(crate) timestamp_format: Option<String>,
}

/// The streams to which a COPY writes.
pub(crate) struct Streams<'a> {
    pub(crate) results: &'a mut dyn Write,
    pub(crate) errors: &'a mut dyn Write,
}
