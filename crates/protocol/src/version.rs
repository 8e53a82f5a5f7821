//! The protocol versions that Henge speaks.

use std::fmt;

/// A protocol version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)] // Named by their numbers.
pub enum Version {
    V3 = 3,
    V4 = 4,
    V5 = 5,
}

impl Version {
    /// The newest version; answers to unknown versions carry it in their header.
    pub const NEWEST: Version = Version::V5;

    /// Every version, oldest first.
    pub const ALL: [Version; 3] = [Version::V3, Version::V4, Version::V5];

    /// The version with this number, which is the low seven bits of a header's first byte; `None` if Henge does not
    /// speak it.
    pub fn from_number(number: u8) -> Option<Version> {
        Version::ALL.into_iter().find(|v| *v as u8 == number)
    }

    /// The version's number.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The values of `PROTOCOL_VERSIONS` in SUPPORTED: `3/v3`, `4/v4`, `5/v5`.
    pub fn descriptions() -> Vec<String> {
        Version::ALL.iter().map(Version::to_string).collect()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{0}/v{0}", self.number())
    }
}
