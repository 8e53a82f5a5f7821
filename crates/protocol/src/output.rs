//! The output buffer of a connection: envelopes are written one after another and framed for the socket at the end of a
//! turn.
//!
//! Everything happens in one `Vec` per connection. Before version 5 a finished envelope is ready at once. In version 5
//! envelopes collect in an open segment, which is sealed when the turn ends or the next envelope would not fit:
//!
//! ```text
//! [sent | ready to send | room for a segment header, envelope, envelope, ... ]
//!       ^ sent          ^ open
//! ```
//!
//! Results of rows are written by `rows_writer`, which knows this buffer; the buffer does not know it.

mod encoded_rows;
pub(crate) mod rows_writer;

pub use encoded_rows::EncodedRows;

use crate::header::{HEADER_LENGTH, put_header};
use crate::limits::{COMPRESSED_BYTES_MIN, IDLE_CAPACITY_BYTES_MAX, SEGMENT_PAYLOAD_BYTES_MAX};
use crate::primitive::{put_int, put_string_list};
use crate::response::{RESULT_PREPARED, RESULT_VOID};
use crate::segment::SegmentFormat;
use crate::{
    BODY_BYTES_MAX, Compression, ErrorKind, ErrorResponse, Event, Flags, FrameError, Header, Opcode, PreparedMetadata,
    ProtocolError, Request, Response, Role, Version,
};

/// The writing half of a connection's framing.
#[derive(Debug)]
pub struct OutputBuffer {
    role: Role,
    framing: Framing,
    bytes: Vec<u8>,
    /// The number of bytes of `bytes` that the socket has taken.
    sent: usize,
    /// The start of the open segment in `bytes`; `None` if there is none.
    open: Option<usize>,
    /// Memory for compressed or split envelopes, reused.
    scratch: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    Envelopes(Option<Compression>),
    Segments(SegmentFormat),
}

/// The request that a response answers, and the parts that precede the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The request's version.
    pub version: Version,
    /// The request's stream id.
    pub stream: i16,
    /// The trace session's id; `None` if the request is not traced.
    pub tracing: Option<[u8; 16]>,
    /// Warnings for the user; not sent in version 3.
    pub warnings: &'a [String],
}

impl Reply<'_> {
    /// A reply to the request with this header, untraced and without warnings.
    pub fn to(header: &Header) -> Self {
        Reply { version: header.version, stream: header.stream, tracing: None, warnings: &[] }
    }
}

impl OutputBuffer {
    /// An empty buffer at the start of a connection.
    pub fn new(role: Role) -> Self {
        let framing = Framing::Envelopes(None);
        OutputBuffer { role, framing, bytes: Vec::new(), sent: 0, open: None, scratch: Vec::new() }
    }

    /// Applies what STARTUP agreed on. A server calls this after writing READY or AUTHENTICATE, a client after reading
    /// it. Bytes that are in the buffer already stay as they are.
    pub fn establish(&mut self, version: Version, compression: Option<Compression>) {
        self.seal();
        self.framing = match (version, compression) {
            (Version::V5, Some(_)) => Framing::Segments(SegmentFormat::Lz4),
            (Version::V5, None) => Framing::Segments(SegmentFormat::Plain),
            _ => Framing::Envelopes(compression),
        };
    }

    /// Appends a response of any kind.
    pub fn write_response(&mut self, reply: &Reply<'_>, response: &Response) {
        let start = self.begin_reply(reply, response.opcode());
        response.encode(reply.version, &mut self.bytes);
        self.finish(start);
    }

    /// Appends an error.
    pub fn write_error(&mut self, reply: &Reply<'_>, error: &ErrorResponse) {
        let start = self.begin_reply(reply, Opcode::Error);
        error.encode(reply.version, &mut self.bytes);
        self.finish(start);
    }

    /// Appends the result of a statement that returns nothing.
    pub fn write_void(&mut self, reply: &Reply<'_>) {
        let start = self.begin_reply(reply, Opcode::Result);
        put_int(&mut self.bytes, RESULT_VOID);
        self.finish(start);
    }

    /// Appends the answer to PREPARE.
    pub fn write_prepared(&mut self, reply: &Reply<'_>, prepared: &PreparedMetadata) {
        let start = self.begin_reply(reply, Opcode::Result);
        put_int(&mut self.bytes, RESULT_PREPARED);
        prepared.put(&mut self.bytes, reply.version);
        self.finish(start);
    }

    /// Appends an event.
    pub fn write_event(&mut self, version: Version, event: &Event) {
        let reply = Reply { version, stream: -1, tracing: None, warnings: &[] };
        self.write_response(&reply, &Response::Event(event.clone()));
    }

    /// Appends the answer to bytes that gave no frame, in the version and on the stream that the error names.
    pub fn write_frame_error(&mut self, error: &FrameError) {
        let (answer, response) = (error.answer(), ErrorResponse::from(error.error().clone()));
        match Version::from_number(answer.version) {
            Some(version) => {
                let reply = Reply { version, stream: answer.stream, tracing: None, warnings: &[] };
                self.write_error(&reply, &response);
            }
            None => self.write_ancient_error(answer.version, answer.stream as u8, &response),
        }
    }

    /// Appends an error for versions 1 and 2, whose header has 8 bytes; their ERROR body is that of version 3.
    fn write_ancient_error(&mut self, version: u8, stream: u8, error: &ErrorResponse) {
        self.seal();
        self.scratch.clear();
        error.encode(Version::V3, &mut self.scratch);
        self.bytes.extend_from_slice(&[version | 0x80, 0, stream, Opcode::Error.number()]);
        self.bytes.extend_from_slice(&(self.scratch.len() as u32).to_be_bytes());
        self.bytes.extend_from_slice(&self.scratch);
    }

    /// Appends a request; on an error nothing was appended.
    pub fn write_request(&mut self, version: Version, stream: i16, request: &Request<'_>) -> Result<(), ProtocolError> {
        self.write_flagged_request(version, stream, request, Flags::default())
    }

    /// The same with flags of its header.
    pub(crate) fn write_flagged_request(
        &mut self,
        version: Version,
        stream: i16,
        request: &Request<'_>,
        flags: Flags,
    ) -> Result<(), ProtocolError> {
        let start = self.begin(version, flags, stream, request.opcode());
        match request.encode(version, &mut self.bytes) {
            Ok(()) if self.body_length(start) <= BODY_BYTES_MAX => {
                self.finish(start);
                Ok(())
            }
            result => {
                self.abort(start);
                result.and(Err(ProtocolError::new("The request is longer than the protocol allows")))
            }
        }
    }

    /// Makes all finished envelopes ready to send by closing the open segment. Call it at the end of a turn.
    pub fn seal(&mut self) {
        let (Framing::Segments(format), Some(open)) = (self.framing, self.open.take()) else { return };
        let payload_at = open + reserved_header_length(format);
        if payload_at == self.bytes.len() {
            self.bytes.truncate(open);
            return;
        }
        match format {
            SegmentFormat::Plain => format.close(&mut self.bytes, open),
            SegmentFormat::Lz4 => {
                self.scratch.clear();
                format.put(&self.bytes[payload_at..], true, &mut self.scratch);
                self.bytes.truncate(open);
                self.bytes.extend_from_slice(&self.scratch);
                self.release_scratch();
            }
        }
    }

    /// The bytes ready to send: everything sealed, or in versions 3 and 4 everything finished.
    pub fn ready_bytes(&self) -> &[u8] {
        &self.bytes[self.sent..self.open.unwrap_or(self.bytes.len())]
    }

    /// Drops the first `count` bytes of [`OutputBuffer::ready_bytes`], which the socket has taken.
    pub fn consume(&mut self, count: usize) {
        self.sent += count.min(self.ready_bytes().len());
        let left = self.bytes.len() - self.sent;
        // Moving costs little beside sending, and each byte is moved about once.
        if left <= self.sent {
            self.bytes.copy_within(self.sent.., 0);
            self.bytes.truncate(left);
            self.open = self.open.map(|at| at - self.sent);
            self.sent = 0;
            if left == 0 {
                self.bytes.shrink_to(IDLE_CAPACITY_BYTES_MAX);
            }
        }
    }

    /// The number of bytes that the socket has not taken, sealed or not; back-pressure goes by it.
    pub fn pending_bytes(&self) -> usize {
        self.bytes.len() - self.sent
    }

    fn begin_reply(&mut self, reply: &Reply<'_>, opcode: Opcode) -> usize {
        let warned = !reply.warnings.is_empty() && reply.version >= Version::V4;
        let traced = if reply.tracing.is_some() { Flags::TRACING } else { Flags::default() };
        let flags = traced.union(if warned { Flags::WARNINGS } else { Flags::default() });
        let start = self.begin(reply.version, flags, reply.stream, opcode);
        if let Some(session) = reply.tracing {
            self.bytes.extend_from_slice(&session);
        }
        if warned {
            put_string_list(&mut self.bytes, reply.warnings);
        }
        start
    }

    /// Begins an envelope and returns its start in `bytes`.
    fn begin(&mut self, version: Version, flags: Flags, stream: i16, opcode: Opcode) -> usize {
        if let (Framing::Segments(format), None) = (self.framing, self.open) {
            self.open = Some(self.bytes.len());
            self.bytes.resize(self.bytes.len() + reserved_header_length(format), 0);
        }
        let start = self.bytes.len();
        put_header(&mut self.bytes, self.role, version, flags, stream, opcode);
        start
    }

    /// Removes the envelope begun at `start`.
    fn abort(&mut self, start: usize) {
        self.bytes.truncate(start);
    }

    fn body_length(&self, start: usize) -> usize {
        self.bytes.len() - start - HEADER_LENGTH
    }

    /// Ends the envelope begun at `start`.
    fn finish(&mut self, start: usize) {
        if self.body_length(start) > BODY_BYTES_MAX {
            self.replace_by_error(start);
        }
        match self.framing {
            Framing::Envelopes(Some(compression)) if self.body_length(start) >= COMPRESSED_BYTES_MIN => {
                self.compress(start, compression);
                self.patch_length(start);
            }
            Framing::Envelopes(_) => self.patch_length(start),
            Framing::Segments(format) => {
                self.patch_length(start);
                self.split_at_segment_limit(start, format);
            }
        }
    }

    fn patch_length(&mut self, start: usize) {
        let length = self.body_length(start) as u32;
        self.bytes[start + HEADER_LENGTH - 4..start + HEADER_LENGTH].copy_from_slice(&length.to_be_bytes());
    }

    /// Replaces an envelope that exceeds [`BODY_BYTES_MAX`] by an error. Only results of rows can grow so long, and pages are
    /// limited far below that.
    fn replace_by_error(&mut self, start: usize) {
        self.bytes[start + 1] = 0;
        self.bytes[start + 4] = Opcode::Error.number();
        self.bytes.truncate(start + HEADER_LENGTH);
        let error = ErrorResponse::new(ErrorKind::Server, "The result is longer than the protocol allows");
        error.encode(Version::V3, &mut self.bytes);
    }

    /// Compresses the body if that makes it shorter.
    fn compress(&mut self, start: usize, compression: Compression) {
        let body_at = start + HEADER_LENGTH;
        self.scratch.clear();
        let done = compression.compress(&self.bytes[body_at..], &mut self.scratch);
        if done.is_ok() && self.scratch.len() < self.bytes.len() - body_at {
            self.bytes.truncate(body_at);
            self.bytes.extend_from_slice(&self.scratch);
            self.bytes[start + 1] |= Flags::COMPRESSED.0;
        }
        self.release_scratch();
    }

    fn release_scratch(&mut self) {
        self.scratch.clear();
        self.scratch.shrink_to(IDLE_CAPACITY_BYTES_MAX);
    }

    /// Keeps the open segment within its limit, with the envelope at `start` as its last: closes the segment before
    /// that envelope, or spreads the envelope over several segments.
    fn split_at_segment_limit(&mut self, start: usize, format: SegmentFormat) {
        let Some(open) = self.open else { return };
        let payload_at = open + reserved_header_length(format);
        if self.bytes.len() - payload_at <= SEGMENT_PAYLOAD_BYTES_MAX {
            return;
        }
        self.scratch.clear();
        if start > payload_at {
            format.put(&self.bytes[payload_at..start], true, &mut self.scratch);
        }
        let envelope = &self.bytes[start..];
        if envelope.len() <= SEGMENT_PAYLOAD_BYTES_MAX {
            self.open = Some(open + self.scratch.len());
            self.scratch.resize(self.scratch.len() + reserved_header_length(format), 0);
            self.scratch.extend_from_slice(envelope);
        } else {
            self.open = None;
            envelope.chunks(SEGMENT_PAYLOAD_BYTES_MAX).for_each(|slice| format.put(slice, false, &mut self.scratch));
        }
        self.bytes.truncate(open);
        self.bytes.extend_from_slice(&self.scratch);
        self.release_scratch();
    }
}

/// Bytes reserved for the header of an open segment. None for LZ4, whose payload is moved anyway when it is sealed.
fn reserved_header_length(format: SegmentFormat) -> usize {
    match format {
        SegmentFormat::Plain => format.header_length(),
        SegmentFormat::Lz4 => 0,
    }
}

#[cfg(test)]
mod tests;
