//! Reasons why bytes are not a row.

use henge_base::TruncatedInput;

/// The reason why bytes are not a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The checksum is wrong, or the bytes are not in the one encoding of a row.
    #[error("corrupt row")]
    Corrupt,
    /// A merge met bytes that are not a row and kept them. The row has to be repaired from another replica.
    #[error("damaged row")]
    Damaged,
    /// The checksum is valid, but this version does not know the format.
    #[error("unknown row format {0}")]
    UnknownFormat(u8),
}

impl From<TruncatedInput> for RowError {
    fn from(_: TruncatedInput) -> Self {
        RowError::Corrupt
    }
}
