//! The error of bytes that are not what they should be.

use henge_base::TruncatedInput;

/// Bytes are not a read command or a block of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed read command or rows")]
pub struct CommandError;

impl From<TruncatedInput> for CommandError {
    fn from(_: TruncatedInput) -> Self {
        CommandError
    }
}
