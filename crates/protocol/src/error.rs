//! What is wrong with bytes, and whether the connection survives it.

use crate::{ErrorCode, Version};
use henge_base::Truncated;
use std::borrow::Cow;

/// A message that cannot be understood or may not be sent; answered with ERROR on its stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ProtocolError {
    /// `Protocol`, or `Invalid` where clients expect that.
    pub code: ErrorCode,
    /// What to tell the client.
    pub text: Cow<'static, str>,
}

impl ProtocolError {
    /// An error of code 0x000A.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        ProtocolError { code: ErrorCode::Protocol, text: text.into() }
    }

    /// An error of code 0x2200.
    pub fn invalid(text: impl Into<Cow<'static, str>>) -> Self {
        ProtocolError { code: ErrorCode::Invalid, text: text.into() }
    }
}

impl From<Truncated> for ProtocolError {
    fn from(_: Truncated) -> Self {
        ProtocolError::new("The message body ends too early")
    }
}

/// Where the answer to a frame that was not understood goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The number in the answer's header: of the request if that is spoken, otherwise the newest version; 1 and 2 stand
    /// for themselves, in their own header layout.
    pub version: u8,
    /// The request's stream id, 0 when it is not known.
    pub stream: i16,
}

impl Answer {
    /// The newest version and stream 0: for bytes that have no readable header.
    pub(crate) const UNKNOWN: Answer = Answer { version: Version::NEWEST as u8, stream: 0 };
}

/// Why no frame came out of the read buffer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The byte stream is lost: answer with [`crate::OutputBuffer::fatal`], then close.
    #[error("{error}")]
    Fatal {
        /// Where the answer goes.
        answer: Answer,
        /// What it says.
        error: ProtocolError,
    },
    /// A body above the limit; it is skipped as it arrives. Answer with [`crate::OutputBuffer::fatal`] too, and go on.
    #[error("{error}")]
    Oversized {
        /// Where the answer goes.
        answer: Answer,
        /// What it says: Invalid, with both lengths.
        error: ProtocolError,
    },
}

impl FrameError {
    pub(crate) fn fatal(answer: Answer, text: impl Into<Cow<'static, str>>) -> Self {
        FrameError::Fatal { answer, error: ProtocolError::new(text) }
    }

    pub(crate) fn oversized(answer: Answer, length: usize, limit: usize) -> Self {
        let text = format!("The request has {length} bytes, at most {limit} are taken");
        FrameError::Oversized { answer, error: ProtocolError::invalid(text) }
    }

    /// Where the answer goes.
    pub fn answer(&self) -> Answer {
        match self {
            FrameError::Fatal { answer, .. } | FrameError::Oversized { answer, .. } => *answer,
        }
    }

    /// What the answer says.
    pub fn error(&self) -> &ProtocolError {
        match self {
            FrameError::Fatal { error, .. } | FrameError::Oversized { error, .. } => error,
        }
    }

    /// Whether the connection must be closed after the answer.
    pub fn is_fatal(&self) -> bool {
        matches!(self, FrameError::Fatal { .. })
    }
}
