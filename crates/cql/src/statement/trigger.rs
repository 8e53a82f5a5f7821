//! Triggers.

use super::{Name, TableName};
use crate::error::Position;

/// A statement about triggers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum TriggerStatement {
    Create {
        name: Name,
        if_not_exists: bool,
        table: TableName,
        /// `USING`: the name of a Java class.
        class: String,
        position: Position,
    },
    Drop {
        name: Name,
        if_exists: bool,
        table: TableName,
    },
}
