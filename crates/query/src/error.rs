//! Errors of running a plan.

use crate::PageStateError;
use henge_coordinator::{ReadError, WriteError};
use henge_model::{KeyError, RowError};

/// Why a plan could not be run. Only a write's `Write` error can leave something behind; the rest leave nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The statement or its values are wrong.
    #[error(transparent)]
    Cql(#[from] henge_cql::Error),
    /// The request is well-formed but cannot be carried out as asked.
    #[error("{0}")]
    Invalid(String),
    /// The page state is not one that this server handed out.
    #[error(transparent)]
    Page(#[from] PageStateError),
    /// Replicas did not answer as the consistency level demands. Says nothing about the data.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Replicas did not take the write as the level demands. Its text says what is known.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A row that replicas agreed on cannot be decoded: a bug, or damage on every replica.
    #[error("a stored row cannot be read: {0}")]
    Row(#[from] RowError),
    /// A key is too long.
    #[error(transparent)]
    Key(#[from] KeyError),
}
