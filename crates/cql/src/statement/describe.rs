use super::{Name, TableName};
use crate::error::Position;

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
