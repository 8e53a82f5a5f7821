use super::separated_list::ands;
use super::{Name, Property};
use std::fmt::{Display, Formatter, Result};

/// `USE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The keyspace.
    pub keyspace: Name,
}

/// `CREATE KEYSPACE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateKeyspace {
    /// Its name.
    pub name: Name,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `WITH`.
    pub properties: Vec<Property>,
}

/// `ALTER KEYSPACE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterKeyspace {
    /// Its name.
    pub name: Name,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `WITH`.
    pub properties: Vec<Property>,
}

/// `DROP KEYSPACE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropKeyspace {
    /// Its name.
    pub name: Name,
    /// `IF EXISTS`.
    pub if_exists: bool,
}

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
