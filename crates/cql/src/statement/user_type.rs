use super::name::write_quoted;
use super::separated_list::{ands, commas, words};
use super::{Name, TableName, TypeName};
use crate::error::Position;
use crate::keyword::names_user_type;
use std::fmt::{Display, Formatter, Result};

/// `CREATE TYPE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateType {
    /// Its name.
    pub name: TableName,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// Its fields, in the order written.
    pub fields: Vec<(Name, TypeName)>,
}

/// `ALTER TYPE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterType {
    /// Its name.
    pub name: TableName,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// The change.
    pub change: AlterTypeChange,
    /// Position of the change in the text.
    pub position: Position,
}

/// The change of an `ALTER TYPE`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum AlterTypeChange {
    Add {
        if_not_exists: bool,
        field: Name,
        data_type: TypeName,
    },
    Rename {
        if_exists: bool,
        names: Vec<(Name, Name)>,
    },
    /// `ALTER field TYPE type`, which Cassandra no longer supports.
    Retype,
}

/// `DROP TYPE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropType {
    /// Its name.
    pub name: TableName,
    /// `IF EXISTS`.
    pub if_exists: bool,
}

/// Prints the name of a user type.
pub(super) struct UserTypeName<'a>(pub(super) &'a TableName);

impl Display for UserTypeName<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(keyspace) = &self.0.keyspace {
            write!(f, "{keyspace}.")?;
        }
        let name = &self.0.name;
        if names_user_type(&name.text) { name.fmt(f) } else { write_quoted(f, &name.text, '"') }
    }
}

impl Display for CreateType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let condition = if self.if_not_exists { "IF NOT EXISTS " } else { "" };
        let fields: Vec<String> = self.fields.iter().map(|(name, data_type)| format!("{name} {data_type}")).collect();
        write!(f, "CREATE TYPE {condition}{} ({})", UserTypeName(&self.name), commas(&fields))
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
