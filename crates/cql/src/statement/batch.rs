use super::{ModifyStatement, Using};
use crate::error::Position;
pub use henge_model::BatchKind;
use std::fmt::{Display, Formatter, Result};

/// `BEGIN BATCH ... APPLY BATCH`.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Logged, unless the statement says otherwise.
    pub kind: BatchKind,
    /// `USING TIMESTAMP`.
    pub using: Using,
    /// The writes, in the order of the text.
    pub statements: Vec<ModifyStatement>,
    /// Position of the statement in the text.
    pub position: Position,
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
