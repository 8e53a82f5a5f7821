//! Accounts of clients: requests under way and their bytes, and the room that is left for answers.

use super::overload::Overload;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::Semaphore;

/// Statements of one address that are prepared, or wait for room for their answer, at once: each may be far larger than its text.
const PREPARES_MAX: usize = 2;

/// The unit in which room for answers is leased.
pub(super) const UNIT_BYTES: usize = 1 << 10;

/// All that is under way, over all connections.
#[derive(Debug)]
pub(crate) struct Intake {
    requests: AtomicUsize,
    bytes: AtomicUsize,
    /// Room for answers, in units of [`UNIT_BYTES`].
    pub(super) answers: Semaphore,
    pub(super) limits: IntakeLimits,
    accounts: Mutex<HashMap<IpAddr, Weak<ClientAccount>>>,
}

/// The limits of what is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IntakeLimits {
    /// Of all clients.
    pub(crate) node: Limits,
    /// Of the clients of one address.
    pub(crate) address: Limits,
    /// Of one connection.
    pub(crate) connection: ConnectionLimits,
}

/// The limits of one connection. Beyond them it waits, and keeps no other connection of its address waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionLimits {
    /// Bytes of requests in flight, from which on no more are read.
    pub(crate) bytes: usize,
    /// Bytes of answers, beyond which only an answer goes that is the connection's only one.
    pub(crate) answers: usize,
}

/// Limits of what is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Requests (`native_transport_max_concurrent_requests`).
    pub(crate) requests: usize,
    /// Bytes of requests (`native_transport_max_request_data_in_flight`, and the same `_per_ip`).
    pub(crate) bytes: usize,
    /// Bytes of answers.
    pub(crate) answers: usize,
}

/// The account of the clients of one address. Of IPv6, the first half of the address counts: one client has all of the other.
#[derive(Debug)]
pub(crate) struct ClientAccount {
    pub(super) intake: Arc<Intake>,
    ip: IpAddr,
    requests: AtomicUsize,
    bytes: AtomicUsize,
    pub(super) answers: Semaphore,
    pub(super) prepares: Semaphore,
}

impl Intake {
    pub(crate) fn new(limits: IntakeLimits) -> Arc<Intake> {
        Arc::new(Intake {
            requests: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            answers: Semaphore::new(units(limits.node.answers)),
            limits,
            accounts: Mutex::default(),
        })
    }

    /// The account of a client's address.
    pub(crate) fn account(self: &Arc<Intake>, ip: IpAddr) -> Arc<ClientAccount> {
        let ip = client_of(ip);
        let mut accounts = self.accounts.lock();
        if let Some(account) = accounts.get(&ip).and_then(Weak::upgrade) {
            return account;
        }
        let account = Arc::new(ClientAccount {
            intake: Arc::clone(self),
            ip,
            requests: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            answers: Semaphore::new(units(self.limits.address.answers)),
            prepares: Semaphore::new(PREPARES_MAX),
        });
        accounts.insert(ip, Arc::downgrade(&account));
        account
    }
}

pub(super) fn units(bytes: usize) -> usize {
    bytes.div_ceil(UNIT_BYTES).min(u32::MAX as usize)
}

/// The part of an address that tells clients apart.
pub(crate) fn client_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
        ip => ip,
    }
}

impl Drop for ClientAccount {
    fn drop(&mut self) {
        let mut accounts = self.intake.accounts.lock();
        // Another client may have come from there meanwhile.
        if accounts.get(&self.ip).is_some_and(|account| account.strong_count() == 0) {
            accounts.remove(&self.ip);
        }
    }
}

impl ClientAccount {
    pub(crate) fn ip(&self) -> IpAddr {
        self.ip
    }

    /// Counts requests and bytes, beyond the limits too; the error says that they are.
    pub(super) fn take(&self, requests: usize, bytes: usize) -> Result<(), Overload> {
        let (intake, IntakeLimits { node, address, .. }) = (&self.intake, self.intake.limits);
        let used = [(&intake.requests, &intake.bytes, node), (&self.requests, &self.bytes, address)].map(
            |(all, all_bytes, limits)| {
                let of_requests = all.fetch_add(requests, Ordering::Relaxed) + requests;
                (of_requests, all_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes, limits)
            },
        );
        for (requests, _, limits) in used {
            if requests > limits.requests {
                return Err(Overload::Requests(limits.requests));
            }
        }
        let [(_, of_node, _), (_, of_address, _)] = used;
        if of_node > node.bytes || of_address > address.bytes {
            let (address_max, node_max) = (address.bytes, node.bytes);
            return Err(Overload::Bytes { address: of_address, address_max, node: of_node, node_max });
        }
        Ok(())
    }

    /// Takes back what was counted.
    pub(super) fn give_back(&self, requests: usize, bytes: usize) {
        for (all, all_bytes) in [(&self.intake.requests, &self.intake.bytes), (&self.requests, &self.bytes)] {
            all.fetch_sub(requests, Ordering::Relaxed);
            all_bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ConnectionAccount;
    use super::*;
    use henge_protocol::ErrorResponse;

    fn intake(requests: usize, bytes: usize) -> Arc<Intake> {
        let of = |part: usize| Limits { requests: requests / part, bytes: bytes / part, answers: 1 << 20 };
        let connection = ConnectionLimits { bytes: bytes / 4, answers: 1 << 20 };
        Intake::new(IntakeLimits { node: of(1), address: of(2), connection })
    }

    fn connection(intake: &Arc<Intake>, last: u8) -> Arc<ConnectionAccount> {
        ConnectionAccount::new(intake.account(ip(last)))
    }

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn requests_are_taken_in_up_to_a_number() {
        let intake = intake(4, 1_000);
        let [ann, bob, cid] = [1, 2, 3].map(|last| connection(&intake, last));
        let first = ann.admit(10).unwrap();
        let _second = ann.admit(10).unwrap();
        assert_eq!(ann.admit(10).unwrap_err(), Overload::Requests(2), "of one address");
        assert_eq!(ann.admit(10).unwrap_err(), Overload::Requests(2), "a refused one leaves nothing behind");
        let _others = [bob.admit(10).unwrap(), bob.admit(10).unwrap()];
        assert_eq!(cid.admit(10).unwrap_err(), Overload::Requests(4), "of all");
        drop(first);
        assert!(cid.admit(10).is_ok());
    }

    #[test]
    fn requests_are_taken_in_up_to_their_bytes() {
        let intake = intake(10, 200);
        let [ann, bob] = [1, 2].map(|last| connection(&intake, last));
        let first = ann.reserve(60).unwrap();
        let refused = ann.admit(41).unwrap_err();
        assert_eq!(
            ErrorResponse::from(refused).message,
            "Request breached limit on bytes in flight. (Endpoint: 101/100 bytes, Global: 101/200 bytes.) Server is currently in an \
             overloaded state and cannot accept more requests."
        );
        let whole = ann.admit(40).unwrap().join(first);
        assert!(ann.admit(1).is_err() && bob.admit(100).is_ok(), "one address leaves room for others");
        drop(whole);
        assert!(ann.admit(100).is_ok());
    }

    #[test]
    fn an_address_is_forgotten_with_its_last_client() {
        let intake = intake(4, 100);
        let held = intake.account(ip(1));
        assert!(Arc::ptr_eq(&held, &intake.account("::ffff:192.0.2.1".parse().unwrap())));
        let six = intake.account("2001:db8::1".parse().unwrap());
        assert!(Arc::ptr_eq(&six, &intake.account("2001:db8::ffff:2".parse().unwrap())), "one client has all of them");
        assert_eq!(intake.accounts.lock().len(), 2);
        let admitted = ConnectionAccount::new(held).admit(1).unwrap();
        drop(six);
        assert_eq!(intake.accounts.lock().len(), 1, "as long as something is under way");
        drop(admitted);
        assert!(intake.accounts.lock().is_empty());
    }
}
