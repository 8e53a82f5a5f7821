use super::Name;
use super::name::write_quoted;
use super::separated_list::commas;
use std::fmt::{Display, Formatter, Result};

/// A type as written. The user type that a name refers to is only known with a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum TypeName {
    /// A native or user type.
    Named {
        keyspace: Option<Name>,
        name: Name,
    },
    List(Box<TypeName>),
    Set(Box<TypeName>),
    Map(Box<TypeName>, Box<TypeName>),
    Tuple(Vec<TypeName>),
    Vector(Box<TypeName>, u32),
    Frozen(Box<TypeName>),
    /// A Java class in quotes.
    Custom(Name),
}

impl Display for TypeName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            TypeName::Named { keyspace: Some(keyspace), name } => write!(f, "{keyspace}.{name}"),
            TypeName::Named { keyspace: None, name } => name.fmt(f),
            TypeName::List(of) => write!(f, "list<{of}>"),
            TypeName::Set(of) => write!(f, "set<{of}>"),
            TypeName::Map(key, value) => write!(f, "map<{key}, {value}>"),
            TypeName::Tuple(fields) => write!(f, "tuple<{}>", commas(fields)),
            TypeName::Vector(of, dimension) => write!(f, "vector<{of}, {dimension}>"),
            TypeName::Frozen(of) => write!(f, "frozen<{of}>"),
            TypeName::Custom(class) => write_quoted(f, &class.text, '\''),
        }
    }
}
