//! Facts that a node tells about itself.

/// A fact about a node that only the node itself can know. A newer fact of a kind replaces the older.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// The kind on the wire, and the values.
    pub(crate) fn to_values(self) -> (u8, [Option<u64>; 2]) {
        let values = match self {
            Fact::Epoch { lineage, index } => [Some(u64::from(lineage)), Some(index)],
            Fact::Load { bytes } => [Some(bytes), None],
        };
        (self.kind() as u8, values)
    }

    /// Reads what [`Fact::to_values`] gave; `None` for a kind that this release does not know. Values that a later
    /// release adds are left out.
    pub(crate) fn from_values(kind: u8, values: &[u64]) -> Option<Fact> {
        match (kind, values) {
            (0, [lineage, index, ..]) => Some(Fact::Epoch { lineage: u32::try_from(*lineage).ok()?, index: *index }),
            (1, [bytes, ..]) => Some(Fact::Load { bytes: *bytes }),
            _ => None,
        }
    }

    /// The index of the fact's kind, below [`FACT_KINDS`].
    pub(crate) fn kind(&self) -> usize {
        match self {
            Fact::Epoch { .. } => 0,
            Fact::Load { .. } => 1,
        }
    }
}
