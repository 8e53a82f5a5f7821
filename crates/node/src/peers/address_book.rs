//! The addresses of members: as the log has them, and where members were found that are elsewhere. docs/protocols/joining.md tells
//! when they are looked for.

use henge_base::HostId;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

/// The addresses of other members.
#[derive(Debug, Default)]
pub(crate) struct AddressBook {
    state: Mutex<BookState>,
    /// True if there are unreached members: calls that are answered look here first.
    has_unreached: AtomicBool,
}

#[derive(Debug, Default)]
struct BookState {
    /// As the log has them.
    logged: BTreeMap<HostId, SocketAddr>,
    /// Members that are not where the log has them.
    found: BTreeMap<HostId, SocketAddr>,
    /// Members to which the last call could not be sent: nobody is at their address, or another host.
    unreached: BTreeSet<HostId>,
}

impl AddressBook {
    /// Takes the addresses in the log. A member stays where it was found: an entry that gives it another address may say only that its
    /// old one has gone to somebody else.
    pub(crate) fn set_logged(&self, logged: BTreeMap<HostId, SocketAddr>) {
        let mut state = self.state.lock();
        state.found.retain(|host, address| logged.get(host).is_some_and(|logged| logged != address));
        state.unreached.retain(|host| logged.contains_key(host));
        state.logged = logged;
    }

    /// Notes where a member is. The address if that is news, `None` of others and of one that is there already.
    pub(crate) fn note(&self, host: HostId, address: SocketAddr) -> Option<SocketAddr> {
        let mut state = self.state.lock();
        let logged = *state.logged.get(&host)?;
        let before = match address == logged {
            true => state.found.remove(&host),
            false => state.found.insert(host, address),
        };
        (before.unwrap_or(logged) != address).then_some(address)
    }

    /// The address at which a member is called.
    pub(crate) fn address(&self, host: HostId) -> Option<SocketAddr> {
        let state = self.state.lock();
        state.found.get(&host).or_else(|| state.logged.get(&host)).copied()
    }

    /// The members that are not where the log has them.
    pub(crate) fn moved_members(&self) -> Vec<(HostId, SocketAddr)> {
        self.state.lock().found.iter().map(|(host, address)| (*host, *address)).collect()
    }

    /// Records whether a call to a member could be sent, or was answered.
    pub(crate) fn record_call(&self, host: HostId, is_reached: bool) {
        if is_reached && !self.has_unreached.load(Ordering::Relaxed) {
            return;
        }
        let unreached = &mut self.state.lock().unreached;
        if is_reached {
            unreached.remove(&host);
        } else {
            unreached.insert(host);
        }
        self.has_unreached.store(!unreached.is_empty(), Ordering::Relaxed);
    }

    /// True if the last call to a member could not be sent.
    pub(crate) fn is_unreached(&self, host: HostId) -> bool {
        self.has_unreached.load(Ordering::Relaxed) && self.state.lock().unreached.contains(&host)
    }

    /// The address where the log has a member that was found elsewhere.
    pub(crate) fn former_address(&self, host: HostId) -> Option<SocketAddr> {
        let state = self.state.lock();
        state.found.contains_key(&host).then(|| state.logged.get(&host).copied()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn host(number: u128) -> HostId {
        HostId(Uuid::from_u128(number))
    }

    fn at(number: u8) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, number], 7000))
    }

    #[test]
    fn a_member_is_where_it_was_found_until_it_is_found_elsewhere() {
        let book = AddressBook::default();
        assert_eq!(book.note(host(1), at(9)), None, "no member");
        book.set_logged([(host(1), at(1)), (host(2), at(2))].into());
        assert_eq!(book.note(host(1), at(1)), None, "known");
        assert_eq!((book.note(host(1), at(9)), book.note(host(1), at(9))), (Some(at(9)), None));
        book.set_logged([(host(1), at(1)), (host(2), at(3))].into());
        assert_eq!((book.address(host(1)), book.address(host(2))), (Some(at(9)), Some(at(3))));
        assert_eq!((book.moved_members(), book.former_address(host(1))), (vec![(host(1), at(9))], Some(at(1))));
        book.set_logged([(host(1), at(8))].into());
        assert_eq!((book.address(host(1)), book.address(host(2))), (Some(at(9)), None));
        book.set_logged([(host(1), at(9))].into());
        assert_eq!((book.moved_members(), book.address(host(1))), (Vec::new(), Some(at(9))), "the log has it");
        book.set_logged([(host(1), at(8))].into());
        assert_eq!((book.note(host(1), at(7)), book.note(host(1), at(8))), (Some(at(7)), Some(at(8))), "it is back");
        assert_eq!(book.moved_members(), []);
    }

    #[test]
    fn members_that_calls_do_not_reach_are_known_until_one_answers() {
        let book = AddressBook::default();
        book.set_logged([(host(1), at(1)), (host(2), at(2))].into());
        book.record_call(host(1), true);
        book.record_call(host(1), false);
        book.record_call(host(2), false);
        assert!(book.is_unreached(host(1)) && book.is_unreached(host(2)));
        book.record_call(host(1), true);
        book.set_logged([(host(1), at(1))].into());
        assert!(!book.is_unreached(host(1)) && !book.is_unreached(host(2)));
    }
}
