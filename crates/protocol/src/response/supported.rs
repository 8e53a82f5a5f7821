//! SUPPORTED.

use crate::primitive::{ReadNotation, put_short, put_string, put_string_list};
use crate::{Compression, ProtocolError, Version};
use henge_base::Reader;
use std::collections::BTreeMap;

/// The options that STARTUP accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supported {
    /// The accepted values by option.
    pub options: BTreeMap<String, Vec<String>>,
}

impl Supported {
    /// The versions and compressions of this crate, and a version of CQL such as `3.4.7`.
    pub fn new(cql_version: &str) -> Self {
        let compressions = [Compression::Snappy, Compression::Lz4].map(|c| c.name().to_owned());
        let options = [
            ("CQL_VERSION", vec![cql_version.to_owned()]),
            ("COMPRESSION", compressions.to_vec()),
            ("PROTOCOL_VERSIONS", Version::descriptions()),
        ];
        Supported { options: options.into_iter().map(|(key, values)| (key.to_owned(), values)).collect() }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put_short(out, self.options.len() as u16);
        for (key, values) in &self.options {
            put_string(out, key);
            put_string_list(out, values);
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, ProtocolError> {
        let mut options = BTreeMap::new();
        for _ in 0..reader.u16()? {
            let key = reader.string()?.to_owned();
            options.insert(key, reader.string_list()?.into_iter().map(str::to_owned).collect());
        }
        Ok(Supported { options })
    }
}
