use super::name::quoted;
use super::{ands, words};
use crate::parser::names_user_type;
use crate::statement::{AlterType, AlterTypeChange, CreateType, DropType, TableName};
use std::fmt::{Display, Formatter, Result};

/// Prints the name of a user type.
pub(super) struct UserTypeName<'a>(pub(super) &'a TableName);

impl Display for UserTypeName<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(keyspace) = &self.0.keyspace {
            write!(f, "{keyspace}.")?;
        }
        let name = &self.0.name;
        if names_user_type(&name.text) { name.fmt(f) } else { quoted(f, &name.text, '"') }
    }
}

impl Display for CreateType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let condition = if self.if_not_exists { "IF NOT EXISTS " } else { "" };
        let fields: Vec<String> = self.fields.iter().map(|(name, data_type)| format!("{name} {data_type}")).collect();
        write!(f, "CREATE TYPE {condition}{} ({})", UserTypeName(&self.name), super::commas(&fields))
    }
}

impl Display for AlterType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let condition = if self.if_exists { "IF EXISTS " } else { "" };
        write!(f, "ALTER TYPE {condition}{} {}", UserTypeName(&self.name), self.change)
    }
}

impl Display for AlterTypeChange {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            AlterTypeChange::Add { if_not_exists, field, data_type } => {
                f.write_str("ADD")?;
                words(f, *if_not_exists, "IF NOT EXISTS")?;
                write!(f, " {field} {data_type}")
            }
            AlterTypeChange::Rename { if_exists, names } => {
                f.write_str("RENAME")?;
                words(f, *if_exists, "IF EXISTS")?;
                let names: Vec<String> = names.iter().map(|(from, to)| format!("{from} TO {to}")).collect();
                write!(f, " {}", ands(&names))
            }
            // Field and type are not kept by the parser; any will do.
            AlterTypeChange::Retype => f.write_str("ALTER \"f\" TYPE int"),
        }
    }
}

impl Display for DropType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let condition = if self.if_exists { "IF EXISTS " } else { "" };
        write!(f, "DROP TYPE {condition}{}", UserTypeName(&self.name))
    }
}
