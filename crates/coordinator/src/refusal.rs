//! Why a replica refuses: one list, from its storage to the errors that clients see.

/// Why a replica refused. The numbers are those of a reply's status on the wire, where 0 is for a request that was served; none is
/// ever used for another reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[repr(u32)]
pub enum Refusal {
    /// The sender does not know the range's last change of placement, or the replica no longer owns the range.
    #[error("the sender's view of the ring is out of date")]
    StaleEpoch = 1,
    /// It has no such table, and knows at least as much of the metadata as the sender.
    #[error("unknown table")]
    UnknownTable = 2,
    /// Its storage cannot keep up.
    #[error("storage is stalled")]
    Stalled = 3,
    /// Its disk is full.
    #[error("the disk is full")]
    Full = 4,
    /// The rows that it stores, or the bytes that it was sent, are damaged.
    #[error("damaged data")]
    Corrupt = 5,
    /// It does not understand the message, or takes it for too large.
    #[error("the message is not understood")]
    Unsupported = 6,
    /// Anything else; the replica's log says what.
    #[error("failed")]
    Other = 7,
    /// The write comes too late: deletions of its time have been purged there.
    #[error("too late: deletions of its time have been purged")]
    Fenced = 8,
    /// Its index is not built yet.
    #[error("the index is not built yet")]
    NoIndex = 9,
    /// It has yet to hear of changes of the metadata that the sender knows, so it cannot tell whether there is such a table.
    #[error("the replica is behind with the cluster's metadata")]
    Behind = 10,
    /// It serves as many requests of this coordinator as it may.
    #[error("the replica is overloaded")]
    Overloaded = 11,
    /// The read goes over more deletions than `tombstone_failure_threshold`.
    #[error("too many tombstones")]
    TooManyTombstones = 12,
    /// The caller may not send this: it is no member of the cluster, or none any more.
    #[error("the caller is no member of the cluster")]
    Stranger = 13,
    /// The stamp or the ballot is further ahead of its clock than clocks may differ by.
    #[error("the stamp is too far ahead of the replica's clock")]
    ClockAhead = 14,
    /// It has just started, and nobody has confirmed yet that its data is the newest of its host.
    #[error("the replica has just started, and is not confirmed yet")]
    Unconfirmed = 15,
    /// The caller's process is not the one of its host that is admitted here: the caller asks to be, or ends.
    #[error("another process of the caller's host was admitted")]
    Superseded = 16,
}

impl Refusal {
    /// True if the replica has too much to do at present.
    pub fn is_overload(self) -> bool {
        matches!(self, Refusal::Stalled | Refusal::Overloaded)
    }

    /// All reasons.
    pub const ALL: [Refusal; 16] = [
        Refusal::StaleEpoch,
        Refusal::UnknownTable,
        Refusal::Stalled,
        Refusal::Full,
        Refusal::Corrupt,
        Refusal::Unsupported,
        Refusal::Other,
        Refusal::Fenced,
        Refusal::NoIndex,
        Refusal::Behind,
        Refusal::Overloaded,
        Refusal::TooManyTombstones,
        Refusal::Stranger,
        Refusal::ClockAhead,
        Refusal::Unconfirmed,
        Refusal::Superseded,
    ];

    /// Its number on the wire between nodes.
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// The refusal of a number, if this release knows it.
    pub fn of_code(code: u32) -> Option<Refusal> {
        Refusal::ALL.into_iter().find(|refusal| refusal.code() == code)
    }

    /// True if the replica has certainly done nothing. A failure for any other reason may have come halfway.
    pub fn is_definite(self) -> bool {
        !matches!(self, Refusal::Other | Refusal::Unsupported)
    }

    /// The native protocol's number for it, in the failure map of READ_FAILURE and WRITE_FAILURE.
    pub fn reason(self) -> u16 {
        match self {
            Refusal::TooManyTombstones => 1,
            Refusal::UnknownTable => 3,
            Refusal::NoIndex => 6,
            Refusal::StaleEpoch | Refusal::Behind | Refusal::Overloaded | Refusal::Stalled | Refusal::Full => 0,
            Refusal::ClockAhead
            | Refusal::Corrupt
            | Refusal::Fenced
            | Refusal::Unsupported
            | Refusal::Other
            | Refusal::Stranger
            | Refusal::Unconfirmed
            | Refusal::Superseded => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_the_codes_that_are_in_use() {
        let recorded = [
            (1, "StaleEpoch"),
            (2, "UnknownTable"),
            (3, "Stalled"),
            (4, "Full"),
            (5, "Corrupt"),
            (6, "Unsupported"),
            (7, "Other"),
            (8, "Fenced"),
            (9, "NoIndex"),
            (10, "Behind"),
            (11, "Overloaded"),
            (12, "TooManyTombstones"),
            (13, "Stranger"),
            (14, "ClockAhead"),
            (15, "Unconfirmed"),
            (16, "Superseded"),
        ];
        let codes = Refusal::ALL.map(|refusal| (refusal.code(), format!("{refusal:?}")));
        assert_eq!(codes, recorded.map(|(code, name)| (code, name.to_owned())));
        assert_eq!(Refusal::ALL.map(|refusal| Refusal::of_code(refusal.code())), Refusal::ALL.map(Some));
        assert_eq!((Refusal::of_code(0), Refusal::of_code(99)), (None, None));
    }
}
