//! The values of labels by which requests and logins are counted.

/// Kinds of clients' requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// SELECT of partitions by their keys.
    Read,
    /// SELECT of a range of tokens, by an index or of everything.
    Scan,
    /// INSERT, UPDATE, DELETE.
    Write,
    /// A conditional write, or a batch with one.
    Cas,
    /// BATCH.
    Batch,
    /// UPDATE of counters.
    Counter,
    /// CREATE, ALTER, DROP, TRUNCATE.
    Schema,
    /// Statements of roles and permissions, and logins.
    Auth,
    /// Everything else: USE, DESCRIBE, and statements that cannot be read.
    Other,
}

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // As the errors of the protocol.
pub enum Ending {
    Ok,
    Unavailable,
    Timeout,
    Failure,
    Invalid,
    Overloaded,
}

/// The outcome of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoginOutcome {
    Ok,
    Refused,
    Overloaded,
}
