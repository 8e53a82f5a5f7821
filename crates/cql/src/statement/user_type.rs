use super::{Name, TableName, TypeName};
use crate::error::Position;

/// `CREATE TYPE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateType {
    /// Its name.
    pub name: TableName,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// Its fields, in the order written.
    pub fields: Vec<(Name, TypeName)>,
}

/// `ALTER TYPE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterType {
    /// Its name.
    pub name: TableName,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// The change.
    pub change: AlterTypeChange,
    /// Position of the change in the text.
    pub position: Position,
}

/// The change of an `ALTER TYPE`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum AlterTypeChange {
    Add {
        if_not_exists: bool,
        field: Name,
        data_type: TypeName,
    },
    Rename {
        if_exists: bool,
        names: Vec<(Name, Name)>,
    },
    /// `ALTER field TYPE type`, which Cassandra no longer supports.
    Retype,
}

/// `DROP TYPE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropType {
    /// Its name.
    pub name: TableName,
    /// `IF EXISTS`.
    pub if_exists: bool,
}
