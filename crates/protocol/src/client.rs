//! The client's side of a connection, without a socket: requests in, bytes out; bytes in, responses out.

use crate::{
    Compression, Flags, FrameDecoder, FrameError, Incoming, OutputBuffer, ProtocolError, Request, Response, Role,
    Version,
};
use henge_base::BytesMut;

/// The server's bytes cannot be decoded; the connection cannot be used any further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The bytes do not form a frame.
    #[error("the server's bytes are no frames: {0}")]
    Frame(#[from] FrameError),
    /// The body of a frame does not decode to a message.
    #[error("the server's message cannot be read: {0}")]
    Message(#[from] ProtocolError),
}

/// The codec of a client's connection. It watches STARTUP: once that is answered, compression and segments are in
/// effect.
#[derive(Debug)]
pub struct ClientCodec {
    version: Version,
    compression: Option<Compression>,
    decoder: FrameDecoder,
    output: OutputBuffer,
    established: bool,
}

impl ClientCodec {
    /// The codec of a new connection that uses `version`.
    pub fn new(version: Version) -> Self {
        ClientCodec {
            version,
            compression: None,
            // The server decides on the length of its answers; a result may be as long as the protocol allows.
            decoder: FrameDecoder::with_limit(Role::Client, crate::BODY_BYTES_MAX),
            output: OutputBuffer::new(Role::Client),
            established: false,
        }
    }

    /// The connection's protocol version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Encodes a request; the caller chooses the stream id (0 and up). Fails if this version cannot express the
    /// request; nothing is sent then.
    pub fn send(&mut self, stream: i16, request: &Request<'_>) -> Result<(), ProtocolError> {
        self.output.write_request(self.version, stream, request)?;
        if let Request::Startup(startup) = request {
            self.compression = startup.compression;
        }
        Ok(())
    }

    /// Encodes a request that asks for a trace.
    pub fn send_traced(&mut self, stream: i16, request: &Request<'_>) -> Result<(), ProtocolError> {
        self.output.write_flagged_request(self.version, stream, request, Flags::TRACING)
    }

    /// The bytes ready to send.
    pub fn output(&mut self) -> &[u8] {
        self.output.seal();
        self.output.ready_bytes()
    }

    /// Drops the first `count` bytes of [`ClientCodec::output`], which were sent.
    pub fn consume(&mut self, count: usize) {
        self.output.consume(count);
    }

    /// Takes the next response off the received bytes; `None` if more bytes are needed. Call it until it returns
    /// `None`.
    pub fn receive(&mut self, buffer: &mut BytesMut) -> Result<Option<Incoming>, ClientError> {
        let Some(frame) = self.decoder.next(buffer)? else { return Ok(None) };
        let incoming = Response::decode(&frame)?;
        let starts = matches!(incoming.response, Response::Ready | Response::Authenticate(_));
        if starts && !self.established {
            self.established = true;
            self.decoder.establish(self.version, self.compression);
            self.output.establish(self.version, self.compression);
        }
        Ok(Some(incoming))
    }
}
