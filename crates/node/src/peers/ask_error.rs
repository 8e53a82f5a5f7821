//! A question about the cluster's own business that was not answered.

use crate::ground::world::CallError;
use henge_coordinator::Refusal;

/// A question was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// No answer came.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The peer refused.
    #[error("it refused: {0}")]
    Refused(Refusal),
    /// The answer is too large, or of another release.
    #[error("its answer of {0} bytes cannot be read")]
    Unreadable(usize),
    /// A process of the peer's host answered that is not admitted here.
    #[error("the process that answered is not the one of its host that was admitted")]
    Unadmitted,
}

impl AskError {
    /// True if the peer has certainly not done what it was asked for.
    pub(crate) fn is_definite(self) -> bool {
        use Refusal::{Stranger, Superseded, Unconfirmed, Unsupported};
        match self {
            AskError::Call(error) => error == CallError::NotSent,
            AskError::Refused(refusal) => matches!(refusal, Unsupported | Stranger | Superseded | Unconfirmed),
            AskError::Unreadable(_) | AskError::Unadmitted => false,
        }
    }
}
