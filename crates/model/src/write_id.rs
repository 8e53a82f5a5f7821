//! The identity of a write.

use henge_base::Micros;

/// The issuer of a write and the time at which it was issued. No two requests have the same, for stamps of a member rise and its number
/// is never given to another; the parts of one request share it and differ by table and partition.
///
/// It goes with a mutation wherever that goes, unchanged: to replicas, into hints and into the batch log. Rows on disk do not hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId {
    /// The coordinator's clock, microseconds since the epoch, when it admitted the write. Purge fences are compared with it.
    pub issued: Micros,
    /// The coordinator's number as a member, or [`WriteId::NOBODY`].
    pub member: u16,
}

impl WriteId {
    /// The number in place of a member's for what nobody wrote as a client's request: repairs, which copy the writes of others, and
    /// mutations of a release that recorded no member. Numbers of members are far below.
    pub const NOBODY: u16 = u16::MAX;

    /// The identity of a repair. Repairs of one time may differ for each replica.
    pub fn of_repair(issued: Micros) -> WriteId {
        WriteId { issued, member: WriteId::NOBODY }
    }

    /// The write's member, if a member issued it as a write of its own.
    pub fn member(self) -> Option<u16> {
        Some(self.member).filter(|number| *number != WriteId::NOBODY)
    }
}
