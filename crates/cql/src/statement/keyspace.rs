use super::{Name, Property};

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
