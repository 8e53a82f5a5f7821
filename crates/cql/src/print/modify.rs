use super::{ands, clause, commas, words};
use crate::statement::{Assignment, AssignmentKind, Delete, Deletion, Insert, InsertValues, Update, Using};
use std::fmt::{Display, Formatter, Result};

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
