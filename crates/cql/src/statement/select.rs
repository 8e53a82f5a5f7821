use super::{Name, Relation, TableName, Term};
use crate::error::Position;

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
