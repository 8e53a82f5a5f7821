use super::{Name, Term};
use crate::error::Position;

/// `MASKED WITH`.
#[derive(Clone, Debug, PartialEq)]
pub struct Masked {
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
