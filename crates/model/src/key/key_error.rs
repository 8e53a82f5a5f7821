//! Reasons why values or bytes are not a key.

use crate::ValueError;

/// The reason why values or bytes are not a key of the table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The partition key has no bytes.
    #[error("key may not be empty")]
    Empty,
    /// A key or a component has more than 65,535 bytes; its length.
    #[error("a key of {0} bytes is longer than the maximum of 65535")]
    TooLong(usize),
    /// The number of components is not the number of columns.
    #[error("{actual} key components for {expected} columns")]
    Components {
        /// The number of columns of the table.
        expected: usize,
        /// The number of components given.
        actual: usize,
    },
    /// A component is not a value of its column's type.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// The bytes are not a key of this table.
    #[error("malformed key")]
    Malformed,
}
