use super::separated_list::commas;
use super::{Name, Term};
use crate::error::Position;
use std::fmt::{Display, Formatter, Result};

/// One condition of WHERE or IF.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// The left side.
    pub subject: Subject,
    /// The comparison.
    pub operator: Operator,
    /// The right side: one term, or several for `IN (a, b)`; none for `IS NOT NULL`.
    pub values: Vec<Term>,
    /// True if the values are a list in parentheses (`IN (?)`), false for a single term that is the whole list (`IN
    /// ?`).
    pub listed: bool,
    /// Position of the relation in the text.
    pub position: Position,
}

/// The left side of a relation.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum Subject {
    Column(Name),
    /// `(a, b)`.
    Columns(Vec<Name>),
    /// `token(a, b)`.
    Token(Vec<Name>),
    /// `m[k]`.
    Element(Name, Term),
    /// `u.f`.
    Field(Name, Name),
    /// `expr(index, term)`: a lookup in the named index; the operator is always `=`.
    Index(Name),
}

/// The comparisons of the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Contains,
    ContainsKey,
    Like,
    IsNotNull,
}

impl Operator {
    /// The operator's CQL spelling.
    pub fn sign(self) -> &'static str {
        match self {
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::In => "IN",
            Operator::Contains => "CONTAINS",
            Operator::ContainsKey => "CONTAINS KEY",
            Operator::Like => "LIKE",
            Operator::IsNotNull => "IS NOT NULL",
        }
    }
}

impl Display for Relation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Subject::Index(index) = &self.subject {
            return write!(f, "expr({index}, {})", commas(&self.values));
        }
        write!(f, "{} {}", self.subject, self.operator.sign())?;
        match self.operator {
            Operator::IsNotNull => Ok(()),
            _ if self.listed => write!(f, " ({})", commas(&self.values)),
            _ => write!(f, " {}", commas(&self.values)),
        }
    }
}

impl Display for Subject {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Subject::Column(name) => name.fmt(f),
            Subject::Columns(names) => write!(f, "({})", commas(names)),
            Subject::Token(names) => write!(f, "token({})", commas(names)),
            Subject::Element(name, key) => write!(f, "{name}[{key}]"),
            Subject::Index(name) => name.fmt(f),
            Subject::Field(name, field) => write!(f, "{name}.{field}"),
        }
    }
}
