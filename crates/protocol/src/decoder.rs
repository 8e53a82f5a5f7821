//! The frame decoder: cuts a connection's read buffer into bare envelopes, or into segments once version 5 is agreed
//! on.

mod envelopes;
mod segments;

use crate::frame::{Frame, FrameLimits};
use crate::segment::SegmentFormat;
use crate::{Compression, DEFAULT_FRAME_BYTES_MAX, FrameError, Header, Role, Version};
use envelopes::EnvelopeReader;
use henge_base::BytesMut;
use segments::SegmentReader;

/// The reading half of a connection's framing.
#[derive(Debug)]
pub struct FrameDecoder {
    limits: FrameLimits,
    version: Option<Version>,
    mode: Mode,
    /// True after a fatal error; everything received later is discarded.
    failed: bool,
}

#[derive(Debug)]
enum Mode {
    Envelopes(EnvelopeReader),
    Segments(SegmentReader),
}

impl FrameDecoder {
    /// A decoder at the start of a connection, with Cassandra's default limit on bodies, [`DEFAULT_FRAME_BYTES_MAX`].
    pub fn new(role: Role) -> Self {
        FrameDecoder::with_limit(role, DEFAULT_FRAME_BYTES_MAX)
    }

    /// A decoder that takes bodies of up to `max_body` bytes, at most [`crate::BODY_BYTES_MAX`].
    pub fn with_limit(role: Role, max_body: usize) -> Self {
        let limits = FrameLimits { role, max_body: max_body.min(crate::BODY_BYTES_MAX) };
        FrameDecoder { limits, version: None, mode: Mode::Envelopes(EnvelopeReader::default()), failed: false }
    }

    /// Sets the limit on bodies to `max_body` bytes, at most [`crate::BODY_BYTES_MAX`].
    pub fn set_limit(&mut self, max_body: usize) {
        self.limits.max_body = max_body.min(crate::BODY_BYTES_MAX);
    }

    /// Applies what STARTUP agreed on; call it before the next [`FrameDecoder::next`]. Later frames of other versions
    /// are refused, and version 5 is read in segments. The answer to STARTUP itself is still a bare envelope: a client
    /// calls this after reading it, a server after reading STARTUP.
    pub fn establish(&mut self, version: Version, compression: Option<Compression>) {
        self.version = Some(version);
        self.mode = match version {
            Version::V5 => Mode::Segments(SegmentReader::new(match compression {
                Some(_) => SegmentFormat::Lz4,
                None => SegmentFormat::Plain,
            })),
            _ => Mode::Envelopes(EnvelopeReader::new(compression)),
        };
    }

    /// The version agreed on by STARTUP; `None` before.
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// Takes the next frame off `buffer`; `None` if more bytes are needed. The decoder may hold further complete
    /// frames, so call it until it returns `None`. After a fatal error all further bytes are discarded.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        if self.failed {
            buffer.clear();
            return Ok(None);
        }
        let result = match &mut self.mode {
            Mode::Envelopes(reader) => reader.next(self.limits, buffer),
            Mode::Segments(reader) => reader.next(self.limits, buffer),
        };
        let result = result.and_then(|frame| self.check_version(frame));
        self.failed = result.as_ref().is_err_and(FrameError::is_fatal);
        result
    }

    /// True if a part of a frame was taken off the buffer, and the rest has to come.
    pub fn is_within_frame(&self) -> bool {
        match &self.mode {
            Mode::Envelopes(reader) => reader.is_within_frame(),
            Mode::Segments(reader) => reader.is_within_frame(),
        }
    }

    /// The header of a frame that has arrived in part; `None` until all of the header has.
    pub fn partial_header(&self, buffer: &BytesMut) -> Option<Header> {
        match &self.mode {
            _ if self.failed => None,
            Mode::Envelopes(reader) => reader.partial_header(self.limits, buffer),
            Mode::Segments(reader) => reader.partial_header(self.limits),
        }
    }

    /// Skips the frame of [`FrameDecoder::partial_header`]: the decoder never returns it.
    pub fn skip_partial(&mut self, buffer: &mut BytesMut) {
        match &mut self.mode {
            Mode::Envelopes(reader) => reader.skip_partial(self.limits, buffer),
            Mode::Segments(reader) => reader.skip_partial(self.limits),
        }
    }

    fn check_version(&self, frame: Option<Frame>) -> Result<Option<Frame>, FrameError> {
        let (Some(found), Some(version)) = (frame.as_ref().map(|f| f.header), self.version) else { return Ok(frame) };
        if found.version == version {
            return Ok(frame);
        }
        let text = format!("A message has version {}, but its connection began with {version}", found.version);
        Err(FrameError::fatal(found.answer(), text))
    }
}

#[cfg(test)]
mod tests;
