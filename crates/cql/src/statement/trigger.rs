//! Triggers.

use super::name::write_quoted;
use super::separated_list::words;
use super::{Name, TableName};
use crate::error::Position;
use std::fmt::{Display, Formatter, Result};

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

impl Display for TriggerStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            TriggerStatement::Create { name, if_not_exists, table, class, .. } => {
                f.write_str("CREATE TRIGGER")?;
                words(f, *if_not_exists, "IF NOT EXISTS")?;
                write!(f, " {name} ON {table} USING ")?;
                write_quoted(f, class, '\'')
            }
            TriggerStatement::Drop { name, if_exists, table } => {
                f.write_str("DROP TRIGGER")?;
                words(f, *if_exists, "IF EXISTS")?;
                write!(f, " {name} ON {table}")
            }
        }
    }
}
