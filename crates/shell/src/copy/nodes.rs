//! The nodes that the workers of a COPY speak to.

use crate::connection::Connection;
use crate::failure::Failure;
use crate::target::Target;
use henge_protocol::{QueryParameters, Response, Rows};
use std::net::IpAddr;

const LOCAL: &str = "SELECT data_center FROM system.local";
const PEERS: &str = "SELECT native_address, native_port, data_center FROM system.peers_v2";

/// Nodes in the order in which a worker tries them.
#[derive(Clone)]
pub(crate) struct Nodes {
    targets: Vec<Target>,
    next: usize,
}

impl Nodes {
    /// The node of the target, and the others of its datacentre. The node alone if it does not tell of others.
    pub(crate) fn find(connection: &mut Connection, target: &Target) -> Nodes {
        let mut targets = vec![target.clone()];
        let local = query(connection, LOCAL).and_then(|rows| rows.rows.into_iter().next()?.into_iter().next()?);
        for row in query(connection, PEERS).map(|rows| rows.rows).unwrap_or_default() {
            let value = |at: usize| row.get(at).and_then(Option::as_deref);
            let port = value(1).and_then(|bytes| u16::try_from(i32::from_be_bytes(bytes.try_into().ok()?)).ok());
            if let (Some(address), Some(port)) = (value(0).and_then(read_address), port)
                && value(2) == local.as_deref()
            {
                targets.push(Target { host: address.to_string(), port, ..target.clone() });
            }
        }
        Nodes { targets, next: 0 }
    }

    /// The same nodes for a worker, so that workers begin with different ones.
    pub(crate) fn of_worker(&self, number: usize) -> Nodes {
        Nodes { targets: self.targets.clone(), next: number }
    }

    /// Connects to the next node, or to the first one behind it that lets this client in.
    pub(crate) fn open(&mut self) -> Result<Connection, Failure> {
        let mut outcome = Err(Failure::Cancelled);
        for _ in 0..self.targets.len() {
            let target = &self.targets[self.next % self.targets.len()];
            self.next += 1;
            outcome = Connection::open(target);
            if outcome.is_ok() {
                return outcome;
            }
        }
        outcome
    }
}

fn query(connection: &mut Connection, text: &str) -> Option<Rows> {
    match connection.query(text, QueryParameters::default()).ok()?.outcome {
        Ok(Response::Rows(rows)) => Some(rows),
        _ => None,
    }
}

fn read_address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
    }
}
