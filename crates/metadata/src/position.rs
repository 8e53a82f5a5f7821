//! The end of a log.

use crate::EntryHash;
use henge_ring::Epoch;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The end of a log: its last entry's epoch and hash. Two logs with one position are one log up to there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The last entry's epoch.
    pub epoch: Epoch,
    /// The last entry's hash; [`EntryHash::NONE`] for an empty log.
    pub hash: EntryHash,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.epoch, self.hash)
    }
}
