//! Values in native encoding, by type: whether bytes are a value, how two values compare, how one is printed, and how one
//! stands in a key so that keys sort as values do.

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

pub(crate) use sort_key::{Masked, Scratch, put_escaped, take_component, take_escaped};

use crate::DataType;
use henge_base::{Bytes, Reader};
use std::borrow::Cow;
use std::cmp::Ordering;

/// Bytes are not a value of the type, or the type cannot stand where it was put.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The length does not fit the type.
    #[error("Expected {expected} ({actual})")]
    Length {
        /// What the type takes, in Cassandra's words.
        expected: &'static str,
        /// How many bytes there are.
        actual: usize,
    },
    /// A UUID of another length.
    #[error("UUID should be 16 or 0 bytes ({0})")]
    UuidLength(usize),
    /// A byte that no ASCII character has.
    #[error("Invalid byte for ascii: {0}")]
    Ascii(i8),
    /// Not UTF-8.
    #[error("String didn't validate.")]
    Utf8,
    /// A number or a structure that the type forbids.
    #[error("{0}")]
    Content(&'static str),
    /// A null in a list, set, map or vector.
    #[error("Null value read when not allowed: null is not supported inside collections")]
    NullElement,
    /// Inside a collection, tuple or vector a length points past the end.
    #[error("Not enough bytes to read a {0}")]
    Truncated(String),
    /// Bytes are left after a collection or vector.
    #[error("Unexpected extraneous bytes after {0} value")]
    Trailing(String),
    /// Bytes are left after the last field.
    #[error("Invalid remaining data after end of {0} value")]
    TrailingField(&'static str),
    /// The type has no order (duration, counter), or a collection is not frozen.
    #[error("{0} cannot be part of a key")]
    NotAKey(String),
}

impl DataType {
    /// Whether `bytes` are a value of this type. Empty bytes are, for the types Cassandra allows it for.
    pub fn validate(&self, bytes: &[u8]) -> Result<(), ValueError> {
        validate::validate(self, bytes)
    }

    /// The order of clustering columns and of elements in sets and maps. Total: bytes that are no value sort before those that are.
    pub fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        compare::compare(self, a, b)
    }

    /// The value with its sets and maps, at any depth, in ascending order without duplicates; borrowed if they are so already.
    pub fn sort_elements<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        element_order::sorted(self, bytes)
    }

    /// The value as a CQL literal. Bytes that are no value are printed as a blob.
    pub fn literal(&self, bytes: &[u8]) -> String {
        literal::literal(self, bytes)
    }

    /// Appends the value as a key component: a marker, then bytes that sort as [`DataType::compare`] does and end by themselves.
    pub fn encode_key(&self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), ValueError> {
        sort_key::put_component(self, bytes, out)
    }

    /// Reads what [`DataType::encode_key`] wrote and gives the value back: its own bytes, or where the order equates several, their normal form.
    pub fn decode_key(&self, reader: &mut Reader<'_>) -> Result<Bytes, ValueError> {
        let mut masked = Masked::new(*reader, false);
        let mut out = Scratch::new();
        take_component(self, &mut masked, &mut out)?;
        *reader = masked.reader();
        Ok(Bytes::copy_from_slice(&out))
    }

    /// The bytes that stand for a value and all that equal it in [`DataType::compare`]: what names an element of a set or a key of a
    /// map must be the same on every replica. Of a decimal it is the shortest form without an exponent, if that is short.
    pub fn canonical(&self, bytes: &[u8]) -> Bytes {
        canonical::canonical(self, bytes)
    }

    /// Whether columns of this type may stand in a primary key.
    pub fn key_supported(&self) -> bool {
        sort_key::supported(self)
    }
}

#[cfg(test)]
mod tests;
