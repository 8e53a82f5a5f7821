//! EXECUTE.

use super::QueryParameters;
use crate::primitive::{ReadNotation, put_short_bytes};
use crate::{ProtocolError, Version};
use henge_base::Reader;

/// A prepared statement's id, with parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execute<'a> {
    /// The statement's id, as PREPARE returned it.
    pub id: &'a [u8],
    /// The id of the result columns that the client knows (v5).
    pub metadata_id: Option<&'a [u8]>,
    /// The parameters.
    pub parameters: QueryParameters<'a>,
}

impl<'a> Execute<'a> {
    /// Decodes the message's body.
    pub fn decode(version: Version, body: &'a [u8]) -> Result<Self, ProtocolError> {
        let mut reader = Reader::new(body);
        let id = reader.short_bytes()?;
        let metadata_id = if version >= Version::V5 { Some(reader.short_bytes()?) } else { None };
        Ok(Execute { id, metadata_id, parameters: QueryParameters::decode(&mut reader, version)? })
    }

    pub(super) fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        put_short_bytes(out, self.id);
        if version >= Version::V5 {
            put_short_bytes(out, self.metadata_id.unwrap_or_default());
        }
        self.parameters.encode(version, out)
    }
}
