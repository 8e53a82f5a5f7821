use super::name::quoted;
use super::words;
use crate::statement::TriggerStatement;
use std::fmt::{Display, Formatter, Result};

impl Display for TriggerStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            TriggerStatement::Create { name, if_not_exists, table, class, .. } => {
                f.write_str("CREATE TRIGGER")?;
                words(f, *if_not_exists, "IF NOT EXISTS")?;
                write!(f, " {name} ON {table} USING ")?;
                quoted(f, class, '\'')
            }
            TriggerStatement::Drop { name, if_exists, table } => {
                f.write_str("DROP TRIGGER")?;
                words(f, *if_exists, "IF EXISTS")?;
                write!(f, " {name} ON {table}")
            }
        }
    }
}
