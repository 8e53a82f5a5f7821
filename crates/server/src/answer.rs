//! From what a node says to what the protocol says.

use henge_node::{
    AnswerCount, Change, ClusterEvent, Ending, Error, ErrorKind as NodeErrorKind, HostId, ReplicaFailure, SchemaEvent,
    Subject,
};
use henge_protocol::{
    ChangeKind, ErrorKind, ErrorResponse, Event, Failure, Progress, SchemaChange, SchemaTarget, StatusKind,
    TopologyKind,
};
use std::net::IpAddr;

/// Gives members' addresses, for failure maps.
pub(crate) type AddressOf<'a> = &'a dyn Fn(HostId) -> Option<IpAddr>;

/// The protocol's error for a node's.
pub(crate) fn error(error: &Error, address_of: AddressOf<'_>) -> ErrorResponse {
    ErrorResponse { kind: error_kind(error.kind(), address_of), message: error.to_string() }
}

fn error_kind(kind: NodeErrorKind<'_>, address_of: AddressOf<'_>) -> ErrorKind {
    match kind {
        NodeErrorKind::Syntax => ErrorKind::Syntax,
        NodeErrorKind::Invalid => ErrorKind::Invalid,
        NodeErrorKind::Config => ErrorKind::Config,
        NodeErrorKind::Authentication => ErrorKind::Authentication,
        NodeErrorKind::Unauthorized => ErrorKind::Unauthorized,
        NodeErrorKind::Overloaded => ErrorKind::Overloaded,
        NodeErrorKind::Bootstrapping => ErrorKind::Bootstrapping,
        NodeErrorKind::Server => ErrorKind::Server,
        NodeErrorKind::Protocol => ErrorKind::Protocol,
        NodeErrorKind::AlreadyExists { keyspace, table } => {
            ErrorKind::AlreadyExists { keyspace: keyspace.to_owned(), table: table.to_owned() }
        }
        NodeErrorKind::FunctionFailure { keyspace, function, arguments } => ErrorKind::FunctionFailure {
            keyspace: keyspace.to_owned(),
            function: function.to_owned(),
            arguments: arguments.to_vec(),
        },
        NodeErrorKind::Unavailable { consistency, required, alive } => {
            ErrorKind::Unavailable { consistency, required, alive }
        }
        NodeErrorKind::ReadTimeout { answers, data_present } => {
            ErrorKind::ReadTimeout { progress: progress(answers), data_present }
        }
        NodeErrorKind::ReadFailure { answers, failures, data_present } => ErrorKind::ReadFailure {
            progress: progress(answers),
            failed: failures.len() as u32,
            failures: failures_by_address(&failures, address_of),
            data_present,
        },
        NodeErrorKind::WriteTimeout { answers, write_type } => {
            ErrorKind::WriteTimeout { progress: progress(answers), write_type, contentions: 0 }
        }
        NodeErrorKind::WriteFailure { answers, failures, write_type } => ErrorKind::WriteFailure {
            progress: progress(answers),
            failed: failures.len() as u32,
            failures: failures_by_address(&failures, address_of),
            write_type,
        },
        NodeErrorKind::CasWriteUnknown { answers } => ErrorKind::CasWriteUnknown { progress: progress(answers) },
    }
}

fn progress(answers: AnswerCount) -> Progress {
    let AnswerCount { consistency, received, block_for } = answers;
    Progress { consistency, received, block_for }
}

fn failures_by_address(failures: &[ReplicaFailure], address_of: AddressOf<'_>) -> Vec<Failure> {
    let known = failures.iter().filter_map(|failure| Some((address_of(failure.host)?, failure.reason)));
    known.map(|(address, reason)| Failure { address, reason }).collect()
}

/// The outcome of a request in metrics.
pub(crate) fn ending(kind: &ErrorKind) -> Ending {
    match kind {
        ErrorKind::Unavailable { .. } => Ending::Unavailable,
        ErrorKind::WriteTimeout { .. } | ErrorKind::ReadTimeout { .. } | ErrorKind::CasWriteUnknown { .. } => {
            Ending::Timeout
        }
        ErrorKind::Overloaded | ErrorKind::Bootstrapping => Ending::Overloaded,
        ErrorKind::Server | ErrorKind::ReadFailure { .. } | ErrorKind::WriteFailure { .. } => Ending::Failure,
        _ => Ending::Invalid,
    }
}

/// The protocol's form of a schema change.
pub(crate) fn schema_change(event: &SchemaEvent) -> SchemaChange {
    SchemaChange {
        kind: match event.change {
            Change::Created => ChangeKind::Created,
            Change::Updated => ChangeKind::Updated,
            Change::Dropped => ChangeKind::Dropped,
        },
        keyspace: event.keyspace.clone(),
        target: match &event.subject {
            Subject::Keyspace => SchemaTarget::Keyspace,
            Subject::Table(name) => SchemaTarget::Table(name.clone()),
            Subject::Type(name) => SchemaTarget::Type(name.clone()),
        },
    }
}

/// The protocol's form of an event.
pub(crate) fn event(event: &ClusterEvent) -> Event {
    match event {
        ClusterEvent::Up(address) => Event::Status { kind: StatusKind::Up, address: *address },
        ClusterEvent::Down(address) => Event::Status { kind: StatusKind::Down, address: *address },
        ClusterEvent::Joined(address) => Event::Topology { kind: TopologyKind::NewNode, address: *address },
        ClusterEvent::Left(address) => Event::Topology { kind: TopologyKind::RemovedNode, address: *address },
        ClusterEvent::Schema(change) => Event::Schema(schema_change(change)),
    }
}
