//! Functions and aggregates of users.

use super::{Name, TableName, Term, TypeName};
use crate::error::Position;

/// A statement about functions or aggregates.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Each variant is the statement of its name.
pub enum FunctionStatement {
    Create(CreateFunction),
    CreateAggregate(CreateAggregate),
    Drop(DropFunction),
}

/// `CREATE FUNCTION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateFunction {
    /// Its name.
    pub name: TableName,
    /// The words before the name that allow an existing function.
    pub presence: Presence,
    /// Its parameters.
    pub parameters: Vec<(Name, TypeName)>,
    /// `CALLED ON NULL INPUT`, rather than `RETURNS NULL ON NULL INPUT`.
    pub called_on_null: bool,
    /// `RETURNS`.
    pub returns: TypeName,
    /// `LANGUAGE`.
    pub language: Name,
    /// `AS`.
    pub body: String,
    /// Position of the statement in the text.
    pub position: Position,
}

/// `CREATE AGGREGATE`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateAggregate {
    /// Its name.
    pub name: TableName,
    /// The words before the name that allow an existing aggregate.
    pub presence: Presence,
    /// The types of its arguments.
    pub parameters: Vec<TypeName>,
    /// `SFUNC`.
    pub state_function: Name,
    /// `STYPE`.
    pub state_type: TypeName,
    /// `FINALFUNC`.
    pub final_function: Option<Name>,
    /// `INITCOND`.
    pub initial: Option<Term>,
    /// Position of the statement in the text.
    pub position: Position,
}

/// The effect of a `CREATE` on an existing thing of the same name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
}

/// `DROP FUNCTION` and `DROP AGGREGATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropFunction {
    /// True for an aggregate.
    pub aggregate: bool,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// Its name.
    pub name: TableName,
    /// The types of its parameters, if the statement gives them.
    pub parameters: Option<Vec<TypeName>>,
}
