//! Ballots: the numbers of rounds.

use henge_base::Micros;
use serde::{Deserialize, Serialize};

/// The number of a round. Rounds are ordered by time alone. Two ballots of the same microsecond differ and neither
/// follows the other, so at most one of them is ever accepted, and cells stamped with ballots are ordered as decisions
/// are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ballot {
    /// The proposer's hybrid logical clock, microseconds since the epoch. Zero means no round.
    #[serde(rename = "m")]
    pub micros: Micros,
    /// The replicas whose votes decide.
    #[serde(rename = "s")]
    pub scope: Scope,
    /// A number that differs between proposers.
    #[serde(rename = "n")]
    pub node: u64,
}

/// The replicas whose votes decide a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// All replicas (SERIAL).
    #[default]
    #[serde(rename = "g")]
    Global,
    /// The replicas of the proposer's datacentre (LOCAL_SERIAL).
    #[serde(rename = "l")]
    Local,
}

impl Ballot {
    /// No round; every round is after it.
    pub const NONE: Ballot = Ballot { micros: 0, scope: Scope::Global, node: 0 };

    /// True if this round is later than `other`.
    pub fn is_after(self, other: Ballot) -> bool {
        self.micros > other.micros
    }

    /// The later of two rounds; `self` if they have the same time.
    pub(crate) fn later(self, other: Ballot) -> Ballot {
        if other.is_after(self) { other } else { self }
    }
}
