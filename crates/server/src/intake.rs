//! Requests of clients that are under way on this node. Beyond a bound of their number, or of their bytes, a request is refused at once:
//! a client that hears "overloaded" goes elsewhere or waits, while one that times out has cost as much as one that was served.

use henge_protocol::{ErrorKind, ErrorResponse};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The requests under way, over all connections.
#[derive(Debug)]
pub(crate) struct Intake {
    requests: AtomicUsize,
    bytes: AtomicUsize,
    limits: IntakeLimits,
}

/// The limits of requests under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IntakeLimits {
    /// Requests (`native_transport_max_concurrent_requests`).
    pub(crate) requests_max: usize,
    /// Bytes of requests (`native_transport_max_request_data_in_flight`).
    pub(crate) bytes_max: usize,
}

/// A request that was taken in; it counts until this is dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    intake: Arc<Intake>,
    bytes: usize,
}

/// A request was not taken in, and nothing of it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Overloaded {
    /// Too many are under way.
    #[error("Request breached limit of {0} requests in flight. {OVERLOADED}")]
    Requests(usize),
    /// They are too large.
    #[error("Request breached limit on bytes in flight. (Global: {used}/{max} bytes.) {OVERLOADED}")]
    Bytes {
        /// Bytes under way, this request's included.
        used: usize,
        /// Bytes that may be.
        max: usize,
    },
}

/// Cassandra's text for clients that it refuses.
const OVERLOADED: &str = "Server is currently in an overloaded state and cannot accept more requests.";

impl From<Overloaded> for ErrorResponse {
    fn from(overloaded: Overloaded) -> ErrorResponse {
        ErrorResponse { kind: ErrorKind::Overloaded, message: overloaded.to_string() }
    }
}

impl Intake {
    pub(crate) fn new(limits: IntakeLimits) -> Arc<Intake> {
        Arc::new(Intake { requests: AtomicUsize::new(0), bytes: AtomicUsize::new(0), limits })
    }

    /// Takes in a request of so many bytes, if there is room.
    pub(crate) fn admit(self: &Arc<Intake>, bytes: usize) -> Result<Admitted, Overloaded> {
        let IntakeLimits { requests_max, bytes_max } = self.limits;
        // Counted first: dropping it takes it back.
        let admitted = Admitted { intake: Arc::clone(self), bytes };
        let requests = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let used = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if requests > requests_max {
            return Err(Overloaded::Requests(requests_max));
        }
        if used > bytes_max {
            return Err(Overloaded::Bytes { used, max: bytes_max });
        }
        Ok(admitted)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.intake.requests.fetch_sub(1, Ordering::Relaxed);
        self.intake.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intake(requests_max: usize, bytes_max: usize) -> Arc<Intake> {
        Intake::new(IntakeLimits { requests_max, bytes_max })
    }

    #[test]
    fn requests_are_taken_in_up_to_a_number() {
        let intake = intake(2, 1_000);
        let first = intake.admit(10).unwrap();
        let _second = intake.admit(10).unwrap();
        assert_eq!(intake.admit(10).unwrap_err(), Overloaded::Requests(2));
        assert_eq!(intake.admit(10).unwrap_err(), Overloaded::Requests(2), "a refused one leaves nothing behind");
        drop(first);
        assert!(intake.admit(10).is_ok());
    }

    #[test]
    fn requests_are_taken_in_up_to_their_bytes() {
        let intake = intake(10, 100);
        let first = intake.admit(60).unwrap();
        let refused = intake.admit(41).unwrap_err();
        assert_eq!(
            ErrorResponse::from(refused).message,
            "Request breached limit on bytes in flight. (Global: 101/100 bytes.) Server is currently in an overloaded state and \
             cannot accept more requests."
        );
        assert!(intake.admit(40).is_ok());
        drop(first);
        assert!(intake.admit(100).is_ok());
    }
}
