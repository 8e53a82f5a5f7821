//! Messages of servers, encoded and decoded. Servers mostly write results of rows with [`crate::RowsWriter`] instead.

mod error;
mod event;
mod prepared;
mod rows;
mod schema_change;
mod supported;

pub use error::{ErrorKind, ErrorResponse, Failure, Progress};
pub use event::{Event, StatusKind, TopologyKind};
pub use prepared::Prepared;
pub(crate) use rows::RESULT_ROWS;
pub use rows::Rows;
pub use schema_change::{ChangeKind, SchemaChange, SchemaTarget};
pub use supported::Supported;

use crate::primitive::{ReadNotation, put_bytes, put_int, put_string};
use crate::{Flags, Frame, Opcode, ProtocolError, Version};
use henge_base::{Bytes, Reader};

pub(crate) const RESULT_VOID: i32 = 1;
pub(crate) const RESULT_SET_KEYSPACE: i32 = 3;
pub(crate) const RESULT_PREPARED: i32 = 4;
const RESULT_SCHEMA_CHANGE: i32 = 5;

/// A server's message.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// The connection is set up.
    Ready,
    /// The client must authenticate; the authenticator's class name.
    Authenticate(String),
    /// The authenticator asks for a further token.
    AuthChallenge(Option<Bytes>),
    /// The client is authenticated.
    AuthSuccess(Option<Bytes>),
    /// The options that STARTUP accepts.
    Supported(Supported),
    /// The request failed.
    Error(ErrorResponse),
    /// A result without content.
    Void,
    /// A result of rows, or a page of them.
    Rows(Rows),
    /// The connection's keyspace has become this one.
    SetKeyspace(String),
    /// A statement was prepared.
    Prepared(Prepared),
    /// The schema was changed.
    SchemaChange(SchemaChange),
    /// An event that the client registered for.
    Event(Event),
}

/// A response with the parts that may precede its message.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// The stream of the request that it answers; -1 for events.
    pub stream: i16,
    /// The trace session's id; `None` if the request is not traced.
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
            Response::Void => put_int(out, RESULT_VOID),
            Response::Rows(rows) => rows.encode(version, out),
            Response::SetKeyspace(keyspace) => {
                put_int(out, RESULT_SET_KEYSPACE);
                put_string(out, keyspace);
            }
            Response::Prepared(prepared) => {
                put_int(out, RESULT_PREPARED);
                prepared.encode(version, out);
            }
            Response::SchemaChange(change) => {
                put_int(out, RESULT_SCHEMA_CHANGE);
                change.encode(out);
            }
            Response::Event(event) => event.encode(out),
        }
    }

    /// The kind of message.
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

    /// Decodes a response frame. Values of rows are slices of its body.
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
        RESULT_VOID => Response::Void,
        RESULT_ROWS => Response::Rows(Rows::decode(version, reader, body)?),
        RESULT_SET_KEYSPACE => Response::SetKeyspace(reader.string()?.to_owned()),
        RESULT_PREPARED => Response::Prepared(Prepared::decode(version, reader, body)?),
        RESULT_SCHEMA_CHANGE => Response::SchemaChange(SchemaChange::decode(reader)?),
        kind => return Err(ProtocolError::new(format!("Unknown kind of result {kind}"))),
    })
}
