//! Refusals of requests and answers that find no room.

use henge_protocol::{ErrorKind, ErrorResponse};

/// A request was not taken in, or its answer found no room; a write was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Overload {
    /// Too many are under way.
    #[error("Request breached limit of {0} requests in flight. {OVERLOADED}")]
    Requests(usize),
    /// They are too large.
    #[error(
        "Request breached limit on bytes in flight. (Endpoint: {address}/{address_max} bytes, Global: {node}/{node_max} bytes.) {OVERLOADED}"
    )]
    Bytes {
        /// Bytes under way of the address, this request's included.
        address: usize,
        address_max: usize,
        /// Bytes under way of all.
        node: usize,
        node_max: usize,
    },
    /// Those of one connection take its part of that.
    #[error("Request breached limit of {0} bytes in flight on one connection. {OVERLOADED}")]
    Connection(usize),
    /// Answers that are read or wait to be sent take all the room there is.
    #[error("There is no room for the answer: other answers of this client, or of all clients, take it. {OVERLOADED}")]
    Answers,
    /// An answer takes more than there may ever be for one.
    #[error(
        "The answer is longer than {0} bytes, which is all the room that one client's answers have; read it in pages"
    )]
    TooLong(usize),
}

/// Cassandra's text for clients that it refuses.
const OVERLOADED: &str = "Server is currently in an overloaded state and cannot accept more requests.";

impl From<Overload> for ErrorResponse {
    fn from(overloaded: Overload) -> ErrorResponse {
        let kind = match overloaded {
            // It would be as long elsewhere: drivers are not to try.
            Overload::TooLong(_) => ErrorKind::Invalid,
            _ => ErrorKind::Overloaded,
        };
        ErrorResponse { kind, message: overloaded.to_string() }
    }
}
