//! Errors of statements by kind, with what a client may learn of each.

use crate::client::error::Error;
use crate::cluster::propose::ChangeError;
use henge_base::HostId;
use henge_coordinator::{ReadError, Refusal, WriteError};
use henge_metadata::CommandRefusal;
use henge_model::{Consistency, WriteType};

/// The kind of an error. Kinds and their fields are those of the native protocol, whose codes the server gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // As the native protocol calls them.
pub enum ErrorKind<'a> {
    Syntax,
    Invalid,
    Config,
    Authentication,
    Unauthorized,
    Overloaded,
    Bootstrapping,
    Server,
    /// A page state that no server issued.
    Protocol,
    /// `table` is empty if the keyspace itself exists.
    AlreadyExists {
        keyspace: &'a str,
        table: &'a str,
    },
    FunctionFailure {
        keyspace: &'a str,
        function: &'a str,
        arguments: &'a [String],
    },
    Unavailable {
        consistency: Consistency,
        required: u32,
        alive: u32,
    },
    ReadTimeout {
        answers: AnswerCount,
        data_present: bool,
    },
    ReadFailure {
        answers: AnswerCount,
        failures: Vec<ReplicaFailure>,
        data_present: bool,
    },
    WriteTimeout {
        answers: AnswerCount,
        write_type: WriteType,
    },
    WriteFailure {
        answers: AnswerCount,
        failures: Vec<ReplicaFailure>,
        write_type: WriteType,
    },
    /// A conditional write that may still be decided.
    CasWriteUnknown {
        answers: AnswerCount,
    },
}

/// The answers that a request got of those that its level needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerCount {
    /// The level.
    pub consistency: Consistency,
    /// Answers; fewer than `block_for`.
    pub received: u32,
    /// Answers needed.
    pub block_for: u32,
}

/// A replica that refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaFailure {
    /// The replica.
    pub host: HostId,
    /// The native protocol's number of the reason.
    pub reason: u16,
}

impl Error {
    /// The kind.
    pub fn kind(&self) -> ErrorKind<'_> {
        match self {
            Error::Cql(error) => kind_of_cql(error),
            Error::Query(error) => kind_of_query(error),
            Error::Change(ChangeError::Refused(CommandRefusal::AlreadyExists { keyspace, table })) => {
                ErrorKind::AlreadyExists { keyspace, table }
            }
            Error::Change(ChangeError::Refused(_)) => ErrorKind::Invalid,
            Error::Change(ChangeError::Unreachable(_) | ChangeError::Unknown(_)) => ErrorKind::Server,
            Error::Authentication(_) => ErrorKind::Authentication,
            Error::Unauthorized(_) => ErrorKind::Unauthorized,
            Error::Overloaded(_) => ErrorKind::Overloaded,
            Error::Bootstrapping(_) => ErrorKind::Bootstrapping,
        }
    }
}

fn kind_of_cql(error: &henge_cql::Error) -> ErrorKind<'_> {
    match &error.kind {
        henge_cql::ErrorKind::Syntax => ErrorKind::Syntax,
        henge_cql::ErrorKind::Invalid => ErrorKind::Invalid,
        henge_cql::ErrorKind::Config => ErrorKind::Config,
        henge_cql::ErrorKind::Unauthorized => ErrorKind::Unauthorized,
        henge_cql::ErrorKind::AlreadyExists { keyspace, table } => ErrorKind::AlreadyExists { keyspace, table },
        henge_cql::ErrorKind::FunctionFailure { keyspace, function, arguments } => {
            ErrorKind::FunctionFailure { keyspace, function, arguments }
        }
    }
}

fn kind_of_query(error: &henge_query::Error) -> ErrorKind<'_> {
    match error {
        henge_query::Error::Cql(error) => kind_of_cql(error),
        henge_query::Error::Invalid(_) | henge_query::Error::Key(_) => ErrorKind::Invalid,
        henge_query::Error::NoRoom => ErrorKind::Overloaded,
        henge_query::Error::Page(_) => ErrorKind::Protocol,
        henge_query::Error::Read(error) => kind_of_read(error),
        henge_query::Error::Write(error) => kind_of_write(error),
        henge_query::Error::Row(_) => ErrorKind::Server,
    }
}

fn kind_of_read(error: &ReadError) -> ErrorKind<'_> {
    let count = |consistency, received, block_for| AnswerCount { consistency, received, block_for };
    match *error {
        ReadError::Unavailable { consistency, required, alive } => {
            ErrorKind::Unavailable { consistency, required, alive }
        }
        ReadError::Timeout { consistency, received, block_for, data_present } => {
            ErrorKind::ReadTimeout { answers: count(consistency, received, block_for), data_present }
        }
        ReadError::Failure { consistency, received, block_for, ref failures, data_present } => ErrorKind::ReadFailure {
            answers: count(consistency, received, block_for),
            failures: replica_failures(failures),
            data_present,
        },
        ReadError::Invalid(_) => ErrorKind::Invalid,
    }
}

fn kind_of_write(error: &WriteError) -> ErrorKind<'_> {
    let count = |consistency, received, block_for| AnswerCount { consistency, received, block_for };
    match *error {
        WriteError::Unavailable { consistency, required, alive } => {
            ErrorKind::Unavailable { consistency, required, alive }
        }
        WriteError::Timeout { consistency, received, block_for, write_type } => {
            ErrorKind::WriteTimeout { answers: count(consistency, received, block_for), write_type }
        }
        // Nobody has it, since all who could not take it have too much to do.
        WriteError::Failure { received: 0, ref failures, .. } if failures.iter().all(|(_, why)| why.is_overload()) => {
            ErrorKind::Overloaded
        }
        WriteError::Failure { consistency, received, block_for, ref failures, write_type } => ErrorKind::WriteFailure {
            answers: count(consistency, received, block_for),
            failures: replica_failures(failures),
            write_type,
        },
        WriteError::Undecided { consistency, received, block_for } => {
            ErrorKind::CasWriteUnknown { answers: count(consistency, received, block_for) }
        }
        WriteError::Invalid(_) => ErrorKind::Invalid,
    }
}

fn replica_failures(failures: &[(HostId, Refusal)]) -> Vec<ReplicaFailure> {
    failures.iter().map(|(host, refusal)| ReplicaFailure { host: *host, reason: refusal.reason() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(received: u32, refusals: &[Refusal]) -> WriteError {
        let host = HostId(uuid::Uuid::nil());
        let failures = refusals.iter().map(|refusal| (host, *refusal)).collect();
        let (consistency, write_type) = (Consistency::Quorum, WriteType::Simple);
        WriteError::Failure { consistency, received, block_for: 2, failures, write_type }
    }

    #[test]
    fn a_write_that_nobody_has_time_for_is_overloaded() {
        let is_overloaded = |error: WriteError| matches!(kind_of_write(&error), ErrorKind::Overloaded);
        assert!(is_overloaded(failure(0, &[Refusal::Stalled, Refusal::Overloaded])));
        assert!(!is_overloaded(failure(1, &[Refusal::Stalled])), "one replica has it");
        assert!(
            !is_overloaded(failure(0, &[Refusal::Stalled, Refusal::Full])),
            "another place may have no room either"
        );
    }
}
