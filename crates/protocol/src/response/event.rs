//! EVENT.

use super::SchemaChange;
use crate::ProtocolError;
use crate::primitive::{ReadNotation, put_inet, put_string};
use crate::request::{SCHEMA_CHANGE, STATUS_CHANGE, TOPOLOGY_CHANGE};
use henge_base::Reader;
use std::net::SocketAddr;

/// A change in the cluster. Addresses are those for CQL.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // As the protocol calls them.
pub enum Event {
    Topology { kind: TopologyKind, address: SocketAddr },
    Status { kind: StatusKind, address: SocketAddr },
    Schema(SchemaChange),
}

/// A node joined or left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // As the protocol calls them.
pub enum TopologyKind {
    NewNode,
    RemovedNode,
}

/// A node went up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // As the protocol calls them.
pub enum StatusKind {
    Up,
    Down,
}

const TOPOLOGY: [(TopologyKind, &str); 2] =
    [(TopologyKind::NewNode, "NEW_NODE"), (TopologyKind::RemovedNode, "REMOVED_NODE")];
const STATUS: [(StatusKind, &str); 2] = [(StatusKind::Up, "UP"), (StatusKind::Down, "DOWN")];

impl Event {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Event::Topology { kind, address } => {
                put_string(out, TOPOLOGY_CHANGE);
                put_string(out, TOPOLOGY[*kind as usize].1);
                put_inet(out, *address);
            }
            Event::Status { kind, address } => {
                put_string(out, STATUS_CHANGE);
                put_string(out, STATUS[*kind as usize].1);
                put_inet(out, *address);
            }
            Event::Schema(change) => {
                put_string(out, SCHEMA_CHANGE);
                change.encode(out);
            }
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, ProtocolError> {
        match reader.string()? {
            TOPOLOGY_CHANGE => {
                Ok(Event::Topology { kind: kind_from_name(&TOPOLOGY, reader.string()?)?, address: reader.inet()? })
            }
            STATUS_CHANGE => {
                Ok(Event::Status { kind: kind_from_name(&STATUS, reader.string()?)?, address: reader.inet()? })
            }
            SCHEMA_CHANGE => SchemaChange::decode(reader).map(Event::Schema),
            kind => Err(ProtocolError::new(format!("Unknown kind of event {kind:?}"))),
        }
    }
}

fn kind_from_name<K: Copy>(table: &[(K, &str)], name: &str) -> Result<K, ProtocolError> {
    let found = table.iter().find(|(_, n)| *n == name).map(|(kind, _)| *kind);
    found.ok_or_else(|| ProtocolError::new(format!("Unknown kind of event {name:?}")))
}
