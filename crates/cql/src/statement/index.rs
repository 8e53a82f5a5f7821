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
    /// Its columns. Only one is ever carried out.
    pub targets: Vec<IndexTarget>,
    /// `USING 'class'`.
    pub using: Option<String>,
    /// `WITH`.
    pub properties: Vec<Property>,
    /// Where it begins.
    pub position: Position,
}

/// A column of an index: `v`, `keys(m)`.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexTarget {
    /// What of its value, if it says so.
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
