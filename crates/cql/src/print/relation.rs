use super::{ands, commas};
use crate::statement::{Condition, Operator, Relation, Subject};
use std::fmt::{Display, Formatter, Result};

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

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Condition::Exists(_) => f.write_str("EXISTS"),
            Condition::Relations(relations) => ands(relations).fmt(f),
        }
    }
}
