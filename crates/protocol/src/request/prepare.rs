//! PREPARE.

use crate::primitive::{ReadNotation, put_int, put_long_string, put_string};
use crate::{ProtocolError, Version};
use henge_base::Reader;

/// A statement to prepare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepare<'a> {
    /// The statement's text.
    pub text: &'a str,
    /// The keyspace in effect for this request, in place of the connection's (v5).
    pub keyspace: Option<&'a str>,
}

const KEYSPACE: u32 = 0x01;

impl<'a> Prepare<'a> {
    /// Decodes the message's body.
    pub fn decode(version: Version, body: &'a [u8]) -> Result<Self, ProtocolError> {
        let mut reader = Reader::new(body);
        let text = reader.long_string()?;
        let flags = if version >= Version::V5 { reader.u32()? } else { 0 };
        let keyspace = if flags & KEYSPACE != 0 { Some(reader.string()?) } else { None };
        Ok(Prepare { text, keyspace })
    }

    pub(super) fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        put_long_string(out, self.text);
        match (version, self.keyspace) {
            (Version::V5, None) => put_int(out, 0),
            (Version::V5, Some(keyspace)) => {
                put_int(out, KEYSPACE as i32);
                put_string(out, keyspace);
            }
            (_, None) => {}
            (_, Some(_)) => return Err(ProtocolError::new("A keyspace for one request needs protocol version 5")),
        }
        Ok(())
    }
}
