//! The partition key in the form that is hashed.

use super::KeyError;
use crate::Token;
use crate::limits::COMPONENT_BYTES_MAX;
use henge_base::{Bytes, Reader};

/// A partition key in Cassandra's serialized form: the bytes of a single column, or `[u16 length][bytes][00]` for each
/// of several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionKey {
    bytes: Bytes,
    token: Token,
}

impl PartitionKey {
    /// Joins the values of the partition key's columns. Fails above 65,535 bytes in all, and if a single column is
    /// empty.
    pub fn from_components(components: &[&[u8]]) -> Result<PartitionKey, KeyError> {
        match components {
            [] => Err(KeyError::Empty),
            [one] => PartitionKey::from_bytes(Bytes::copy_from_slice(one)),
            several => PartitionKey::from_bytes(Bytes::from(join_components(several)?)),
        }
    }

    /// Wraps a serialized key, such as the routing key that drivers send. Fails if it is empty or above 65,535 bytes.
    pub fn from_bytes(bytes: Bytes) -> Result<PartitionKey, KeyError> {
        match bytes.len() {
            0 => Err(KeyError::Empty),
            1..=COMPONENT_BYTES_MAX => Ok(PartitionKey { token: Token::from_key(&bytes), bytes }),
            length => Err(KeyError::TooLong(length)),
        }
    }

    /// The serialized key.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The values of the key's `count` columns.
    pub fn components(&self, count: usize) -> Result<Vec<&[u8]>, KeyError> {
        let mut out = Vec::with_capacity(count);
        split_components(&self.bytes, count, |start, end| out.push(&self.bytes[start..end]))?;
        Ok(out)
    }

    /// The key's place on the ring.
    pub fn token(&self) -> Token {
        self.token
    }
}

fn join_components(components: &[&[u8]]) -> Result<Vec<u8>, KeyError> {
    let mut out = Vec::with_capacity(components.iter().map(|c| c.len() + 3).sum());
    for component in components {
        let length = u16::try_from(component.len()).map_err(|_| KeyError::TooLong(component.len()))?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(component);
        out.push(0);
    }
    Ok(out)
}

/// Calls `each` with start and end of every component of a serialized key, in order.
pub(super) fn split_components(bytes: &[u8], count: usize, mut each: impl FnMut(usize, usize)) -> Result<(), KeyError> {
    if count == 1 {
        each(0, bytes.len());
        return Ok(());
    }
    let mut at = 0;
    for _ in 0..count {
        let mut reader = Reader::new(bytes.get(at..).ok_or(KeyError::Malformed)?);
        let length = usize::from(reader.u16().map_err(|_| KeyError::Malformed)?);
        let (start, end) = (at + 2, at + 2 + length);
        if bytes.get(end) != Some(&0) {
            return Err(KeyError::Malformed);
        }
        each(start, end);
        at = end + 1;
    }
    if at == bytes.len() { Ok(()) } else { Err(KeyError::Malformed) }
}
