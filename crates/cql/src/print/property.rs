use crate::statement::{Constant, Property, PropertyValue};
use std::fmt::{Display, Formatter, Result};

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
                write!(f, "{{{}}}", super::commas(&entries))
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
