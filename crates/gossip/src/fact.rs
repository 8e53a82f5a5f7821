//! Facts that a node tells about itself.

use serde::{Deserialize, Serialize};

/// A fact about a node that only the node itself can know. A newer fact of a kind replaces the older.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// The last epoch of the cluster's metadata that the node has.
    Epoch {
        /// The branch of the log.
        lineage: u32,
        /// The index of the entry in that branch.
        index: u64,
    },
    /// The amount of data that the node stores.
    Load {
        /// Bytes on disk.
        bytes: u64,
    },
}

/// The number of kinds of facts.
pub(crate) const FACT_KINDS: usize = 2;

impl Fact {
    /// The index of the fact's kind, below [`FACT_KINDS`].
    pub(crate) fn kind(&self) -> usize {
        match self {
            Fact::Epoch { .. } => 0,
            Fact::Load { .. } => 1,
        }
    }
}
