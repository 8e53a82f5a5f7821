use super::{Masked, Name, Property, TableName, Term, TypeName};
use crate::error::Position;

/// `CREATE TABLE`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    /// Its name.
    pub table: TableName,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// Its columns, in the order written.
    pub columns: Vec<ColumnDefinition>,
    /// Every `PRIMARY KEY ((a, b), c)`, as partition key and clustering columns. Any number but one is refused later.
    pub primary_keys: Vec<(Vec<Name>, Vec<Name>)>,
    /// `CLUSTERING ORDER BY`: a column, and true for DESC.
    pub clustering_order: Vec<(Name, bool)>,
    /// `COMPACT STORAGE`.
    pub compact_storage: Option<Position>,
    /// Every other option of `WITH`.
    pub properties: Vec<Property>,
}

/// One column of `CREATE TABLE` or `ALTER TABLE ADD`.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub data_type: TypeName,
    /// `STATIC`.
    pub is_static: bool,
    /// `MASKED WITH`.
    pub masked: Option<Masked>,
    /// `PRIMARY KEY` behind the type.
    pub is_primary_key: bool,
}

/// `ALTER TABLE`.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterTable {
    /// Its name.
    pub table: TableName,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// The change.
    pub change: AlterTableChange,
    /// Position of the change in the text.
    pub position: Position,
}

/// The change of an `ALTER TABLE`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum AlterTableChange {
    Add {
        if_not_exists: bool,
        columns: Vec<ColumnDefinition>,
    },
    Drop {
        if_exists: bool,
        columns: Vec<Name>,
        timestamp: Option<Term>,
    },
    Rename {
        if_exists: bool,
        names: Vec<(Name, Name)>,
    },
    With(Vec<Property>),
    /// `ALTER column MASKED WITH ...`, or `DROP MASKED` without one.
    Mask {
        if_exists: bool,
        column: Name,
        masked: Option<Masked>,
    },
    /// `ALTER column TYPE ...`, which is always refused.
    Retype(Name),
    DropCompactStorage,
}

/// `DROP TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropTable {
    /// Its name.
    pub table: TableName,
    /// `IF EXISTS`.
    pub if_exists: bool,
}

/// `TRUNCATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truncate {
    /// Its name.
    pub table: TableName,
}
