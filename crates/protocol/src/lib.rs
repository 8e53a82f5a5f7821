//! CQL's native protocol, versions 3, 4 and 5, in both directions. Sans-IO: bytes in, messages out, and back.
//!
//! From the wire inwards:
//! - `limits`: every bound that this crate enforces.
//! - `version`, `opcode`, `error_code`: the numbers of the protocol, one table each.
//! - `error`: errors of bytes and messages, and whether the connection survives them.
//! - `primitive`: the notations (`[string]`, `[bytes]`, ...) over [`henge_base::Reader`] and `Vec<u8>`.
//! - `role`, `header`, `frame`, `compression`, `checksum`, `segment`: the 9-byte header, v3/v4 bodies, v5 segments.
//! - `decoder`: [`FrameDecoder`] cuts a connection's read buffer into [`Frame`]s, before and after the switch to
//!   segments.
//! - `request`: one file per message of a client; borrows from the frame.
//! - `response`: one file per message of a server; rows stream through [`RowsWriter`].
//! - `metadata`, `type_option`, `marshal`: column specifications and types as results carry them.
//! - `output`: [`OutputBuffer`] collects the envelopes of a turn and frames them for the socket.
//! - `client`: [`ClientCodec`], the other side of a connection, for the shell and for tests.
//! - `md5`, `prepared_id`: ids of prepared statements and of result metadata.

mod checksum;
mod client;
mod compression;
mod decoder;
mod error;
mod error_code;
mod frame;
mod header;
mod limits;
#[cfg(test)]
mod manual;
mod marshal;
mod md5;
mod metadata;
mod opcode;
mod output;
mod prepared_id;
mod primitive;
mod request;
mod response;
mod role;
mod segment;
mod type_option;
mod version;

#[cfg(test)]
mod tests;

pub use henge_model::{BatchKind, BoundValue, Consistency, WriteType};

pub use client::{ClientCodec, ClientError};
pub use compression::Compression;
pub use decoder::FrameDecoder;
pub use error::{Answer, FrameError, ProtocolError};
pub use error_code::ErrorCode;
pub use frame::Frame;
pub use header::{Flags, Header};
pub use limits::{BODY_BYTES_MAX, DEFAULT_FRAME_BYTES_MAX};
pub use metadata::{BindMetadata, ColumnRef, ColumnSpec, MetadataMode, PreparedMetadata, ResultMetadata};
pub use opcode::Opcode;
pub use output::rows_writer::RowsWriter;
pub use output::{EncodedRows, OutputBuffer, Reply};
pub use prepared_id::{StatementId, prepared_id};
pub use request::{
    AuthResponse, Batch, BatchQuery, BatchStatement, Execute, Prepare, Query, QueryParameters, Register, Request,
    Startup, Values,
};
pub use response::{
    ChangeKind, ErrorKind, ErrorResponse, Event, Failure, Incoming, Prepared, Progress, Response, Rows, SchemaChange,
    SchemaTarget, StatusKind, Supported, TopologyKind,
};
pub use role::Role;
pub use version::Version;
