//! The replicas of a range as numbers of members: to make a placement of, and as a placement holds them.

use crate::hosts::MemberNumber;

/// The replicas of some ranges. Every reader takes writes: pending replicas come behind the readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaSet {
    members: Box<[MemberNumber]>,
    readers: u16,
    since: u64,
}

impl ReplicaSet {
    /// A set with `readers`, and `pending` replicas that only take writes. `since` is the index of the log entry that last changed these
    /// replicas; 0 if computed by a strategy.
    pub fn new(readers: &[MemberNumber], pending: &[MemberNumber], since: u64) -> ReplicaSet {
        let members: Box<[MemberNumber]> = readers.iter().chain(pending).copied().collect();
        ReplicaSet { members, readers: readers.len() as u16, since }
    }

    pub(crate) fn as_ref(&self) -> SetRef<'_> {
        SetRef { members: &self.members, readers: self.readers, since: self.since }
    }
}

/// A replica set in a list of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SetRef<'a> {
    /// The replicas: the readers, in the order of the strategy, then nodes that only take writes.
    pub(crate) members: &'a [MemberNumber],
    /// The number of replicas that answer reads.
    pub(crate) readers: u16,
    /// The index of the log entry that last changed these replicas; 0 if computed by a strategy.
    pub(crate) since: u64,
}

impl<'a> SetRef<'a> {
    /// The replicas that answer reads.
    pub(crate) fn readers(self) -> &'a [MemberNumber] {
        &self.members[..usize::from(self.readers)]
    }

    /// The replicas that only take writes.
    pub(crate) fn pending(self) -> &'a [MemberNumber] {
        &self.members[usize::from(self.readers)..]
    }

    /// The first member that is named twice.
    pub(crate) fn repeated_member(self) -> Option<MemberNumber> {
        let members = self.members;
        members.iter().enumerate().find(|(at, member)| members[..*at].contains(member)).map(|(_, member)| *member)
    }
}
