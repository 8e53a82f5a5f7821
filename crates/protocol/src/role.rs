//! The sides of a connection.

/// The side of a connection on which this process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Reads responses, writes requests.
    Client,
    /// Reads requests, writes responses.
    Server,
}
