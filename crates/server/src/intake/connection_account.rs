//! The account of one connection: its part of what the clients of its address have in flight.

use super::account::{ClientAccount, UNIT_BYTES};
use super::overload::Overload;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The account.
#[derive(Debug)]
pub(crate) struct ConnectionAccount {
    pub(super) client: Arc<ClientAccount>,
    /// Bytes of requests in flight, and of one that has begun to arrive.
    request_bytes: AtomicUsize,
    /// The connection's part of the room for answers, as far as it is free.
    pub(super) answers: Semaphore,
    /// The statement that is prepared, or waits for room for its answer: one at a time.
    prepares: Semaphore,
}

/// Requests and bytes that were taken in; they count until this is dropped.
#[derive(Debug)]
pub(crate) struct Admission {
    account: Arc<ConnectionAccount>,
    requests: usize,
    bytes: usize,
}

/// A turn to prepare a statement: the connection's, and one of its address.
pub(crate) struct PrepareTurn<'a> {
    _own: SemaphorePermit<'a>,
    _of_address: SemaphorePermit<'a>,
}

impl ConnectionAccount {
    pub(crate) fn new(client: Arc<ClientAccount>) -> Arc<ConnectionAccount> {
        let units = client.intake.limits.connection.answers / UNIT_BYTES;
        Arc::new(ConnectionAccount {
            client,
            request_bytes: AtomicUsize::new(0),
            answers: Semaphore::new(units),
            prepares: Semaphore::new(1),
        })
    }

    /// The address of its client.
    pub(crate) fn ip(&self) -> IpAddr {
        self.client.ip()
    }

    /// Bytes of requests in flight beside those of `arriving`, which has begun to arrive.
    pub(crate) fn request_bytes(&self, arriving: Option<&Admission>) -> usize {
        self.request_bytes.load(Ordering::Relaxed).saturating_sub(arriving.map_or(0, Admission::bytes))
    }

    /// The bytes of requests in flight from which on no more are to be taken in.
    pub(crate) fn request_bytes_max(&self) -> usize {
        self.client.intake.limits.connection.bytes
    }

    /// Takes in a request of so many bytes, if there is room.
    pub(crate) fn admit(self: &Arc<ConnectionAccount>, bytes: usize) -> Result<Admission, Overload> {
        self.take(1, bytes)
    }

    /// Takes in the bytes of a request that has begun to arrive.
    pub(crate) fn reserve(self: &Arc<ConnectionAccount>, bytes: usize) -> Result<Admission, Overload> {
        self.take(0, bytes)
    }

    fn take(self: &Arc<ConnectionAccount>, requests: usize, bytes: usize) -> Result<Admission, Overload> {
        // First, since dropping it takes back what was counted.
        let admission = Admission { account: Arc::clone(self), requests, bytes };
        self.request_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.client.take(requests, bytes).map(|()| admission)
    }

    /// Waits for the turn to prepare a statement: its own first, so that a connection which prepares many keeps no other waiting.
    pub(crate) async fn prepare_turn(&self) -> PrepareTurn<'_> {
        let own = self.prepares.acquire().await.expect("nobody closes it");
        let of_address = self.client.prepares.acquire().await.expect("nobody closes it");
        PrepareTurn { _own: own, _of_address: of_address }
    }
}

impl Admission {
    /// Both as one.
    pub(crate) fn join(mut self, mut other: Admission) -> Admission {
        self.requests += std::mem::take(&mut other.requests);
        self.bytes += std::mem::take(&mut other.bytes);
        self
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.account.request_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.account.client.give_back(self.requests, self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ConnectionLimits, Intake, IntakeLimits, Limits};
    use super::*;
    use futures_util::FutureExt;

    /// Two connections of one address.
    fn connections() -> [Arc<ConnectionAccount>; 2] {
        let limits = Limits { requests: 10, bytes: 1_000, answers: 1 << 20 };
        let connection = ConnectionLimits { bytes: 500, answers: 1 << 19 };
        let intake = Intake::new(IntakeLimits { node: limits, address: limits, connection });
        [1, 2].map(|_| ConnectionAccount::new(intake.account(IpAddr::from([192, 0, 2, 1]))))
    }

    #[test]
    fn requests_in_flight_are_counted_for_each_connection() {
        let [one, other] = connections();
        let arriving = one.reserve(600).unwrap();
        let in_flight = one.admit(300).unwrap();
        assert_eq!((one.request_bytes(Some(&arriving)), one.request_bytes(None)), (300, 900));
        assert!(other.admit(101).is_err() && other.admit(100).is_ok(), "both are of one address");
        assert_eq!(other.request_bytes(None), 0, "a refused one leaves nothing behind");
        drop(in_flight.join(arriving));
        assert_eq!(one.request_bytes(None), 0);
    }

    #[test]
    fn a_connection_prepares_one_statement_at_a_time() {
        let [one, other] = connections();
        let turn = one.prepare_turn().now_or_never();
        assert!(turn.is_some() && one.prepare_turn().now_or_never().is_none());
        assert!(other.prepare_turn().now_or_never().is_some());
    }
}
