use super::name::quoted;
use super::words;
use crate::statement::IdentityStatement;
use std::fmt::{Display, Formatter, Result};

impl Display for IdentityStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            IdentityStatement::Add { identity, role, if_not_exists, .. } => {
                f.write_str("ADD IDENTITY")?;
                words(f, *if_not_exists, "IF NOT EXISTS")?;
                f.write_str(" ")?;
                quoted(f, identity, '\'')?;
                f.write_str(" TO ROLE ")?;
                quoted(f, role, '\'')
            }
            IdentityStatement::Drop { identity, if_exists } => {
                f.write_str("DROP IDENTITY")?;
                words(f, *if_exists, "IF EXISTS")?;
                f.write_str(" ")?;
                quoted(f, identity, '\'')
            }
        }
    }
}
