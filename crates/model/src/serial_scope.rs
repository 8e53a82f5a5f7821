//! `serial_consistency` of a table: the voters of its conditional writes, where the levels have different ones.

use crate::Consistency;
use serde::{Deserialize, Serialize};

/// The replicas that decide a table's conditional writes. A quorum of one scope need not meet one of the other, so that neither sees
/// for certain what the other has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SerialScope {
    /// Those of all datacentres: SERIAL.
    Global,
    /// Those of the coordinator's datacentre: LOCAL_SERIAL.
    Local,
}

impl SerialScope {
    /// The scope of a level; `None` of one that decides nothing.
    pub fn of_level(level: Consistency) -> Option<SerialScope> {
        match level {
            Consistency::Serial => Some(SerialScope::Global),
            Consistency::LocalSerial => Some(SerialScope::Local),
            _ => None,
        }
    }

    /// The level of that scope.
    pub fn level(self) -> Consistency {
        match self {
            SerialScope::Global => Consistency::Serial,
            SerialScope::Local => Consistency::LocalSerial,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_has_one_level() {
        for level in Consistency::all() {
            let scope = SerialScope::of_level(level);
            assert_eq!(scope.map(SerialScope::level), level.is_serial().then_some(level));
        }
    }
}
