//! Ballots.

use henge_base::Micros;
use serde::{Deserialize, Serialize};

/// The number of a round. Rounds are ordered by time alone; two ballots of one microsecond are different and neither follows on
/// the other, so that at most one of them is ever accepted, and cells stamped with ballots are ordered as decisions are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ballot {
    /// The proposer's hybrid logical clock, microseconds since 1970. Zero of no round at all.
    #[serde(rename = "m")]
    pub micros: Micros,
    /// Whose votes decide.
    #[serde(rename = "s")]
    pub scope: Scope,
    /// Tells proposers apart.
    #[serde(rename = "n")]
    pub node: u64,
}

/// Whose votes decide a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// All replicas (SERIAL).
    #[default]
    #[serde(rename = "g")]
    Global,
    /// Those of the proposer's datacentre (LOCAL_SERIAL).
    #[serde(rename = "l")]
    Local,
}

impl Ballot {
    /// No round: before all others.
    pub const NONE: Ballot = Ballot { micros: 0, scope: Scope::Global, node: 0 };

    /// Whether it follows on another.
    pub fn is_after(self, other: Ballot) -> bool {
        self.micros > other.micros
    }

    /// The later of two; of two at one moment the first.
    pub(crate) fn later(self, other: Ballot) -> Ballot {
        if other.is_after(self) { other } else { self }
    }
}
