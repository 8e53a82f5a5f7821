//! The end of a connection once the server shuts down, as its farewell says.

use super::Connection;
use super::farewell::{DRAIN_TIMEOUT, Farewell};
use crate::request::StatementLookup;
use henge_protocol::{ErrorKind, ErrorResponse, Execute, Frame, Opcode, ProtocolError, Reply};
use std::time::Instant;

impl Connection {
    /// Begins the end of the connection.
    pub(super) fn begin_farewell(&mut self) {
        let now = Instant::now();
        self.farewell = Some(Farewell::begin(now));
        self.deadlines.drain = Some(now + DRAIN_TIMEOUT);
    }

    /// Notes a request of a connection that is to end. Returns false if it is to be served all the same.
    pub(super) fn decline(&mut self, frame: &Frame, now: Instant) -> bool {
        let Some(farewell) = &mut self.farewell else { return false };
        farewell.note(now);
        if !farewell.is_refusing(now) {
            return false;
        }
        self.reserved = None;
        match (frame.header.opcode, execute_id(frame)) {
            (Opcode::Execute, Ok(id)) if self.prepares_elsewhere => {
                self.output.write_error(&Reply::to(&frame.header), &ErrorResponse::unknown_statement(&id));
            }
            (Opcode::Prepare, _) if self.prepares_elsewhere => farewell.leave_unanswered(),
            _ => farewell.hold(frame.header),
        }
        true
    }

    /// Refuses what was held, once that is due.
    pub(super) fn refuse_held(&mut self, now: Instant) {
        let Some(farewell) = &mut self.farewell else { return };
        self.deadlines.look = farewell.next_change(now);
        for header in farewell.take_refusals(now) {
            let error = ErrorResponse::new(ErrorKind::Bootstrapping, "the node is shutting down");
            self.refuse(&header, &StatementLookup::Nothing, error, now);
        }
    }
}

fn execute_id(frame: &Frame) -> Result<Vec<u8>, ProtocolError> {
    Ok(Execute::decode(frame.header.version, frame.message()?)?.id.to_vec())
}
