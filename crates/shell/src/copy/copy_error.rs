//! Reasons why a COPY is not complete.

use crate::error::format_error;
use crate::failure::Failure;
use henge_protocol::ErrorResponse;
use std::fmt;
use std::io;

/// The reason why a COPY is not complete.
#[derive(Debug)]
pub(crate) enum CopyError {
    /// A sentence that says it all.
    Failed(String),
    /// The server refused a statement, whose text is known or empty.
    Refused(ErrorResponse, String),
    Failure(Failure),
    /// The session's output cannot be written.
    Output(io::Error),
}

impl CopyError {
    /// True if the user pressed Ctrl-C.
    pub(super) fn is_cancellation(&self) -> bool {
        matches!(self, CopyError::Failure(Failure::Cancelled))
    }
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CopyError::Failed(reason) => f.write_str(reason),
            CopyError::Refused(error, statement) => f.write_str(&format_error(error, statement)),
            CopyError::Failure(failure) => failure.fmt(f),
            CopyError::Output(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CopyError {}

impl From<Failure> for CopyError {
    fn from(failure: Failure) -> CopyError {
        CopyError::Failure(failure)
    }
}

impl From<io::Error> for CopyError {
    fn from(error: io::Error) -> CopyError {
        CopyError::Output(error)
    }
}
