//! From what a node says to what the protocol says.

use henge_base::HostId;
use henge_coordinator::{ReadError, Refusal, WriteError};
use henge_cql::ErrorKind as Cql;
use henge_metadata::Refused;
use henge_node::Ending;
use henge_node::{Change, ChangeError, ClusterEvent, Error, SchemaEvent, Subject};
use henge_protocol::{
    ChangeKind, ErrorKind, ErrorResponse, Event, Failure, Progress, SchemaChange, SchemaTarget, StatusKind,
    TopologyKind, WriteType,
};
use std::net::IpAddr;

/// Gives members' addresses, for failure maps.
pub(crate) type AddressOf<'a> = &'a dyn Fn(HostId) -> Option<IpAddr>;

/// The protocol's error for a node's.
pub(crate) fn error(error: &Error, address_of: AddressOf<'_>) -> ErrorResponse {
    let kind = match error {
        Error::Cql(e) => cql(&e.kind),
        Error::Query(e) => query(e, address_of),
        Error::Change(e) => change(e),
        Error::Authentication(_) => ErrorKind::Authentication,
        Error::Unauthorized(_) => ErrorKind::Unauthorized,
        Error::Overloaded(_) => ErrorKind::Overloaded,
        Error::Bootstrapping(_) => ErrorKind::Bootstrapping,
    };
    ErrorResponse { kind, message: error.to_string() }
}

fn cql(kind: &Cql) -> ErrorKind {
    match kind {
        Cql::Syntax => ErrorKind::Syntax,
        Cql::Invalid => ErrorKind::Invalid,
        Cql::Config => ErrorKind::Config,
        Cql::Unauthorized => ErrorKind::Unauthorized,
        Cql::AlreadyExists { keyspace, table } => {
            ErrorKind::AlreadyExists { keyspace: keyspace.clone(), table: table.clone() }
        }
        Cql::FunctionFailure { keyspace, function, arguments } => ErrorKind::FunctionFailure {
            keyspace: keyspace.to_string(),
            function: function.to_string(),
            arguments: arguments.to_vec(),
        },
    }
}

fn query(error: &henge_query::Error, address_of: AddressOf<'_>) -> ErrorKind {
    match error {
        henge_query::Error::Cql(e) => cql(&e.kind),
        henge_query::Error::Invalid(_) | henge_query::Error::Key(_) => ErrorKind::Invalid,
        henge_query::Error::Page(_) => ErrorKind::Protocol,
        henge_query::Error::Read(e) => read(e, address_of),
        henge_query::Error::Write(e) => write(e, address_of),
        henge_query::Error::Row(_) => ErrorKind::Server,
    }
}

fn read(error: &ReadError, address_of: AddressOf<'_>) -> ErrorKind {
    match error {
        ReadError::Unavailable { consistency, required, alive } => {
            ErrorKind::Unavailable { consistency: *consistency, required: *required, alive: *alive }
        }
        ReadError::Timeout { consistency, received, block_for, data_present } => ErrorKind::ReadTimeout {
            progress: Progress { consistency: *consistency, received: *received, block_for: *block_for },
            data_present: *data_present,
        },
        ReadError::Failure { consistency, received, block_for, failures, data_present } => ErrorKind::ReadFailure {
            progress: Progress { consistency: *consistency, received: *received, block_for: *block_for },
            failed: failures.len() as u32,
            failures: failures_by_address(failures, address_of),
            data_present: *data_present,
        },
        ReadError::Invalid(_) => ErrorKind::Invalid,
    }
}

fn write(error: &WriteError, address_of: AddressOf<'_>) -> ErrorKind {
    match error {
        WriteError::Unavailable { consistency, required, alive } => {
            ErrorKind::Unavailable { consistency: *consistency, required: *required, alive: *alive }
        }
        WriteError::Timeout { consistency, received, block_for, write_type } => ErrorKind::WriteTimeout {
            progress: Progress { consistency: *consistency, received: *received, block_for: *block_for },
            write_type: kind_of(*write_type),
            contentions: 0,
        },
        WriteError::Failure { consistency, received, block_for, failures, write_type } => ErrorKind::WriteFailure {
            progress: Progress { consistency: *consistency, received: *received, block_for: *block_for },
            failed: failures.len() as u32,
            failures: failures_by_address(failures, address_of),
            write_type: kind_of(*write_type),
        },
        WriteError::Undecided { consistency, received, block_for } => ErrorKind::CasWriteUnknown {
            progress: Progress { consistency: *consistency, received: *received, block_for: *block_for },
        },
        WriteError::Invalid(_) => ErrorKind::Invalid,
    }
}

fn failures_by_address(failures: &[(HostId, Refusal)], address_of: AddressOf<'_>) -> Vec<Failure> {
    let known = failures.iter().filter_map(|(host, reason)| Some((address_of(*host)?, reason.reason())));
    known.map(|(address, reason)| Failure { address, reason }).collect()
}

fn kind_of(write: henge_coordinator::WriteType) -> WriteType {
    use henge_coordinator::WriteType as From;
    match write {
        From::Simple => WriteType::Simple,
        From::Batch => WriteType::Batch,
        From::UnloggedBatch => WriteType::UnloggedBatch,
        From::Counter => WriteType::Counter,
        From::BatchLog => WriteType::BatchLog,
        From::Cas => WriteType::Cas,
        From::View => WriteType::View,
        From::Cdc => WriteType::Cdc,
    }
}

fn change(error: &ChangeError) -> ErrorKind {
    match error {
        ChangeError::Refused(Refused::AlreadyExists { keyspace, table }) => {
            ErrorKind::AlreadyExists { keyspace: keyspace.clone(), table: table.clone() }
        }
        ChangeError::Refused(_) => ErrorKind::Invalid,
        ChangeError::Unreachable(_) => ErrorKind::Server,
    }
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
