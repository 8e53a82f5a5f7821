use super::{ands, clause, commas, words};
use crate::statement::{OrderBy, Select, SelectItem};
use std::fmt::{Display, Formatter, Result};

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
