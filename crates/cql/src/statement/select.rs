use super::separated_list::{ands, clause, commas, words};
use super::{Name, Relation, TableName, Term};
use crate::error::Position;
use std::fmt::{Display, Formatter, Result};

/// `SELECT`.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// `SELECT JSON`.
    pub json: Option<Position>,
    /// `SELECT DISTINCT`.
    pub distinct: Option<Position>,
    /// The selected expressions; empty for `*`.
    pub items: Vec<SelectItem>,
    /// The table.
    pub table: TableName,
    /// `WHERE`.
    pub relations: Vec<Relation>,
    /// `GROUP BY`.
    pub group_by: Vec<Term>,
    /// `ORDER BY`.
    pub order_by: Vec<OrderBy>,
    /// `PER PARTITION LIMIT`.
    pub per_partition_limit: Option<Limit>,
    /// `LIMIT`.
    pub limit: Option<Limit>,
    /// `ALLOW FILTERING`.
    pub allow_filtering: bool,
}

/// One selected expression.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectItem {
    /// The expression.
    pub term: Term,
    /// `AS alias`.
    pub alias: Option<Name>,
}

/// One column of `ORDER BY`.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderBy {
    /// The column.
    pub column: Name,
    /// `DESC`.
    pub descending: bool,
    /// The vector of `ANN OF`.
    pub nearest_to: Option<Term>,
}

/// `LIMIT n`.
pub type Limit = Term;

impl Display for Select {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("SELECT")?;
        words(f, self.json.is_some(), "JSON")?;
        words(f, self.distinct.is_some(), "DISTINCT")?;
        match self.items.as_slice() {
            [] => f.write_str(" *")?,
            items => write!(f, " {}", commas(items))?,
        }
        write!(f, " FROM {}", self.table)?;
        clause(f, "WHERE", some(&self.relations).map(ands).as_ref())?;
        clause(f, "GROUP BY", some(&self.group_by).map(commas).as_ref())?;
        clause(f, "ORDER BY", some(&self.order_by).map(commas).as_ref())?;
        clause(f, "PER PARTITION LIMIT", self.per_partition_limit.as_ref())?;
        clause(f, "LIMIT", self.limit.as_ref())?;
        words(f, self.allow_filtering, "ALLOW FILTERING")
    }
}

/// The parts, or `None` if there are none.
fn some<T>(parts: &[T]) -> Option<&[T]> {
    Some(parts).filter(|parts| !parts.is_empty())
}

impl Display for SelectItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.term.fmt(f)?;
        clause(f, "AS", self.alias.as_ref())
    }
}

impl Display for OrderBy {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.column.fmt(f)?;
        clause(f, "ANN OF", self.nearest_to.as_ref())?;
        words(f, self.descending, "DESC")
    }
}
