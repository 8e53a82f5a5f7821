//! QUERY.

use super::QueryParameters;
use crate::primitive::{ReadNotation, put_long_string};
use crate::{ProtocolError, Version};
use henge_base::Reader;

/// A statement as text, with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query<'a> {
    /// The statement's text.
    pub text: &'a str,
    /// The statement's parameters.
    pub parameters: QueryParameters<'a>,
}

impl<'a> Query<'a> {
    /// Decodes the message's body.
    pub fn decode(version: Version, body: &'a [u8]) -> Result<Self, ProtocolError> {
        let mut reader = Reader::new(body);
        Ok(Query { text: reader.long_string()?, parameters: QueryParameters::decode(&mut reader, version)? })
    }

    pub(super) fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        put_long_string(out, self.text);
        self.parameters.encode(version, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes the statement `SELECT` at ONE, with these flags and the bytes that follow them.
    fn read(version: Version, flags: &[u8], rest: &[u8]) -> Result<(), String> {
        let body = [&[0, 0, 0, 6][..], b"SELECT", &[0, 1], flags, rest].concat();
        Query::decode(version, &body).map(|_| ()).map_err(|e| e.to_string())
    }

    #[test]
    fn page_size_0_and_the_least_timestamp_are_refused() {
        assert!(read(Version::V4, &[0x04], &[0, 0, 0, 0]).is_err());
        assert!(read(Version::V4, &[0x04], &[0, 0, 0, 1]).is_ok());
        assert!(read(Version::V4, &[0x20], &i64::MIN.to_be_bytes()).is_err());
        assert!(read(Version::V4, &[0x20], &(-1i64).to_be_bytes()).is_ok());
    }

    #[test]
    fn flags_are_four_bytes_in_version_5() {
        assert!(read(Version::V5, &[0, 0, 1, 0x80], &[0, 1, b'k', 0, 0, 0, 9]).is_ok());
        assert!(read(Version::V5, &[0, 0, 1, 0x80], &[0, 1, b'k']).is_err());
        assert!(read(Version::V4, &[0x80], &[]).is_ok(), "before version 5 the bit means nothing");
    }

    #[test]
    fn a_negative_page_size_is_no_page_size() {
        let body = [&[0, 0, 0, 1][..], b"S", &[0, 1, 0x04], &(-5i32).to_be_bytes()].concat();
        assert_eq!(Query::decode(Version::V4, &body).unwrap().parameters.page_size, None);
    }
}
