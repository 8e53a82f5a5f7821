//! REGISTER.

use crate::ProtocolError;
use crate::primitive::{ReadNotation, put_string_list};
use henge_base::Reader;

/// The kinds of events that a client asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Register {
    /// True if the client wants events about nodes that join or leave.
    pub topology: bool,
    /// True if the client wants events about nodes that go up or down.
    pub status: bool,
    /// True if the client wants events about changes of the schema.
    pub schema: bool,
}

pub(crate) const TOPOLOGY_CHANGE: &str = "TOPOLOGY_CHANGE";
pub(crate) const STATUS_CHANGE: &str = "STATUS_CHANGE";
pub(crate) const SCHEMA_CHANGE: &str = "SCHEMA_CHANGE";

impl Register {
    /// Decodes the message's body.
    pub fn decode(body: &[u8]) -> Result<Self, ProtocolError> {
        let mut register = Register::default();
        for kind in Reader::new(body).string_list()? {
            match kind.to_ascii_uppercase().as_str() {
                TOPOLOGY_CHANGE => register.topology = true,
                STATUS_CHANGE => register.status = true,
                SCHEMA_CHANGE => register.schema = true,
                _ => return Err(ProtocolError::new(format!("There are no events of type {kind:?}"))),
            }
        }
        Ok(register)
    }

    /// Adds the kinds that another REGISTER on the same connection asked for.
    pub fn add(&mut self, other: Register) {
        self.topology |= other.topology;
        self.status |= other.status;
        self.schema |= other.schema;
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        let all = [(self.topology, TOPOLOGY_CHANGE), (self.status, STATUS_CHANGE), (self.schema, SCHEMA_CHANGE)];
        let wanted = all.into_iter().filter(|(on, _)| *on).map(|(_, name)| name).collect::<Vec<_>>();
        put_string_list(out, &wanted);
        Ok(())
    }
}
