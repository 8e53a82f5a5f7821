//! The client's side of a connection, without a socket: requests in, bytes out; bytes in, responses out.

use crate::{
    Compression, FrameDecoder, FrameError, Incoming, OutputBuffer, ProtocolError, Request, Response, Role, Version,
};
use henge_base::BytesMut;

/// What a server sent cannot be understood; the connection is of no more use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The bytes are no frames.
    #[error("the server's bytes are no frames: {0}")]
    Frame(#[from] FrameError),
    /// A frame holds no message.
    #[error("the server's message cannot be read: {0}")]
    Message(#[from] ProtocolError),
}

/// One connection of a client. It follows STARTUP: once that is answered, compression and segments are in effect.
#[derive(Debug)]
pub struct ClientCodec {
    version: Version,
    compression: Option<Compression>,
    decoder: FrameDecoder,
    output: OutputBuffer,
    established: bool,
}

impl ClientCodec {
    /// A connection that speaks `version`.
    pub fn new(version: Version) -> Self {
        ClientCodec {
            version,
            compression: None,
            // A server decides what it sends; a result may be as long as the protocol allows.
            decoder: FrameDecoder::with_limit(Role::Client, crate::MAX_BODY),
            output: OutputBuffer::new(Role::Client),
            established: false,
        }
    }

    /// The version it speaks.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Writes a request; stream ids (0 and up) are the caller's to choose. Errors: it cannot be said in this version.
    pub fn send(&mut self, stream: i16, request: &Request<'_>) -> Result<(), ProtocolError> {
        self.output.request(self.version, stream, request)?;
        if let Request::Startup(startup) = request {
            self.compression = startup.compression;
        }
        Ok(())
    }

    /// The bytes to send.
    pub fn output(&mut self) -> &[u8] {
        self.output.seal();
        self.output.ready()
    }

    /// The first `count` bytes of [`ClientCodec::output`] were sent.
    pub fn consume(&mut self, count: usize) {
        self.output.consume(count);
    }

    /// Takes the next response off what was received; `None`: receive more first. Call it until it says so.
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
