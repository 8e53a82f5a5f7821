use super::{Statement, Using};
use crate::error::Position;
use std::fmt::{Display, Formatter, Result};

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

impl Display for Batch {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let kind = match self.kind {
            BatchKind::Logged => "",
            BatchKind::Unlogged => "UNLOGGED ",
            BatchKind::Counter => "COUNTER ",
        };
        write!(f, "BEGIN {kind}BATCH{}", self.using)?;
        for statement in &self.statements {
            write!(f, " {statement};")?;
        }
        f.write_str(" APPLY BATCH")
    }
}
