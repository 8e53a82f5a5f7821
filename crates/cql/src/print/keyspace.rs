use super::ands;
use crate::statement::{AlterKeyspace, CreateKeyspace, DropKeyspace, Use};
use std::fmt::{Display, Formatter, Result};

impl Display for Use {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "USE {}", self.keyspace)
    }
}

impl Display for CreateKeyspace {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let condition = if self.if_not_exists { "IF NOT EXISTS " } else { "" };
        write!(f, "CREATE KEYSPACE {condition}{} WITH {}", self.name, ands(&self.properties))
    }
}

impl Display for AlterKeyspace {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let condition = if self.if_exists { "IF EXISTS " } else { "" };
        write!(f, "ALTER KEYSPACE {condition}{} WITH {}", self.name, ands(&self.properties))
    }
}

impl Display for DropKeyspace {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let condition = if self.if_exists { "IF EXISTS " } else { "" };
        write!(f, "DROP KEYSPACE {condition}{}", self.name)
    }
}
