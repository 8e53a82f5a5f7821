//! Requests that were not carried out.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The reason for which a request was not carried out. Nothing was changed, unless it is `Failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The request is no valid one.
    Invalid,
    /// It names something that does not exist.
    NotFound,
    /// It would make something that exists already, or such an operation is running.
    Exists,
    /// It did not come from an operator's program.
    Forbidden,
    /// The request was not complete in time.
    Timeout,
    /// The node could not do it, or only a part of it.
    Failed,
}

/// The body of an answer to a request that was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The reason, for programs.
    pub kind: FailureKind,
    /// The reason, for people.
    pub message: String,
}

impl Failure {
    /// A failure with its message.
    pub fn new(kind: FailureKind, message: impl fmt::Display) -> Failure {
        Failure { kind, message: message.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
