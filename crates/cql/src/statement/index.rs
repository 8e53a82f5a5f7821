use super::{Name, Property, TableName};
use crate::error::Position;
use henge_model::IndexedPart;

/// `CREATE INDEX`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateIndex {
    /// `CUSTOM`.
    pub custom: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// Its name, if it is given one.
    pub name: Option<Name>,
    /// The table.
    pub table: TableName,
    /// The indexed columns. Statements with more than one are refused later.
    pub targets: Vec<IndexTarget>,
    /// `USING 'class'`.
    pub using: Option<String>,
    /// `WITH`.
    pub properties: Vec<Property>,
    /// Position of the statement in the text.
    pub position: Position,
}

/// A column of an index: `v`, `keys(m)`.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexTarget {
    /// The indexed part of the column's value, if the statement names one.
    pub part: Option<IndexedPart>,
    /// The column.
    pub column: Name,
}

/// `DROP INDEX`.
#[derive(Clone, Debug, PartialEq)]
pub struct DropIndex {
    /// The index.
    pub name: TableName,
    /// `IF EXISTS`.
    pub if_exists: bool,
}
