//! Places in the metadata log. A placement is of one, and so is every plan that is made by it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A place in the log. Epochs of a later lineage are newer than all of an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch {
    /// The branch of the log. A new one begins only by an operator's override after a lost majority.
    pub lineage: u32,
    /// Number of entries so far; the first entry has 1, an empty log 0.
    pub index: u64,
}

impl Epoch {
    /// The epoch after this one.
    pub fn next(self) -> Epoch {
        Epoch { index: self.index + 1, ..self }
    }

    /// True if an entry of this epoch may follow on one of `last`: the next of its lineage, or the first of a later one.
    pub fn follows(self, last: Epoch) -> bool {
        self.index == last.index + 1 && (self.lineage == last.lineage || self.lineage == last.lineage + 1)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.lineage, self.index)
    }
}
