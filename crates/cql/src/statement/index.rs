use super::name::write_quoted;
use super::separated_list::{ands, commas, words};
use super::{Name, Property, TableName};
use crate::error::Position;
use henge_model::IndexedPart;
use std::fmt::{Display, Formatter, Result};

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

impl Display for CreateIndex {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("CREATE")?;
        words(f, self.custom, "CUSTOM")?;
        f.write_str(" INDEX")?;
        words(f, self.if_not_exists, "IF NOT EXISTS")?;
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        write!(f, " ON {} ({})", self.table, commas(&self.targets))?;
        if let Some(class) = &self.using {
            f.write_str(" USING ")?;
            write_quoted(f, class, '\'')?;
        }
        if self.properties.is_empty() { Ok(()) } else { write!(f, " WITH {}", ands(&self.properties)) }
    }
}

impl Display for IndexTarget {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let column = &self.column;
        match self.part {
            None | Some(IndexedPart::Value) => write!(f, "{column}"),
            Some(IndexedPart::Keys) => write!(f, "keys({column})"),
            Some(IndexedPart::Values) => write!(f, "values({column})"),
            Some(IndexedPart::Entries) => write!(f, "entries({column})"),
            Some(IndexedPart::Full) => write!(f, "full({column})"),
        }
    }
}

impl Display for DropIndex {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let condition = if self.if_exists { "IF EXISTS " } else { "" };
        write!(f, "DROP INDEX {condition}{}", self.name)
    }
}
