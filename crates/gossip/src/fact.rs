//! What a node tells of itself.

use serde::{Deserialize, Serialize};

/// Something about a node that only the node itself can know. A newer one of a kind replaces the older.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// The last epoch of the cluster's metadata it has.
    Epoch {
        /// Line of the log.
        lineage: u32,
        /// Entry in that line.
        index: u64,
    },
    /// What it stores.
    Load {
        /// In bytes on disk.
        bytes: u64,
    },
}

/// Kinds of facts.
pub(crate) const KINDS: usize = 2;

impl Fact {
    /// Which place of [`KINDS`] the fact has.
    pub(crate) fn kind(&self) -> usize {
        match self {
            Fact::Epoch { .. } => 0,
            Fact::Load { .. } => 1,
        }
    }
}
