//! Deliberate bugs.

/// Deliberate bugs, each off. Only the simulator switches one on, to prove that its checks can fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Counts one answer too few as a quorum.
    pub quorum_off_by_one: bool,
    /// Proposes over what another round may have decided.
    pub ignore_accepted: bool,
    /// Writes the parts of a logged batch one by one, without a log, until one of them fails.
    pub unlogged_batches: bool,
    /// Takes rows that replicas' indexes name without checking them.
    pub trust_indexes: bool,
    /// Stamps read repairs with time zero.
    pub mend_at_zero: bool,
    /// Asks no other replica in place of one that is late.
    pub wait_for_silent: bool,
    /// Takes a majority of all replicas, pending ones among them, for a quorum.
    pub majority_of_all: bool,
    /// Sends writes to none of the replicas that are about to own their range.
    pub skip_pending: bool,
    /// Sends what reads find to none of the replicas that are about to own their range.
    pub mend_readers_only: bool,
    /// Takes the rows of others for those of a decision that only a replica had which is about to own the range, and is not read.
    pub trust_unread_commits: bool,
    /// Has the page of a scan go on at the number of its piece instead of its key.
    pub number_pages: bool,
}
