use super::separated_list::commas;
use super::{Name, Term};
use crate::error::Position;
use std::fmt::{Display, Formatter, Result};

/// `MASKED WITH`.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskClause {
    /// The function; `None` for `DEFAULT`.
    pub call: Option<MaskCall>,
    /// Position of the clause in the text.
    pub position: Position,
}

/// `keyspace.function(terms)`.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskCall {
    /// The function's keyspace.
    pub keyspace: Option<Name>,
    /// Its name.
    pub function: Name,
    /// The arguments that follow the column's value.
    pub arguments: Vec<Term>,
}

impl Display for MaskClause {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.call {
            Some(call) => write!(f, "MASKED WITH {call}"),
            None => f.write_str("MASKED WITH DEFAULT"),
        }
    }
}

impl Display for MaskCall {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(keyspace) = &self.keyspace {
            write!(f, "{keyspace}.")?;
        }
        write!(f, "{}({})", self.function, commas(&self.arguments))
    }
}
