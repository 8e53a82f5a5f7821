use super::{ands, commas, words};
use crate::describe::text;
use crate::statement::{CreateIndex, DropIndex, IndexTarget};
use henge_model::IndexedPart;
use std::fmt::{Display, Formatter, Result};

impl Display for CreateIndex {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("CREATE")?;
        words(f, self.custom, "CUSTOM")?;
        f.write_str(" INDEX")?;
        words(f, self.if_not_exists, "IF NOT EXISTS")?;
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        write!(f, " ON {} ({})", self.table, commas(&self.targets))?;
        if let Some(class) = &self.using {
            write!(f, " USING {}", text(class))?;
        }
        if self.properties.is_empty() { Ok(()) } else { write!(f, " WITH {}", ands(&self.properties)) }
    }
}

impl Display for IndexTarget {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let column = &self.column;
        match self.part {
            None | Some(IndexedPart::Value) => write!(f, "{column}"),
            Some(IndexedPart::Keys) => write!(f, "keys({column})"),
            Some(IndexedPart::Values) => write!(f, "values({column})"),
            Some(IndexedPart::Entries) => write!(f, "entries({column})"),
            Some(IndexedPart::Full) => write!(f, "full({column})"),
        }
    }
}

impl Display for DropIndex {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let condition = if self.if_exists { "IF EXISTS " } else { "" };
        write!(f, "DROP INDEX {condition}{}", self.name)
    }
}
