use super::function::FunctionName;
use super::name::write_quoted;
use super::separated_list::words;
use super::user_type::UserTypeName;
use super::{Name, TableName};
use crate::error::Position;
use std::fmt::{Display, Formatter, Result};

/// `DESCRIBE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Describe {
    /// The described thing.
    pub subject: DescribeSubject,
    /// `WITH INTERNALS`.
    pub internals: bool,
    /// Position of the statement in the text.
    pub position: Position,
}

/// The thing that a `DESCRIBE` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum DescribeSubject {
    Cluster,
    Keyspaces,
    Tables,
    Types,
    Functions,
    Aggregates,
    Schema {
        full: bool,
    },
    Keyspace {
        name: Option<Name>,
        only: bool,
    },
    Table(TableName),
    Index(TableName),
    View(TableName),
    Type(TableName),
    Function(TableName),
    Aggregate(TableName),
    /// `DESCRIBE name`: anything of that name.
    Any(TableName),
}

impl Display for Describe {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "DESCRIBE {}", self.subject)?;
        words(f, self.internals, "WITH INTERNALS")
    }
}

impl Display for DescribeSubject {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            DescribeSubject::Cluster => f.write_str("CLUSTER"),
            DescribeSubject::Keyspaces => f.write_str("KEYSPACES"),
            DescribeSubject::Tables => f.write_str("TABLES"),
            DescribeSubject::Types => f.write_str("TYPES"),
            DescribeSubject::Functions => f.write_str("FUNCTIONS"),
            DescribeSubject::Aggregates => f.write_str("AGGREGATES"),
            DescribeSubject::Schema { full } => f.write_str(if *full { "FULL SCHEMA" } else { "SCHEMA" }),
            DescribeSubject::Keyspace { name, only } => keyspace(f, name.as_ref(), *only),
            DescribeSubject::Table(name) => write!(f, "TABLE {name}"),
            DescribeSubject::Index(name) => write!(f, "INDEX {name}"),
            DescribeSubject::View(name) => write!(f, "MATERIALIZED VIEW {name}"),
            DescribeSubject::Type(name) => write!(f, "TYPE {}", UserTypeName(name)),
            DescribeSubject::Function(name) => write!(f, "FUNCTION {}", FunctionName(name)),
            DescribeSubject::Aggregate(name) => write!(f, "AGGREGATE {}", FunctionName(name)),
            DescribeSubject::Any(name) => any(f, name),
        }
    }
}

fn keyspace(f: &mut Formatter<'_>, name: Option<&Name>, only: bool) -> Result {
    f.write_str(if only { "ONLY KEYSPACE" } else { "KEYSPACE" })?;
    name.map_or(Ok(()), |name| write!(f, " {name}"))
}

/// Prints the name of an unknown object in quotes, since a bare word might be read as another subject.
fn any(f: &mut Formatter<'_>, name: &TableName) -> Result {
    if let Some(keyspace) = &name.keyspace {
        write_quoted(f, &keyspace.text, '"')?;
        f.write_str(".")?;
    }
    write_quoted(f, &name.name.text, '"')
}
