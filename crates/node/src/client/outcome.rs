//! The answer to a statement, besides its rows.

use crate::cluster::events::{Change, SchemaEvent, Subject};
use henge_query::ConditionalResult;

/// The answer to a statement, besides the rows in the sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing.
    Void,
    /// Nothing, with a warning for the user.
    Warning(String),
    /// Rows; where the next page starts, if there may be one.
    Rows(Option<Vec<u8>>),
    /// The outcome of a conditional write.
    Applied(ConditionalResult),
    /// `USE`.
    Keyspace(String),
    /// A schema statement that changed something.
    Schema(SchemaEvent),
}

/// The event of a schema statement.
pub(super) fn schema_outcome(change: Change, keyspace: &str, table: Option<&str>) -> Outcome {
    let subject = table.map_or(Subject::Keyspace, |table| Subject::Table(table.to_owned()));
    Outcome::Schema(SchemaEvent { change, keyspace: keyspace.to_owned(), subject })
}

/// The event of a statement about a user type.
pub(super) fn changed_type(change: Change, keyspace: &str, name: &str) -> Outcome {
    Outcome::Schema(SchemaEvent { change, keyspace: keyspace.to_owned(), subject: Subject::Type(name.to_owned()) })
}
