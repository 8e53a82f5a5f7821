use super::{Statement, Using};
use crate::error::Position;

/// `BEGIN BATCH ... APPLY BATCH`.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Logged, unless the statement says otherwise.
    pub kind: BatchKind,
    /// `USING TIMESTAMP`.
    pub using: Using,
    /// Inserts, updates and deletes.
    pub statements: Vec<Statement>,
    /// Position of the statement in the text.
    pub position: Position,
}

/// The guarantee that a batch asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchKind {
    /// All or nothing, by way of the batch log.
    Logged,
    /// Without a guarantee across partitions.
    Unlogged,
    /// Counter updates only.
    Counter,
}
