//! Bare envelopes: all of v3 and v4, and v5 up to the answer to STARTUP.

use crate::frame::{Frame, FrameLimits};
use crate::header::HEADER_LENGTH;
use crate::{Compression, Flags, FrameError, Header, Version};
use bytes::Buf;
use henge_base::{Bytes, BytesMut};

#[derive(Debug, Default)]
pub(super) struct EnvelopeReader {
    compression: Option<Compression>,
    /// The bytes of an oversized body still to skip.
    to_skip: usize,
    scratch: BytesMut,
}

impl EnvelopeReader {
    pub(super) fn new(compression: Option<Compression>) -> Self {
        EnvelopeReader { compression, ..EnvelopeReader::default() }
    }

    pub(super) fn next(&mut self, limits: FrameLimits, buffer: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        self.skip(buffer);
        let Some(header) = Header::parse(buffer, limits.role)? else { return Ok(None) };
        let length = header.length as usize;
        if length > limits.max_body {
            buffer.advance(HEADER_LENGTH);
            self.to_skip = length;
            return Err(FrameError::from_oversized(header.answer(), length, limits.max_body));
        }
        if buffer.len() < HEADER_LENGTH + length {
            return Ok(None);
        }
        buffer.advance(HEADER_LENGTH);
        let body = take(buffer, length);
        let body = if is_compressed(&header) { self.decompress(limits, &header, body)? } else { body };
        Ok(Some(Frame { header, body }))
    }

    fn skip(&mut self, buffer: &mut BytesMut) {
        let skipped = self.to_skip.min(buffer.len());
        buffer.advance(skipped);
        self.to_skip -= skipped;
    }

    pub(super) fn is_within_frame(&self) -> bool {
        self.to_skip > 0
    }

    /// The header of the frame that the buffer begins with.
    pub(super) fn partial_header(&self, limits: FrameLimits, buffer: &BytesMut) -> Option<Header> {
        if self.to_skip > 0 { None } else { Header::parse(buffer, limits.role).ok().flatten() }
    }

    pub(super) fn skip_partial(&mut self, limits: FrameLimits, buffer: &mut BytesMut) {
        if let Some(header) = self.partial_header(limits, buffer) {
            self.to_skip = HEADER_LENGTH + header.length as usize;
            self.skip(buffer);
        }
    }

    fn decompress(&mut self, limits: FrameLimits, header: &Header, body: Bytes) -> Result<Bytes, FrameError> {
        let answer = header.answer();
        let compression = self.compression.ok_or_else(|| {
            FrameError::fatal(answer, "A compressed message came without compression having been agreed on")
        })?;
        let bad = |_| FrameError::fatal(answer, "The body of a message cannot be decompressed");
        let length = compression.uncompressed_length(&body).map_err(bad)?;
        if length > limits.max_body {
            return Err(FrameError::from_oversized(answer, length, limits.max_body));
        }
        compression.decompress(&body, length, &mut self.scratch).map_err(bad)
    }
}

fn is_compressed(header: &Header) -> bool {
    header.version < Version::V5 && header.flags.contains(Flags::COMPRESSED)
}

/// Splits bytes off without copying. An empty body does not even take a reference count.
fn take(buffer: &mut BytesMut, length: usize) -> Bytes {
    if length == 0 { Bytes::new() } else { buffer.split_to(length).freeze() }
}
