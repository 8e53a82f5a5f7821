use super::{Name, Term};
use crate::error::Position;

/// `MASKED WITH`.
#[derive(Clone, Debug, PartialEq)]
pub struct Masked {
    /// The function; none for `DEFAULT`.
    pub call: Option<MaskCall>,
    /// Where it begins.
    pub position: Position,
}

/// `keyspace.function(terms)`.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskCall {
    /// The function's keyspace.
    pub keyspace: Option<Name>,
    /// Its name.
    pub function: Name,
    /// What it is called with behind the column's value.
    pub arguments: Vec<Term>,
}
