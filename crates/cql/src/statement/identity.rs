//! Identities, which client certificates carry.

use super::name::write_quoted;
use super::separated_list::words;
use crate::error::Position;
use std::fmt::{Display, Formatter, Result};

/// A statement about identities.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum IdentityStatement {
    /// `ADD IDENTITY identity TO ROLE role`.
    Add { identity: String, role: String, if_not_exists: bool, position: Position },
    /// `DROP IDENTITY identity`.
    Drop { identity: String, if_exists: bool },
}

impl Display for IdentityStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            IdentityStatement::Add { identity, role, if_not_exists, .. } => {
                f.write_str("ADD IDENTITY")?;
                words(f, *if_not_exists, "IF NOT EXISTS")?;
                f.write_str(" ")?;
                write_quoted(f, identity, '\'')?;
                f.write_str(" TO ROLE ")?;
                write_quoted(f, role, '\'')
            }
            IdentityStatement::Drop { identity, if_exists } => {
                f.write_str("DROP IDENTITY")?;
                words(f, *if_exists, "IF EXISTS")?;
                f.write_str(" ")?;
                write_quoted(f, identity, '\'')
            }
        }
    }
}
