//! Errors of a client's statement.

use crate::cluster::propose::ChangeError;

/// An error of executing a statement; the server gives each its protocol code.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The statement cannot be parsed, or contradicts the schema.
    #[error(transparent)]
    Cql(#[from] henge_cql::Error),
    /// Running it failed.
    #[error(transparent)]
    Query(#[from] henge_query::Error),
    /// The cluster's metadata could not be changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// Name or password are wrong, or the role may not log in.
    #[error("{0}")]
    Authentication(String),
    /// The user lacks a permission; nothing was done.
    #[error("{0}")]
    Unauthorized(String),
    /// The node is too busy, or its disk too slow, to take it; nothing was done.
    #[error("{0}")]
    Overloaded(String),
    /// The node is not a member yet, or is shutting down; nothing was done.
    #[error("{0}")]
    Bootstrapping(String),
}

impl Error {
    /// True if the sink had no room for more rows; it knows why.
    pub fn is_want_of_room(&self) -> bool {
        matches!(self, Error::Query(henge_query::Error::NoRoom))
    }
}
