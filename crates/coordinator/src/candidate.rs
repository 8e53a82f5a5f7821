//! Replicas that may be read.

use henge_base::HostId;
use smallvec::SmallVec;

/// A replica that may be read: it is up, and its answer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) host: HostId,
    pub(crate) group: usize,
}

/// Candidates in the order in which they are asked.
pub(crate) type Candidates = SmallVec<[Candidate; 3]>;

/// True if no host is named twice. Quadratic: for a handful of hosts.
pub(crate) fn are_distinct(hosts: impl Iterator<Item = HostId>) -> bool {
    let hosts: SmallVec<[HostId; 8]> = hosts.collect();
    hosts.iter().enumerate().all(|(at, host)| !hosts[..at].contains(host))
}
