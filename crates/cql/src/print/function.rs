use super::name::{is_plain, quoted};
use super::{clause, commas, words};
use crate::parser::NO_FUNCTIONS;
use crate::statement::{CreateAggregate, CreateFunction, DropFunction, FunctionStatement, Name, Presence, TableName};
use std::fmt::{Display, Formatter, Result};

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
        quoted(f, &self.body, '\'')
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
        if is_plain(text) && !no_function { f.write_str(text) } else { quoted(f, text, '"') }
    }
}
