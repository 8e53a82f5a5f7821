use crate::error::Position;

/// An identifier, in lower case unless it was quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Its position in the text.
    pub position: Position,
}

/// A table (or type, index, function), with or without its keyspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    /// The keyspace, when the text names one.
    pub keyspace: Option<Name>,
    /// The name within it.
    pub name: Name,
}
