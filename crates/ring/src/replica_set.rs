//! Replica sets: the readers and writers of ranges, each distinct set kept once.

use crate::hosts::MemberNumber;
use serde::{Deserialize, Serialize};

/// The replicas of some ranges. Every reader takes writes: pending replicas come behind the readers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplicaSet {
    /// The replicas: the readers, in the order of the strategy, then nodes that only take writes.
    members: Box<[MemberNumber]>,
    /// The number of replicas that answer reads.
    readers: u16,
    /// The index of the log entry that last changed these replicas; 0 if computed by a strategy.
    since: u64,
}

impl ReplicaSet {
    /// A set with `readers`, and `pending` replicas that only take writes.
    pub fn new(readers: &[MemberNumber], pending: &[MemberNumber], since: u64) -> ReplicaSet {
        let members: Box<[MemberNumber]> = readers.iter().chain(pending).copied().collect();
        ReplicaSet { members, readers: readers.len() as u16, since }
    }

    /// The replicas that answer reads.
    pub fn readers(&self) -> &[MemberNumber] {
        &self.members[..usize::from(self.readers).min(self.members.len())]
    }

    /// The replicas that take writes: the readers, and pending ones.
    pub fn writers(&self) -> &[MemberNumber] {
        &self.members
    }

    /// The index of the log entry that last changed the replicas.
    pub fn since(&self) -> u64 {
        self.since
    }

    /// The first member that is named twice.
    pub(crate) fn repeated_member(&self) -> Option<MemberNumber> {
        let members = &self.members;
        members.iter().enumerate().find(|(at, member)| members[..*at].contains(member)).map(|(_, member)| *member)
    }
}
