//! Materialized views.

use super::separated_list::{ands, clause, commas, words};
use super::{Name, Property, Relation, SelectItem, TableName};
use crate::error::Position;
use std::fmt::{Display, Formatter, Result};

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

impl Display for ViewStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            ViewStatement::Create(view) => view.fmt(f),
            ViewStatement::Alter { name, if_exists, properties } => {
                f.write_str("ALTER MATERIALIZED VIEW")?;
                words(f, *if_exists, "IF EXISTS")?;
                write!(f, " {name} WITH {}", ands(properties))
            }
            ViewStatement::Drop { name, if_exists } => {
                f.write_str("DROP MATERIALIZED VIEW")?;
                words(f, *if_exists, "IF EXISTS")?;
                write!(f, " {name}")
            }
        }
    }
}

impl Display for CreateView {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("CREATE MATERIALIZED VIEW")?;
        words(f, self.if_not_exists, "IF NOT EXISTS")?;
        write!(f, " {} AS SELECT ", self.name)?;
        match self.items.as_slice() {
            [] => f.write_str("*")?,
            items => commas(items).fmt(f)?,
        }
        write!(f, " FROM {}", self.table)?;
        let relations = Some(&self.relations[..]).filter(|all| !all.is_empty());
        clause(f, "WHERE", relations.map(ands).as_ref())?;
        write!(f, " {}", super::table::primary_key(&self.primary_key))?;
        let mut options = Vec::new();
        options.extend(super::table::clustering_order(&self.clustering_order));
        options.extend(self.properties.iter().map(ToString::to_string));
        if options.is_empty() { Ok(()) } else { write!(f, " WITH {}", ands(&options)) }
    }
}
