//! The members of the cluster, as the owner's log names them. Gossip takes nobody else up; on the wire a member is its
//! number, for a host id has 16 bytes.

use henge_base::HostId;
use std::collections::BTreeMap;

/// Members by host id and by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    numbers: BTreeMap<HostId, u16>,
    hosts: BTreeMap<u16, HostId>,
}

impl Members {
    /// The number of a member; `None` for any other host.
    pub(crate) fn number_of(&self, host: HostId) -> Option<u16> {
        self.numbers.get(&host).copied()
    }

    /// The member of a number.
    pub(crate) fn host_of(&self, number: u16) -> Option<HostId> {
        self.hosts.get(&number).copied()
    }

    /// True if `host` is a member.
    pub fn contains(&self, host: HostId) -> bool {
        self.numbers.contains_key(&host)
    }

    /// The count of members.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The members, in the order of their host ids.
    pub fn hosts(&self) -> impl Iterator<Item = HostId> {
        self.numbers.keys().copied()
    }
}

impl FromIterator<(HostId, u16)> for Members {
    fn from_iter<I: IntoIterator<Item = (HostId, u16)>>(members: I) -> Self {
        let numbers: BTreeMap<HostId, u16> = members.into_iter().collect();
        let hosts = numbers.iter().map(|(host, number)| (*number, *host)).collect();
        Members { numbers, hosts }
    }
}
