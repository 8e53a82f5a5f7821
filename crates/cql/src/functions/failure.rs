//! Failures of functions.

use crate::error::{Error, ErrorKind};
use henge_model::DataType;

/// The error of a native function that fails on arguments of these types.
pub(crate) fn failure(function: &str, arguments: &[&DataType], why: impl std::fmt::Display) -> Error {
    let arguments = arguments.iter().map(ToString::to_string).collect();
    let kind = ErrorKind::FunctionFailure { keyspace: "system".into(), function: function.into(), arguments };
    Error { kind, message: why.to_string(), position: None, hint: None }
}
