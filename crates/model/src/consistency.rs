//! Consistency levels, with their numbers in the native protocol.

use std::fmt;
use std::str::FromStr;

/// The number and place of the replicas that must answer. Numbers are those of the native protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
#[allow(missing_docs)] // Each variant is the CQL level of its name.
pub enum Consistency {
    Any = 0,
    One = 1,
    Two = 2,
    Three = 3,
    Quorum = 4,
    All = 5,
    LocalQuorum = 6,
    EachQuorum = 7,
    Serial = 8,
    LocalSerial = 9,
    LocalOne = 10,
}

const NAMES: [(Consistency, &str); 11] = [
    (Consistency::Any, "ANY"),
    (Consistency::One, "ONE"),
    (Consistency::Two, "TWO"),
    (Consistency::Three, "THREE"),
    (Consistency::Quorum, "QUORUM"),
    (Consistency::All, "ALL"),
    (Consistency::LocalQuorum, "LOCAL_QUORUM"),
    (Consistency::EachQuorum, "EACH_QUORUM"),
    (Consistency::Serial, "SERIAL"),
    (Consistency::LocalSerial, "LOCAL_SERIAL"),
    (Consistency::LocalOne, "LOCAL_ONE"),
];

impl Consistency {
    /// Every level, in the order of its protocol number.
    pub fn all() -> impl Iterator<Item = Consistency> {
        NAMES.iter().map(|(level, _)| *level)
    }

    /// The level with this protocol number; `None` if there is none.
    pub fn from_code(code: u16) -> Option<Consistency> {
        NAMES.get(usize::from(code)).map(|(level, _)| *level)
    }

    /// The level's number in the native protocol.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// The level's name as users write it, in capitals.
    pub fn name(self) -> &'static str {
        NAMES[self as usize].1
    }

    /// True for SERIAL and LOCAL_SERIAL.
    pub fn is_serial(self) -> bool {
        matches!(self, Consistency::Serial | Consistency::LocalSerial)
    }
}

impl fmt::Display for Consistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Consistency {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(s)).map(|(level, _)| *level).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_go_both_ways() {
        for level in Consistency::all() {
            assert_eq!(Consistency::from_code(level.code()), Some(level));
            assert_eq!(level.name().to_lowercase().parse(), Ok(level));
        }
        assert_eq!(Consistency::from_code(11), None);
    }
}
