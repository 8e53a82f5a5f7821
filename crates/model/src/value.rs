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
mod value_error;

pub(crate) use sort_key::{MaskedReader, Scratch, put_escaped, take_component, take_escaped};
pub use value_error::ValueError;

use crate::DataType;
use henge_base::{Bytes, Reader};
use std::borrow::Cow;
use std::cmp::Ordering;

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

    /// The elements, alternating keys and values, fields or dimensions of a composite value; `None` is null. Missing
    /// trailing fields of tuples and user types are not added. A value of another type has none.
    pub fn split_parts<'a>(&self, bytes: &'a [u8]) -> Result<Vec<Option<&'a [u8]>>, ValueError> {
        Ok(parts::parts(self.unfrozen(), bytes)?.into_vec())
    }

    /// The type of the part at `index` of a composite value.
    pub fn part_type(&self, index: usize) -> &DataType {
        parts::part_type(self.unfrozen(), index)
    }

    /// Makes a composite value of its parts; the inverse of [`DataType::split_parts`].
    pub fn join_parts(&self, parts: &[Option<Vec<u8>>]) -> Vec<u8> {
        let mut out = Vec::new();
        parts::put_parts(self.unfrozen(), parts.iter().map(Option::as_deref), &mut out);
        out
    }

    /// True if columns of this type may be part of a primary key.
    pub fn can_be_key(&self) -> bool {
        sort_key::can_be_key(self)
    }
}

#[cfg(test)]
mod tests;
