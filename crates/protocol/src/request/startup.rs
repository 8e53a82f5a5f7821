//! STARTUP.

use crate::primitive::{ReadNotation, put_short, put_string, short_count};
use crate::{Compression, ProtocolError, Version};
use henge_base::Reader;

/// The message that sets up a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Startup<'a> {
    /// Every option as sent; keys may be in any case.
    pub options: Vec<(&'a str, &'a str)>,
    /// The compression for both directions; `None` leaves bodies as they are.
    pub compression: Option<Compression>,
}

const CQL_VERSION: &str = "CQL_VERSION";
const COMPRESSION: &str = "COMPRESSION";

impl<'a> Startup<'a> {
    /// A client's message: CQL 3.0.0, the driver's name and version, and compression if given.
    pub fn new(driver: &'a str, driver_version: &'a str, compression: Option<Compression>) -> Self {
        let mut options = vec![(CQL_VERSION, "3.0.0"), ("DRIVER_NAME", driver), ("DRIVER_VERSION", driver_version)];
        options.extend(compression.map(|c| (COMPRESSION, c.name())));
        Startup { options, compression }
    }

    /// Decodes and checks the message's body. Unknown options are kept and ignored.
    pub fn decode(version: Version, body: &'a [u8]) -> Result<Self, ProtocolError> {
        let mut reader = Reader::new(body);
        let count = reader.u16()?;
        let options = (0..count).map(|_| Ok((reader.string()?, reader.string()?)));
        let options = options.collect::<Result<Vec<_>, ProtocolError>>()?;
        let mut startup = Startup { options, compression: None };
        startup.check_cql_version()?;
        startup.compression = startup.parse_compression(version)?;
        Ok(startup)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        put_short(out, short_count(self.options.len(), "STARTUP options")?);
        for (key, value) in &self.options {
            put_string(out, key);
            put_string(out, value);
        }
        Ok(())
    }

    /// The value of an option; the case of keys is ignored.
    pub fn option(&self, key: &str) -> Option<&'a str> {
        self.options.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, value)| *value)
    }

    /// True if the client prefers an error over back-pressure on its socket when the node is overloaded.
    pub fn throws_on_overload(&self) -> bool {
        self.option("THROW_ON_OVERLOAD") == Some("1")
    }

    fn check_cql_version(&self) -> Result<(), ProtocolError> {
        let text = self.option(CQL_VERSION).ok_or_else(|| ProtocolError::new("STARTUP lacks CQL_VERSION"))?;
        let mut numbers = text.split(['.', '-', '+']).map(str::parse::<u32>);
        let major = match numbers.next() {
            Some(Ok(major)) => major,
            _ => return Err(ProtocolError::new(format!("{text:?} is not a version of CQL"))),
        };
        let minor = numbers.next().and_then(Result::ok).unwrap_or(0);
        match (major, minor) >= (2, 99) {
            true => Ok(()),
            false => Err(ProtocolError::new(format!("CQL version {text} is too old, 3.0.0 and later are supported"))),
        }
    }

    fn parse_compression(&self, version: Version) -> Result<Option<Compression>, ProtocolError> {
        let Some(name) = self.option(COMPRESSION) else { return Ok(None) };
        match Compression::from_name(name) {
            Some(Compression::Snappy) if version >= Version::V5 => {
                Err(ProtocolError::new(format!("Compression {name} is not available in protocol version {version}")))
            }
            Some(compression) => Ok(Some(compression)),
            None => Err(ProtocolError::new(format!("There is no compression {name:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(version: Version, options: &[(&'static str, &'static str)]) -> Result<Option<Compression>, String> {
        let mut out = Vec::new();
        Startup { options: options.to_vec(), compression: None }.encode(&mut out).unwrap();
        Startup::decode(version, &out).map(|s| s.compression).map_err(|e| e.to_string())
    }

    #[test]
    fn keys_come_in_any_case_and_the_version_is_checked() {
        assert_eq!(read(Version::V4, &[("cql_version", "3.0.0"), ("X", "y")]), Ok(None));
        assert_eq!(read(Version::V4, &[("CQL_VERSION", "4.0.0")]), Ok(None));
        assert!(read(Version::V4, &[]).is_err());
        assert!(read(Version::V4, &[("CQL_VERSION", "2.98.9")]).is_err());
        assert!(read(Version::V4, &[("CQL_VERSION", "three")]).is_err());
    }

    #[test]
    fn snappy_ends_with_version_4() {
        let snappy = [("CQL_VERSION", "3.0.0"), ("Compression", "Snappy")];
        assert_eq!(read(Version::V4, &snappy), Ok(Some(Compression::Snappy)));
        assert!(read(Version::V5, &snappy).is_err());
        assert!(read(Version::V4, &[("CQL_VERSION", "3.0.0"), ("COMPRESSION", "zip")]).is_err());
    }
}
