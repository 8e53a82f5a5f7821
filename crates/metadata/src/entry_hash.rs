//! Hashes of entries: each entry names the one before it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The xxh3 hash, 128 bits, of an encoded entry. It tells entries of one cluster apart; it is no defence against forgery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryHash(u128);

impl EntryHash {
    /// The hash that the first entry names: there is no entry before it.
    pub const NONE: EntryHash = EntryHash(0);

    /// The hash of an entry's bytes.
    pub fn of(bytes: &[u8]) -> EntryHash {
        EntryHash(xxhash_rust::xxh3::xxh3_128(bytes))
    }
}

impl fmt::Display for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A text that is no hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash of the metadata log has 32 hexadecimal digits; {0:?} has not")]
pub struct BadHash(String);

impl FromStr for EntryHash {
    type Err = BadHash;

    fn from_str(text: &str) -> Result<Self, BadHash> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let hash = if digits { u128::from_str_radix(text, 16).ok() } else { None };
        hash.map(EntryHash).ok_or_else(|| BadHash(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_back_from_its_text() {
        let hash = EntryHash::of(b"entry");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for bad in ["", "0", &"g".repeat(32), &"0".repeat(33), &format!("+{}", "0".repeat(31))] {
            assert!(bad.parse::<EntryHash>().is_err(), "{bad}");
        }
    }
}
