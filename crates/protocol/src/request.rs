//! Messages of clients. Decoding borrows from the frame; encoding is for the shell and for tests.

mod auth_response;
mod batch;
mod execute;
mod parameters;
mod prepare;
mod query;
mod register;
mod startup;
mod values;

pub use auth_response::AuthResponse;
pub use batch::{Batch, BatchQuery, BatchStatement};
pub use execute::Execute;
pub use parameters::QueryParameters;
pub use prepare::Prepare;
pub use query::Query;
pub use register::Register;
pub(crate) use register::{SCHEMA_CHANGE, STATUS_CHANGE, TOPOLOGY_CHANGE};
pub use startup::Startup;
pub use values::Values;

use crate::{Frame, Opcode, ProtocolError, Version};

/// A client's message.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // Lives on the stack between decoding and execution; boxing would allocate per request.
pub enum Request<'a> {
    /// Begins a connection.
    Startup(Startup<'a>),
    /// Asks for SUPPORTED; also a heartbeat.
    Options,
    /// Runs a statement given as text.
    Query(Query<'a>),
    /// Prepares a statement.
    Prepare(Prepare<'a>),
    /// Runs a prepared statement.
    Execute(Execute<'a>),
    /// Runs several statements.
    Batch(Batch<'a>),
    /// Asks for events.
    Register(Register),
    /// Answers AUTHENTICATE or AUTH_CHALLENGE.
    AuthResponse(AuthResponse<'a>),
}

impl<'a> Request<'a> {
    /// Decodes the message of a request frame.
    pub fn decode(frame: &'a Frame) -> Result<Request<'a>, ProtocolError> {
        let (version, body) = (frame.header.version, frame.message()?);
        match frame.header.opcode {
            Opcode::Startup => Startup::decode(version, body).map(Request::Startup),
            Opcode::Options => Ok(Request::Options),
            Opcode::Query => Query::decode(version, body).map(Request::Query),
            Opcode::Prepare => Prepare::decode(version, body).map(Request::Prepare),
            Opcode::Execute => Execute::decode(version, body).map(Request::Execute),
            Opcode::Batch => Batch::decode(version, body).map(Request::Batch),
            Opcode::Register => Register::decode(body).map(Request::Register),
            Opcode::AuthResponse => AuthResponse::decode(body).map(Request::AuthResponse),
            other => Err(ProtocolError::new(format!("Unknown opcode {}", other.number()))),
        }
    }

    /// Appends the message's body. Fails if the version cannot express something, or a count exceeds its notation;
    /// `out` then holds part of the body.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        match self {
            Request::Startup(startup) => startup.encode(out),
            Request::Options => Ok(()),
            Request::Query(query) => query.encode(version, out),
            Request::Prepare(prepare) => prepare.encode(version, out),
            Request::Execute(execute) => execute.encode(version, out),
            Request::Batch(batch) => batch.encode(version, out),
            Request::Register(register) => register.encode(out),
            Request::AuthResponse(response) => response.encode(out),
        }
    }

    /// The kind of message.
    pub fn opcode(&self) -> Opcode {
        match self {
            Request::Startup(_) => Opcode::Startup,
            Request::Options => Opcode::Options,
            Request::Query(_) => Opcode::Query,
            Request::Prepare(_) => Opcode::Prepare,
            Request::Execute(_) => Opcode::Execute,
            Request::Batch(_) => Opcode::Batch,
            Request::Register(_) => Opcode::Register,
            Request::AuthResponse(_) => Opcode::AuthResponse,
        }
    }
}
