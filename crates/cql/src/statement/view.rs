//! Materialized views.

use super::{Name, Property, Relation, SelectItem, TableName};
use crate::error::Position;

/// A statement about materialized views.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum ViewStatement {
    Create(Box<CreateView>),
    /// `ALTER MATERIALIZED VIEW ... WITH`.
    Alter {
        name: TableName,
        if_exists: bool,
        properties: Vec<Property>,
    },
    Drop {
        name: TableName,
        if_exists: bool,
    },
}

/// `CREATE MATERIALIZED VIEW`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateView {
    /// Its name.
    pub name: TableName,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// The selected expressions; empty for `*`.
    pub items: Vec<SelectItem>,
    /// The base table.
    pub table: TableName,
    /// `WHERE`.
    pub relations: Vec<Relation>,
    /// `PRIMARY KEY`: partition key and clustering columns.
    pub primary_key: (Vec<Name>, Vec<Name>),
    /// `CLUSTERING ORDER BY`: a column, and true for DESC.
    pub clustering_order: Vec<(Name, bool)>,
    /// Every other option of `WITH`.
    pub properties: Vec<Property>,
    /// Position of the statement in the text.
    pub position: Position,
}
