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
    /// The offset of the node's clock, by its own comparisons.
    ClockOffset {
        /// Milliseconds that it is ahead of the median of its peers.
        ahead_ms: i64,
    },
}

/// The number of kinds of facts.
pub(crate) const FACT_KINDS: usize = 3;

impl Fact {
    /// The kind on the wire, and the values.
    pub(crate) fn to_values(self) -> (u8, [Option<u64>; 2]) {
        let values = match self {
            Fact::Epoch { lineage, index } => [Some(u64::from(lineage)), Some(index)],
            Fact::Load { bytes } => [Some(bytes), None],
            // Small numbers of either sign are short.
            Fact::ClockOffset { ahead_ms } => [Some(((ahead_ms << 1) ^ (ahead_ms >> 63)) as u64), None],
        };
        (self.kind() as u8, values)
    }

    /// Reads what [`Fact::to_values`] gave; `None` for a kind that this release does not know. Values that a later
    /// release adds are left out.
    pub(crate) fn from_values(kind: u8, values: &[u64]) -> Option<Fact> {
        match (kind, values) {
            (0, [lineage, index, ..]) => Some(Fact::Epoch { lineage: u32::try_from(*lineage).ok()?, index: *index }),
            (1, [bytes, ..]) => Some(Fact::Load { bytes: *bytes }),
            (2, [zigzag, ..]) => Some(Fact::ClockOffset { ahead_ms: (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64) }),
            _ => None,
        }
    }

    /// The index of the fact's kind, below [`FACT_KINDS`].
    pub(crate) fn kind(&self) -> usize {
        match self {
            Fact::Epoch { .. } => 0,
            Fact::Load { .. } => 1,
            Fact::ClockOffset { .. } => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_of_either_sign_are_read_back() {
        for ahead_ms in [0, 1, -1, 3_600_000, -3_600_000, i64::MAX, i64::MIN] {
            let fact = Fact::ClockOffset { ahead_ms };
            let (kind, values) = fact.to_values();
            let values: Vec<u64> = values.into_iter().flatten().collect();
            assert_eq!(Fact::from_values(kind, &values), Some(fact));
        }
        assert_eq!(Fact::ClockOffset { ahead_ms: -1 }.to_values().1, [Some(1), None]);
    }
}
