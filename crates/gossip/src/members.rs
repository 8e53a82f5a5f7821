//! The members of the cluster, as the owner's log names them. Gossip takes nobody else up; on the wire a member is its
//! number, for a host id has 16 bytes.

use henge_base::HostId;
/// Members by host id and by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// In the order of host ids.
    numbers: Vec<(HostId, u16)>,
    /// By number; `None` where a member has left.
    hosts: Vec<Option<HostId>>,
}

impl Members {
    /// The number of a member; `None` for any other host.
    pub(crate) fn number_of(&self, host: HostId) -> Option<u16> {
        let at = self.numbers.binary_search_by_key(&host, |(host, _)| *host).ok()?;
        Some(self.numbers[at].1)
    }

    /// The member of a number.
    pub(crate) fn host_of(&self, number: u16) -> Option<HostId> {
        self.hosts.get(usize::from(number)).copied().flatten()
    }

    /// True if `host` is a member.
    pub fn contains(&self, host: HostId) -> bool {
        self.number_of(host).is_some()
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
        self.numbers.iter().map(|(host, _)| *host)
    }
}

impl FromIterator<(HostId, u16)> for Members {
    fn from_iter<I: IntoIterator<Item = (HostId, u16)>>(members: I) -> Self {
        let mut numbers: Vec<(HostId, u16)> = members.into_iter().collect();
        numbers.sort_unstable();
        numbers.dedup_by_key(|(host, _)| *host);
        let size = numbers.iter().map(|(_, number)| usize::from(*number) + 1).max().unwrap_or_default();
        let mut hosts = vec![None; size];
        numbers.iter().for_each(|(host, number)| hosts[usize::from(*number)] = Some(*host));
        Members { numbers, hosts }
    }
}
