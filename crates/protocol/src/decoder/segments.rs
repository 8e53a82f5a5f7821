//! Segments: one holds several envelopes, or an envelope is spread over several.

use crate::frame::{Frame, FrameLimits};
use crate::header::HEADER_LENGTH;
use crate::segment::SegmentFormat;
use crate::{Answer, FrameError, Header};
use bytes::Buf;
use henge_base::{Bytes, BytesMut};

#[derive(Debug)]
pub(super) struct SegmentReader {
    format: SegmentFormat,
    /// The unread envelopes of the current self-contained segment.
    payload: Bytes,
    large: LargeEnvelope,
    scratch: BytesMut,
}

/// An envelope that arrives in several segments.
#[derive(Debug, Default)]
struct LargeEnvelope {
    /// The bytes received so far. It grows with what arrives, never with a claimed length.
    received: BytesMut,
    /// The bytes of an oversized envelope still to skip.
    to_skip: usize,
}

impl SegmentReader {
    pub(super) fn new(format: SegmentFormat) -> Self {
        SegmentReader { format, payload: Bytes::new(), large: LargeEnvelope::default(), scratch: BytesMut::new() }
    }

    pub(super) fn next(&mut self, limits: FrameLimits, buffer: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        loop {
            if !self.payload.is_empty() {
                return self.next_envelope(limits).map(Some);
            }
            let segment = self.format.take(buffer, &mut self.scratch);
            let Some(segment) = segment.map_err(|e| FrameError::fatal(Answer::UNKNOWN, e.to_string()))? else {
                return Ok(None);
            };
            if !segment.self_contained {
                if let Some(frame) = self.large.add(limits, &segment.payload)? {
                    return Ok(Some(frame));
                }
            } else if self.large.is_idle() {
                self.payload = segment.payload;
            } else {
                return Err(FrameError::fatal(Answer::UNKNOWN, "A segment interrupts a message of several segments"));
            }
        }
    }

    pub(super) fn is_within_frame(&self) -> bool {
        !self.large.is_idle()
    }

    /// The header of the envelope whose segments arrive.
    pub(super) fn partial_header(&self, limits: FrameLimits) -> Option<Header> {
        Header::parse(&self.large.received, limits.role).ok().flatten()
    }

    pub(super) fn skip_partial(&mut self, limits: FrameLimits) {
        if let Some(header) = self.partial_header(limits) {
            let total = HEADER_LENGTH + header.length as usize;
            self.large.to_skip = total.saturating_sub(self.large.received.len());
            self.large.received = BytesMut::new();
        }
    }

    fn next_envelope(&mut self, limits: FrameLimits) -> Result<Frame, FrameError> {
        let Some(header) = Header::parse(&self.payload, limits.role)? else {
            return Err(FrameError::fatal(Answer::UNKNOWN, "A segment ends within a message header"));
        };
        let length = header.length as usize;
        if self.payload.len() < HEADER_LENGTH + length {
            return Err(FrameError::fatal(header.answer(), "A message is longer than its self-contained segment"));
        }
        self.payload.advance(HEADER_LENGTH);
        let body = self.payload.split_to(length);
        if length > limits.max_body {
            return Err(FrameError::from_oversized(header.answer(), length, limits.max_body));
        }
        Ok(Frame { header, body })
    }
}

impl LargeEnvelope {
    fn is_idle(&self) -> bool {
        self.received.is_empty() && self.to_skip == 0
    }

    fn add(&mut self, limits: FrameLimits, payload: &[u8]) -> Result<Option<Frame>, FrameError> {
        let too_much = || FrameError::fatal(Answer::UNKNOWN, "A segment goes beyond the end of its message");
        if self.to_skip > 0 {
            self.to_skip = self.to_skip.checked_sub(payload.len()).ok_or_else(too_much)?;
            return Ok(None);
        }
        self.received.extend_from_slice(payload);
        let Some(header) = Header::parse(&self.received, limits.role)? else { return Ok(None) };
        let (length, total) = (header.length as usize, HEADER_LENGTH + header.length as usize);
        let missing = total.checked_sub(self.received.len()).ok_or_else(too_much)?;
        if length > limits.max_body {
            self.received.clear();
            self.to_skip = missing;
            return Err(FrameError::from_oversized(header.answer(), length, limits.max_body));
        }
        if missing > 0 {
            return Ok(None);
        }
        let mut body = std::mem::take(&mut self.received).freeze();
        body.advance(HEADER_LENGTH);
        Ok(Some(Frame { header, body }))
    }
}
