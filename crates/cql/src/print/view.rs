use super::{ands, clause, commas, words};
use crate::statement::{CreateView, ViewStatement};
use std::fmt::{Display, Formatter, Result};

impl Display for ViewStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            ViewStatement::Create(view) => view.fmt(f),
            ViewStatement::Alter { name, if_exists, properties } => {
                f.write_str("ALTER MATERIALIZED VIEW")?;
                words(f, *if_exists, "IF EXISTS")?;
                write!(f, " {name} WITH {}", ands(properties))
            }
            ViewStatement::Drop { name, if_exists } => {
                f.write_str("DROP MATERIALIZED VIEW")?;
                words(f, *if_exists, "IF EXISTS")?;
                write!(f, " {name}")
            }
        }
    }
}

impl Display for CreateView {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("CREATE MATERIALIZED VIEW")?;
        words(f, self.if_not_exists, "IF NOT EXISTS")?;
        write!(f, " {} AS SELECT ", self.name)?;
        match self.items.as_slice() {
            [] => f.write_str("*")?,
            items => commas(items).fmt(f)?,
        }
        write!(f, " FROM {}", self.table)?;
        let relations = Some(&self.relations[..]).filter(|all| !all.is_empty());
        clause(f, "WHERE", relations.map(ands).as_ref())?;
        write!(f, " {}", super::table::primary_key(&self.primary_key))?;
        let mut options = Vec::new();
        options.extend(super::table::clustering_order(&self.clustering_order));
        options.extend(self.properties.iter().map(ToString::to_string));
        if options.is_empty() { Ok(()) } else { write!(f, " WITH {}", ands(&options)) }
    }
}
