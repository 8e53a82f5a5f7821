//! Failures of the connection, as opposed to error responses. Each is one sentence that says what to do.

use henge_protocol::{ErrorResponse, Response};
use std::fmt;

/// The reason why a connection cannot be opened or used any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The server does not support the protocol version. No statement was sent.
    Version(String),
    /// The server refuses this client.
    Refused(String),
    /// The port speaks another protocol, or differs in the use of TLS.
    NotCql(&'static str),
    /// No server could be reached.
    Unreachable(String),
    /// No response arrived in time. The statement may have been executed.
    TimedOut,
    /// The user pressed Ctrl-C.
    Cancelled,
    /// The connection broke. The statement may have been executed.
    Lost(String),
}

impl Failure {
    /// The failure of a request that got a response of the wrong kind.
    pub(crate) fn unexpected_response(request: &str, outcome: &Result<Response, ErrorResponse>) -> Failure {
        match outcome {
            Err(error) => Failure::Refused(error.message.clone()),
            Ok(response) => Failure::Lost(format!("{request} was answered with {response:?}")),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Version(reason) | Failure::Refused(reason) | Failure::Unreachable(reason) => f.write_str(reason),
            Failure::NotCql(reason) => f.write_str(reason),
            Failure::TimedOut => {
                f.write_str("no answer in time (see --request-timeout); the statement may still take effect")
            }
            Failure::Cancelled => f.write_str("cancelled; the statement may still take effect"),
            Failure::Lost(reason) => write!(f, "the connection broke ({reason}); the statement may have taken effect"),
        }
    }
}

impl std::error::Error for Failure {}

/// The reason why the first bytes received cannot come from a CQL server without TLS; `None` if they can.
pub(crate) fn other_protocol_reason(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        // A TLS alert or handshake record.
        [0x15 | 0x16, 0x03, ..] => Some(EXPECTS_TLS_REASON),
        [b'H', b'T', b'T', b'P', ..] => Some(
            "this port speaks HTTP, as those of henge admin and of the metrics do: clients are served on native_transport_port, 9042 \
             unless set otherwise",
        ),
        _ => None,
    }
}

pub(crate) const OTHER_PROTOCOL_REASON: &str =
    "this port speaks another protocol: clients are served on native_transport_port, 9042 unless set otherwise";
pub(crate) const EXPECTS_TLS_REASON: &str = "the server expects TLS on this port: use --ssl";
pub(crate) const EXPECTS_NO_TLS_REASON: &str = "this port answers without TLS: leave out --ssl";
pub(crate) const EARLY_CLOSE_REASON: &str = "the server closed the connection without an answer: if it expects TLS there, use --ssl; clients are served on \
     native_transport_port, 9042 unless set otherwise";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_protocols_are_known_by_their_first_bytes() {
        assert_eq!(other_protocol_reason(&[0x15, 0x03, 0x03, 0, 2, 2, 50]), Some(EXPECTS_TLS_REASON));
        assert!(other_protocol_reason(b"HTTP/1.1 400 Bad Request").is_some_and(|reason| reason.contains("9042")));
        assert_eq!(other_protocol_reason(&[0x85, 0, 0, 0, 6]), None);
    }
}
