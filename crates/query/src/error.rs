//! Errors of executing a plan.

use crate::PageStateError;
use henge_coordinator::{ReadError, WriteError};
use henge_model::{KeyError, RowError};

/// The reason why a plan failed. Only the `Write` error of a write can leave something behind; the others leave
/// nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The statement or its values are invalid.
    #[error(transparent)]
    Cql(#[from] henge_cql::Error),
    /// The request is well-formed but cannot be executed as asked.
    #[error("{0}")]
    Invalid(String),
    /// The sink has no room for more rows, and the client asked for no pages. The sink knows why.
    #[error("there is no room for the answer; read it in pages")]
    NoRoom,
    /// The page state was not issued by this server.
    #[error(transparent)]
    Page(#[from] PageStateError),
    /// The replicas' answers did not meet the consistency level. Tells nothing about the data.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The write did not reach the level on enough replicas. The error's kind tells whether it may still happen.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A row that replicas agreed on cannot be decoded: a bug, or damage on every replica.
    #[error("a stored row cannot be read: {0}")]
    Row(#[from] RowError),
    /// The statement's values do not make a valid key.
    #[error(transparent)]
    Key(#[from] KeyError),
}
