//! A question about the cluster's own business that was not answered.

use crate::ground::world::CallError;
use henge_coordinator::Refusal;

/// A question was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AskError {
    /// No answer came.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The peer refused.
    #[error("it refused: {0}")]
    Refused(Refusal),
    /// The answer is too large, or of another release.
    #[error("its answer of {0} bytes cannot be read")]
    Unreadable(usize),
}

impl AskError {
    /// True if the peer has certainly not done what it was asked for.
    pub(crate) fn is_definite(self) -> bool {
        matches!(self, AskError::Call(CallError::NotSent) | AskError::Refused(Refusal::Unsupported | Refusal::Stranger))
    }
}
