//! Values in native encoding, by type: validation, comparison, printing, and the encoding as key components that sort
//! as values do.

mod calendar;
mod canonical;
mod compare;
mod element_order;
mod fixed;
mod literal;
mod number;
mod parts;
mod sort_key;
mod validate;

pub(crate) use sort_key::{MaskedReader, Scratch, put_escaped, take_component, take_escaped};

use crate::DataType;
use henge_base::{Bytes, Reader};
use std::borrow::Cow;
use std::cmp::Ordering;

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

impl DataType {
    /// Fails unless `bytes` are a value of this type. Empty bytes are one, for the types for which Cassandra allows it.
    pub fn validate(&self, bytes: &[u8]) -> Result<(), ValueError> {
        validate::validate(self, bytes)
    }

    /// The order of clustering columns, and of elements of sets and maps. It is total: bytes that are not a value sort
    /// before values.
    pub fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        compare::compare(self, a, b)
    }

    /// The value with its sets and maps, at any depth, in ascending order without duplicates; borrowed if nothing
    /// changes.
    pub fn sort_elements<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        element_order::sort_nested(self, bytes)
    }

    /// The value as a CQL literal. Bytes that are not a value are printed as a blob.
    pub fn literal(&self, bytes: &[u8]) -> String {
        literal::literal(self, bytes)
    }

    /// Appends the value as a key component: a marker, then bytes that sort as [`DataType::compare`] does and mark
    /// their own end.
    pub fn encode_key(&self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), ValueError> {
        sort_key::put_component(self, bytes, out)
    }

    /// Reads the output of [`DataType::encode_key`]: the value's own bytes or, where the order equates several values,
    /// their normal form.
    pub fn decode_key(&self, reader: &mut Reader<'_>) -> Result<Bytes, ValueError> {
        let mut masked = MaskedReader::new(*reader, false);
        let mut out = Scratch::new();
        take_component(self, &mut masked, &mut out)?;
        *reader = masked.reader();
        Ok(Bytes::copy_from_slice(&out))
    }

    /// The one encoding of all values that are equal in [`DataType::compare`]: elements of sets and keys of maps must
    /// have the same bytes on every replica. For a decimal it is the form without a negative scale, if that adds few
    /// digits.
    pub fn canonical(&self, bytes: &[u8]) -> Bytes {
        canonical::canonical(self, bytes)
    }

    /// True if columns of this type may be part of a primary key.
    pub fn can_be_key(&self) -> bool {
        sort_key::can_be_key(self)
    }
}

#[cfg(test)]
mod tests;
