//! Lists of replicas, as numbers of members: a host id has 16 bytes, a number two.

use henge_base::HostId;
use std::fmt;
use std::sync::Arc;

/// The number of a member: the count of members that joined the cluster before it. Never given to another one.
pub type MemberNumber = u16;

/// The host ids of members by number, those of removed members too.
pub type MemberIds = Arc<[HostId]>;

/// The replicas of a range, in the order of the strategy.
#[derive(Clone, Copy)]
pub struct Hosts<'a> {
    numbers: &'a [MemberNumber],
    ids: &'a [HostId],
}

impl<'a> Hosts<'a> {
    /// The list without members.
    pub const NONE: Hosts<'static> = Hosts { numbers: &[], ids: &[] };

    /// The members of these numbers, each an index of `ids`.
    pub(crate) fn new(numbers: &'a [MemberNumber], ids: &'a [HostId]) -> Hosts<'a> {
        debug_assert!(numbers.iter().all(|number| usize::from(*number) < ids.len()), "every number is a member's");
        Hosts { numbers, ids }
    }

    /// The host ids.
    pub fn iter(self) -> impl ExactSizeIterator<Item = HostId> + DoubleEndedIterator + Clone + use<'a> {
        self.numbers.iter().map(move |number| self.ids[usize::from(*number)])
    }

    /// The number of replicas.
    pub fn len(self) -> usize {
        self.numbers.len()
    }

    /// True if there are none.
    pub fn is_empty(self) -> bool {
        self.numbers.is_empty()
    }

    /// True if `host` is one of them.
    pub fn contains(self, host: HostId) -> bool {
        self.iter().any(|id| id == host)
    }

    /// The first replica: the owner of the range's token, by most strategies.
    pub fn primary(self) -> Option<HostId> {
        self.iter().next()
    }

    /// The host ids, to keep.
    pub fn to_vec(self) -> Vec<HostId> {
        self.iter().collect()
    }
}

impl PartialEq for Hosts<'_> {
    fn eq(&self, other: &Hosts<'_>) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Hosts<'_> {}

impl fmt::Debug for Hosts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
