//! Errors of bytes and messages, and the frames that answer them.

use crate::{ErrorCode, Version};
use henge_base::TruncatedInput;
use std::borrow::Cow;

/// A message that cannot be decoded or is not allowed; answered with ERROR on its stream. The connection stays usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ProtocolError {
    /// The error's number: `Protocol`, or `Invalid` where clients expect that.
    pub code: ErrorCode,
    /// The text sent to the client.
    pub text: Cow<'static, str>,
}

impl ProtocolError {
    /// An error with the code `Protocol`.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        ProtocolError { code: ErrorCode::Protocol, text: text.into() }
    }

    /// An error with the code `Invalid`.
    pub fn invalid(text: impl Into<Cow<'static, str>>) -> Self {
        ProtocolError { code: ErrorCode::Invalid, text: text.into() }
    }
}

impl From<TruncatedInput> for ProtocolError {
    fn from(_: TruncatedInput) -> Self {
        ProtocolError::new("The message body ends too early")
    }
}

/// The version and stream of the answer to a frame that could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The version number in the answer's header: the request's if Henge speaks it, otherwise the newest. 1 and 2 are
    /// answered as such, in their own header layout.
    pub version: u8,
    /// The request's stream id; 0 if it is not known.
    pub stream: i16,
}

impl Answer {
    /// The newest version and stream 0, for bytes without a readable header.
    pub(crate) const UNKNOWN: Answer = Answer { version: Version::NEWEST as u8, stream: 0 };
}

/// The reason why the read buffer gives no frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The byte stream cannot be followed any further: answer with [`crate::OutputBuffer::write_frame_error`], then close.
    #[error("{error}")]
    Fatal {
        /// Version and stream of the answer.
        answer: Answer,
        /// The error to answer.
        error: ProtocolError,
    },
    /// A body above the limit, which is skipped as it arrives. Answer with [`crate::OutputBuffer::write_frame_error`] and continue.
    #[error("{error}")]
    Oversized {
        /// Version and stream of the answer.
        answer: Answer,
        /// The error to answer: Invalid, with both lengths.
        error: ProtocolError,
    },
}

impl FrameError {
    pub(crate) fn fatal(answer: Answer, text: impl Into<Cow<'static, str>>) -> Self {
        FrameError::Fatal { answer, error: ProtocolError::new(text) }
    }

    pub(crate) fn from_oversized(answer: Answer, length: usize, limit: usize) -> Self {
        let text = format!("The request has {length} bytes, at most {limit} are taken");
        FrameError::Oversized { answer, error: ProtocolError::invalid(text) }
    }

    /// Version and stream of the answer.
    pub fn answer(&self) -> Answer {
        match self {
            FrameError::Fatal { answer, .. } | FrameError::Oversized { answer, .. } => *answer,
        }
    }

    /// The error to answer.
    pub fn error(&self) -> &ProtocolError {
        match self {
            FrameError::Fatal { error, .. } | FrameError::Oversized { error, .. } => error,
        }
    }

    /// True if the connection must be closed after the answer.
    pub fn is_fatal(&self) -> bool {
        matches!(self, FrameError::Fatal { .. })
    }
}
