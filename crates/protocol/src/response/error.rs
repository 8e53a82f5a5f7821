//! ERROR: its kinds, and the versions that know them.

mod body;

use crate::{ErrorCode, ProtocolError, Version};
use henge_model::{Consistency, WriteType};
use std::net::IpAddr;

/// A failed request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ErrorResponse {
    /// The kind, with its fields.
    pub kind: ErrorKind,
    /// The text for humans; drivers search some texts for known words.
    pub message: String,
}

/// The kinds of errors. See [`ErrorCode`] for their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // As the protocol calls them; fields as in its specification.
pub enum ErrorKind {
    Server,
    Protocol,
    Authentication,
    Unavailable {
        consistency: Consistency,
        required: u32,
        alive: u32,
    },
    Overloaded,
    Bootstrapping,
    Truncate,
    /// `contentions` is the number of contentions met (v5, conditional writes only).
    WriteTimeout {
        progress: Progress,
        write_type: WriteType,
        contentions: u16,
    },
    ReadTimeout {
        progress: Progress,
        data_present: bool,
    },
    /// `failed` is the number of replicas that failed, sent in v4; v5 sends `failures` instead.
    ReadFailure {
        progress: Progress,
        failed: u32,
        failures: Vec<Failure>,
        data_present: bool,
    },
    FunctionFailure {
        keyspace: String,
        function: String,
        arguments: Vec<String>,
    },
    /// `failed` is the number of replicas that failed, sent in v4; v5 sends `failures` instead.
    WriteFailure {
        progress: Progress,
        failed: u32,
        failures: Vec<Failure>,
        write_type: WriteType,
    },
    CdcWriteFailure,
    CasWriteUnknown {
        progress: Progress,
    },
    Syntax,
    Unauthorized,
    Invalid,
    Config,
    /// `table` is empty if the keyspace exists.
    AlreadyExists {
        keyspace: String,
        table: String,
    },
    Unprepared {
        id: Vec<u8>,
    },
}

/// The level of a failed request, and the answers that it had and needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The request's consistency level.
    pub consistency: Consistency,
    /// The number of replicas that answered.
    pub received: u32,
    /// The number of replicas that had to answer.
    pub block_for: u32,
}

/// One replica's failure (v5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The replica's address.
    pub address: IpAddr,
    /// The reason's number: 0 unknown, 1 too many tombstones, 2 timeout, 3 incompatible schema, 4 read too large, 5
    /// node down, and others.
    pub reason: u16,
}

impl From<ProtocolError> for ErrorResponse {
    fn from(error: ProtocolError) -> Self {
        let kind = if error.code == ErrorCode::Invalid { ErrorKind::Invalid } else { ErrorKind::Protocol };
        ErrorResponse::new(kind, error.text)
    }
}

impl ErrorResponse {
    /// An error with its text.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        ErrorResponse { kind, message: message.into() }
    }

    /// The answer to EXECUTE or BATCH with an id that this node does not know.
    pub fn unknown_statement(id: &[u8]) -> Self {
        let hex = id.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let message = format!("The prepared statement {hex} is not known here, prepare it again");
        ErrorResponse::new(ErrorKind::Unprepared { id: id.to_vec() }, message)
    }

    /// The number sent in this version. Older versions get the nearest kind that they know.
    pub fn code(&self, version: Version) -> ErrorCode {
        match (self.kind.code(), version) {
            (ErrorCode::ReadFailure, Version::V3) => ErrorCode::ReadTimeout,
            (ErrorCode::WriteFailure, Version::V3) => ErrorCode::WriteTimeout,
            (ErrorCode::FunctionFailure, Version::V3) => ErrorCode::Invalid,
            (ErrorCode::CasWriteUnknown, Version::V3 | Version::V4) => ErrorCode::WriteTimeout,
            (code, _) => code,
        }
    }
}

impl ErrorKind {
    /// The number of the kind itself, in the newest version.
    pub fn code(&self) -> ErrorCode {
        match self {
            ErrorKind::Server => ErrorCode::Server,
            ErrorKind::Protocol => ErrorCode::Protocol,
            ErrorKind::Authentication => ErrorCode::Authentication,
            ErrorKind::Unavailable { .. } => ErrorCode::Unavailable,
            ErrorKind::Overloaded => ErrorCode::Overloaded,
            ErrorKind::Bootstrapping => ErrorCode::Bootstrapping,
            ErrorKind::Truncate => ErrorCode::Truncate,
            ErrorKind::WriteTimeout { .. } => ErrorCode::WriteTimeout,
            ErrorKind::ReadTimeout { .. } => ErrorCode::ReadTimeout,
            ErrorKind::ReadFailure { .. } => ErrorCode::ReadFailure,
            ErrorKind::FunctionFailure { .. } => ErrorCode::FunctionFailure,
            ErrorKind::WriteFailure { .. } => ErrorCode::WriteFailure,
            ErrorKind::CdcWriteFailure => ErrorCode::CdcWriteFailure,
            ErrorKind::CasWriteUnknown { .. } => ErrorCode::CasWriteUnknown,
            ErrorKind::Syntax => ErrorCode::Syntax,
            ErrorKind::Unauthorized => ErrorCode::Unauthorized,
            ErrorKind::Invalid => ErrorCode::Invalid,
            ErrorKind::Config => ErrorCode::Config,
            ErrorKind::AlreadyExists { .. } => ErrorCode::AlreadyExists,
            ErrorKind::Unprepared { .. } => ErrorCode::Unprepared,
        }
    }
}
