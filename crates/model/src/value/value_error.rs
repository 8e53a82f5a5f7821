//! Reasons why bytes are not a value.

use henge_base::TruncatedInput;

/// The reason why bytes are not a value of the type, or the type cannot be part of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The length does not fit the type.
    #[error("Expected {expected} ({actual})")]
    Length {
        /// The lengths that the type allows, in Cassandra's words.
        expected: &'static str,
        /// The number of bytes given.
        actual: usize,
    },
    /// A UUID whose length is neither 16 nor 0; its length.
    #[error("UUID should be 16 or 0 bytes ({0})")]
    UuidLength(usize),
    /// A UUID of another version than 1 as a timeuuid; its version.
    #[error("Invalid version for TimeUUID type: 0x{0:x}")]
    TimeuuidVersion(u8),
    /// A byte above 127 in an ascii value; the byte as Java prints it, signed.
    #[error("Invalid byte for ascii: {0}")]
    Ascii(i8),
    /// The bytes are not UTF-8.
    #[error("String didn't validate.")]
    Utf8,
    /// A number or structure that the type does not allow.
    #[error("{0}")]
    Content(&'static str),
    /// A null in a list, set, map or vector.
    #[error("Null value read when not allowed: null is not supported inside collections")]
    NullElement,
    /// A length inside a collection, tuple or vector reaches past the end.
    #[error("Not enough bytes to read a {0}")]
    Truncated(String),
    /// Bytes follow the last element of a collection or vector.
    #[error("Unexpected extraneous bytes after {0} value")]
    Trailing(String),
    /// Bytes follow the last dimension of a vector; their number, and the vector's type.
    #[error("Unexpected {0} extraneous bytes after {1} value")]
    TrailingDimension(usize, String),
    /// Bytes follow the last field of a tuple or user type.
    #[error("Invalid remaining data after end of {0} value")]
    TrailingField(&'static str),
    /// The type has no order (duration, counter), or is a collection that is not frozen.
    #[error("{0} cannot be part of a key")]
    NotAKey(String),
}

impl From<TruncatedInput> for ValueError {
    fn from(_: TruncatedInput) -> Self {
        ValueError::Truncated("key component".to_owned())
    }
}
