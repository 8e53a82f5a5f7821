use super::commas;
use super::name::quoted;
use crate::statement::TypeName;
use std::fmt::{Display, Formatter, Result};

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
            TypeName::Custom(class) => quoted(f, &class.text, '\''),
        }
    }
}
