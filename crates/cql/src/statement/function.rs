//! Functions and aggregates of users.

use super::name::{is_plain, write_quoted};
use super::separated_list::{clause, commas, words};
use super::{Name, TableName, Term, TypeName};
use crate::error::Position;
use crate::keyword::NO_FUNCTIONS;
use std::fmt::{Display, Formatter, Result};

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

impl Display for FunctionStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            FunctionStatement::Create(s) => s.fmt(f),
            FunctionStatement::CreateAggregate(s) => s.fmt(f),
            FunctionStatement::Drop(s) => s.fmt(f),
        }
    }
}

impl Display for CreateFunction {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        head(f, self.presence, "FUNCTION", &self.name)?;
        let parameters: Vec<String> = self.parameters.iter().map(|(name, of)| format!("{name} {of}")).collect();
        let on_null = if self.called_on_null { "CALLED" } else { "RETURNS NULL" };
        write!(f, "({}) {on_null} ON NULL INPUT RETURNS {}", commas(&parameters), self.returns)?;
        write!(f, " LANGUAGE {} AS ", self.language)?;
        write_quoted(f, &self.body, '\'')
    }
}

impl Display for CreateAggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        head(f, self.presence, "AGGREGATE", &self.name)?;
        write!(f, "({}) SFUNC {}", commas(&self.parameters), Bare(&self.state_function))?;
        write!(f, " STYPE {}", self.state_type)?;
        clause(f, "FINALFUNC", self.final_function.as_ref().map(Bare).as_ref())?;
        clause(f, "INITCOND", self.initial.as_ref())
    }
}

impl Display for DropFunction {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(if self.aggregate { "DROP AGGREGATE" } else { "DROP FUNCTION" })?;
        words(f, self.if_exists, "IF EXISTS")?;
        write!(f, " {}", FunctionName(&self.name))?;
        self.parameters.as_ref().map_or(Ok(()), |types| write!(f, "({})", commas(types)))
    }
}

fn head(f: &mut Formatter<'_>, presence: Presence, what: &str, name: &TableName) -> Result {
    f.write_str("CREATE")?;
    words(f, presence.or_replace, "OR REPLACE")?;
    write!(f, " {what}")?;
    words(f, presence.if_not_exists, "IF NOT EXISTS")?;
    write!(f, " {}", FunctionName(name))
}

/// Prints the name of a function.
pub(super) struct FunctionName<'a>(pub(super) &'a TableName);

impl Display for FunctionName<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.0.keyspace {
            Some(keyspace) => write!(f, "{keyspace}.{}", Bare(&self.0.name)),
            None => Bare(&self.0.name).fmt(f),
        }
    }
}

/// Prints the name of a function without its keyspace. Some words that are names elsewhere need quotes here.
struct Bare<'a>(&'a Name);

impl Display for Bare<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let text = &self.0.text;
        let no_function = NO_FUNCTIONS.iter().any(|word| word.eq_ignore_ascii_case(text));
        if is_plain(text) && !no_function { f.write_str(text) } else { write_quoted(f, text, '"') }
    }
}
