use super::separated_list::{ands, clause, commas, words};
use super::{ArithmeticOperator, Name, Relation, TableName, Term};
use crate::error::Position;
use std::fmt::{Display, Formatter, Result};

/// A statement that writes rows of one table.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Each variant is the statement of its name.
pub enum ModifyStatement {
    Insert(Insert),
    Update(Update),
    Delete(Delete),
}

impl ModifyStatement {
    /// The table that is written.
    pub(crate) fn table(&self) -> &TableName {
        match self {
            ModifyStatement::Insert(insert) => &insert.table,
            ModifyStatement::Update(update) => &update.table,
            ModifyStatement::Delete(delete) => &delete.table,
        }
    }

    /// `USING`.
    pub(crate) fn using(&self) -> &Using {
        match self {
            ModifyStatement::Insert(insert) => &insert.using,
            ModifyStatement::Update(update) => &update.using,
            ModifyStatement::Delete(delete) => &delete.using,
        }
    }
}

impl Display for ModifyStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            ModifyStatement::Insert(s) => s.fmt(f),
            ModifyStatement::Update(s) => s.fmt(f),
            ModifyStatement::Delete(s) => s.fmt(f),
        }
    }
}

/// `INSERT`.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// The table.
    pub table: TableName,
    /// The columns' values.
    pub values: InsertValues,
    /// `IF NOT EXISTS`.
    pub if_not_exists: Option<Position>,
    /// `USING`.
    pub using: Using,
}

/// The values of an `INSERT`.
#[derive(Clone, Debug, PartialEq)]
pub enum InsertValues {
    /// `(columns) VALUES (terms)`.
    Columns {
        /// The columns.
        columns: Vec<Name>,
        /// Their values.
        terms: Vec<Term>,
    },
    /// `JSON '{...}'`.
    Json {
        /// A string or a marker.
        document: Term,
        /// `DEFAULT UNSET`: columns that the document leaves out stay as they are.
        default_unset: bool,
    },
}

/// `UPDATE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The table.
    pub table: TableName,
    /// `USING`.
    pub using: Using,
    /// `SET`.
    pub assignments: Vec<Assignment>,
    /// `WHERE`.
    pub relations: Vec<Relation>,
    /// `IF`.
    pub condition: Option<Condition>,
}

/// One assignment of `SET`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The column.
    pub column: Name,
    /// The change.
    pub kind: AssignmentKind,
}

/// The forms of an assignment.
#[derive(Clone, Debug, PartialEq)]
pub enum AssignmentKind {
    /// `c = term`.
    Value(Term),
    /// `c = c + term`, `c += term`, and the same with `-`.
    Change(ArithmeticOperator, Term),
    /// `l = term + l`.
    Prepend(Term),
    /// `c[key] = term`.
    Element(Term, Term),
    /// `c.field = term`.
    Field(Name, Term),
}

/// `DELETE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// The columns and elements to delete; empty for whole rows.
    pub deletions: Vec<Deletion>,
    /// The table.
    pub table: TableName,
    /// `USING TIMESTAMP`.
    pub using: Using,
    /// `WHERE`.
    pub relations: Vec<Relation>,
    /// `IF`.
    pub condition: Option<Condition>,
}

/// One column or part of a column that a `DELETE` names.
#[derive(Clone, Debug, PartialEq)]
pub enum Deletion {
    /// A whole column.
    Column(Name),
    /// `c[key]`.
    Element(Name, Term),
    /// `c.field`.
    Field(Name, Name),
}

/// `IF` of a conditional write.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// `IF EXISTS`.
    Exists(Position),
    /// `IF a = 1 AND ...`.
    Relations(Vec<Relation>),
}

/// `USING TTL n AND TIMESTAMP n`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Using {
    /// Seconds to live.
    pub ttl: Option<Term>,
    /// Microseconds since 1970.
    pub timestamp: Option<Term>,
}

impl Display for Insert {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "INSERT INTO {} {}", self.table, self.values)?;
        words(f, self.if_not_exists.is_some(), "IF NOT EXISTS")?;
        self.using.fmt(f)
    }
}

impl Display for InsertValues {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            InsertValues::Columns { columns, terms } => {
                write!(f, "({}) VALUES ({})", commas(columns), commas(terms))
            }
            InsertValues::Json { document, default_unset } => {
                write!(f, "JSON {document}")?;
                words(f, *default_unset, "DEFAULT UNSET")
            }
        }
    }
}

/// Printed with a leading blank, because it may be empty.
impl Display for Using {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        clause(f, "USING TTL", self.ttl.as_ref())?;
        let keyword = if self.ttl.is_some() { "AND TIMESTAMP" } else { "USING TIMESTAMP" };
        clause(f, keyword, self.timestamp.as_ref())
    }
}

impl Display for Update {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "UPDATE {}{}", self.table, self.using)?;
        write!(f, " SET {} WHERE {}", commas(&self.assignments), ands(&self.relations))?;
        clause(f, "IF", self.condition.as_ref())
    }
}

impl Display for Assignment {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let column = &self.column;
        match &self.kind {
            AssignmentKind::Value(term) => write!(f, "{column} = {term}"),
            AssignmentKind::Change(operator, term) => write!(f, "{column} {}= {term}", operator.sign()),
            AssignmentKind::Prepend(term) => write!(f, "{column} = {term} + {column}"),
            AssignmentKind::Element(key, term) => write!(f, "{column}[{key}] = {term}"),
            AssignmentKind::Field(field, term) => write!(f, "{column}.{field} = {term}"),
        }
    }
}

impl Display for Delete {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("DELETE")?;
        if !self.deletions.is_empty() {
            write!(f, " {}", commas(&self.deletions))?;
        }
        write!(f, " FROM {}{} WHERE {}", self.table, self.using, ands(&self.relations))?;
        clause(f, "IF", self.condition.as_ref())
    }
}

impl Display for Deletion {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Deletion::Column(column) => column.fmt(f),
            Deletion::Element(column, key) => write!(f, "{column}[{key}]"),
            Deletion::Field(column, field) => write!(f, "{column}.{field}"),
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Condition::Exists(_) => f.write_str("EXISTS"),
            Condition::Relations(relations) => ands(relations).fmt(f),
        }
    }
}
