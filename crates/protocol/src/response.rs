//! What servers send. One closed enum, written and read; results of rows are mostly written by [`crate::RowsWriter`].

mod error;
mod event;
mod prepared;
mod rows;
mod schema_change;
mod supported;

pub use error::{ErrorKind, ErrorResponse, Failure, Progress, WriteType};
pub use event::{Event, StatusKind, TopologyKind};
pub use prepared::Prepared;
pub(crate) use rows::ROWS;
pub use rows::Rows;
pub use schema_change::{ChangeKind, SchemaChange, SchemaTarget};
pub use supported::Supported;

use crate::primitive::{ReadNotation, put_bytes, put_int, put_string};
use crate::{Flags, Frame, Opcode, ProtocolError, Version};
use henge_base::{Bytes, Reader};

pub(crate) const VOID: i32 = 1;
pub(crate) const SET_KEYSPACE: i32 = 3;
pub(crate) const PREPARED: i32 = 4;
const RESULT_OF_SCHEMA_CHANGE: i32 = 5;

/// A server's message.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// The connection may be used.
    Ready,
    /// The client must authenticate to the class named.
    Authenticate(String),
    /// A further token is wanted.
    AuthChallenge(Option<Bytes>),
    /// The client is who it says.
    AuthSuccess(Option<Bytes>),
    /// Options of STARTUP.
    Supported(Supported),
    /// The request failed.
    Error(ErrorResponse),
    /// Done, nothing to tell.
    Void,
    /// Rows, or a page of them.
    Rows(Rows),
    /// The connection's keyspace is now this.
    SetKeyspace(String),
    /// A statement was prepared.
    Prepared(Prepared),
    /// The schema was changed.
    SchemaChange(SchemaChange),
    /// Something happened that the client registered for.
    Event(Event),
}

/// A response with what may stand before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// The request it answers; -1 for events.
    pub stream: i16,
    /// The id of the trace session, if one was asked for.
    pub tracing: Option<[u8; 16]>,
    /// Warnings for the user.
    pub warnings: Vec<String>,
    /// The message.
    pub response: Response,
}

impl Response {
    /// Appends the message's body.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) {
        match self {
            Response::Ready => {}
            Response::Authenticate(class) => put_string(out, class),
            Response::AuthChallenge(token) | Response::AuthSuccess(token) => put_bytes(out, token.as_deref()),
            Response::Supported(supported) => supported.encode(out),
            Response::Error(error) => error.encode(version, out),
            Response::Void => put_int(out, VOID),
            Response::Rows(rows) => rows.encode(version, out),
            Response::SetKeyspace(keyspace) => {
                put_int(out, SET_KEYSPACE);
                put_string(out, keyspace);
            }
            Response::Prepared(prepared) => {
                put_int(out, PREPARED);
                prepared.encode(version, out);
            }
            Response::SchemaChange(change) => {
                put_int(out, RESULT_OF_SCHEMA_CHANGE);
                change.encode(out);
            }
            Response::Event(event) => event.encode(out),
        }
    }

    /// The message kind.
    pub fn opcode(&self) -> Opcode {
        match self {
            Response::Ready => Opcode::Ready,
            Response::Authenticate(_) => Opcode::Authenticate,
            Response::AuthChallenge(_) => Opcode::AuthChallenge,
            Response::AuthSuccess(_) => Opcode::AuthSuccess,
            Response::Supported(_) => Opcode::Supported,
            Response::Error(_) => Opcode::Error,
            Response::Event(_) => Opcode::Event,
            Response::Void
            | Response::Rows(_)
            | Response::SetKeyspace(_)
            | Response::Prepared(_)
            | Response::SchemaChange(_) => Opcode::Result,
        }
    }

    /// Reads a response frame. Values of rows are slices of its body.
    pub fn decode(frame: &Frame) -> Result<Incoming, ProtocolError> {
        let (header, mut reader) = (frame.header, Reader::new(&frame.body));
        let tracing = match header.flags.contains(Flags::TRACING) {
            true => Some(reader.array()?),
            false => None,
        };
        let mut warnings = Vec::new();
        if header.version >= Version::V4 && header.flags.contains(Flags::WARNINGS) {
            warnings = reader.string_list()?.into_iter().map(str::to_owned).collect();
        }
        if header.version >= Version::V4 && header.flags.contains(Flags::CUSTOM_PAYLOAD) {
            reader.skip_bytes_map()?;
        }
        let response = decode_message(header.opcode, header.version, &mut reader, &frame.body)?;
        Ok(Incoming { stream: header.stream, tracing, warnings, response })
    }
}

fn decode_message(
    opcode: Opcode,
    version: Version,
    reader: &mut Reader<'_>,
    body: &Bytes,
) -> Result<Response, ProtocolError> {
    let token = |bytes: Option<&[u8]>| bytes.map(|b| body.slice_ref(b));
    Ok(match opcode {
        Opcode::Ready => Response::Ready,
        Opcode::Authenticate => Response::Authenticate(reader.string()?.to_owned()),
        Opcode::AuthChallenge => Response::AuthChallenge(token(reader.bytes()?)),
        Opcode::AuthSuccess => Response::AuthSuccess(token(reader.bytes()?)),
        Opcode::Supported => Response::Supported(Supported::decode(reader)?),
        Opcode::Error => Response::Error(ErrorResponse::decode(reader, version)?),
        Opcode::Event => Response::Event(Event::decode(reader)?),
        Opcode::Result => return decode_result(version, reader, body),
        other => return Err(ProtocolError::new(format!("Unknown opcode {}", other.number()))),
    })
}

fn decode_result(version: Version, reader: &mut Reader<'_>, body: &Bytes) -> Result<Response, ProtocolError> {
    Ok(match reader.i32()? {
        VOID => Response::Void,
        ROWS => Response::Rows(Rows::decode(version, reader, body)?),
        SET_KEYSPACE => Response::SetKeyspace(reader.string()?.to_owned()),
        PREPARED => Response::Prepared(Prepared::decode(version, reader, body)?),
        RESULT_OF_SCHEMA_CHANGE => Response::SchemaChange(SchemaChange::decode(reader)?),
        kind => return Err(ProtocolError::new(format!("Unknown kind of result {kind}"))),
    })
}
