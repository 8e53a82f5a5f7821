use super::separated_list::commas;
use super::{Constant, Name};
use std::fmt::{Display, Formatter, Result};

/// One `name = value` of WITH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// The option.
    pub name: Name,
    /// Its value.
    pub value: PropertyValue,
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyValue {
    /// A literal, or a bare word.
    Constant(Constant),
    /// A map of literals, in the order written.
    Map(Vec<(Constant, Constant)>),
}

impl Display for Property {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} = {}", self.name, self.value)
    }
}

impl Display for PropertyValue {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            PropertyValue::Constant(constant) => constant.fmt(f),
            PropertyValue::Map(entries) => {
                let entries: Vec<Entry> = entries.iter().map(|(key, value)| Entry(key, value)).collect();
                write!(f, "{{{}}}", commas(&entries))
            }
        }
    }
}

struct Entry<'a>(&'a Constant, &'a Constant);

impl Display for Entry<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}: {}", self.0, self.1)
    }
}
