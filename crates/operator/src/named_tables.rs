//! Tables by their names, as arguments of operations.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Tables by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NamedTables {
    /// Their keyspace; without it, all tables of all keyspaces.
    pub keyspace: Option<String>,
    /// Their names; without any, all tables of the keyspace.
    pub tables: Vec<String>,
}

impl NamedTables {
    /// True of a table that is named, or whose keyspace is named without tables.
    pub fn include(&self, keyspace: &str, table: &str) -> bool {
        let is_table = self.tables.is_empty() || self.tables.iter().any(|name| name == table);
        is_table && self.keyspace.as_deref().is_none_or(|name| name == keyspace)
    }

    /// Writes a command and the names as its arguments.
    pub(crate) fn write_behind(&self, f: &mut fmt::Formatter<'_>, command: &str) -> fmt::Result {
        f.write_str(command)?;
        self.keyspace.iter().chain(&self.tables).try_for_each(|name| write!(f, " {name}"))
    }
}

impl fmt::Display for NamedTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(keyspace) = &self.keyspace else { return f.write_str("all tables") };
        if self.tables.is_empty() {
            return write!(f, "all tables of {keyspace}");
        }
        let names: Vec<String> = self.tables.iter().map(|table| format!("{keyspace}.{table}")).collect();
        f.write_str(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_tables_of_one_keyspace_or_of_all() {
        let named = |tables: &[&str]| NamedTables {
            keyspace: Some("ks".to_owned()),
            tables: tables.iter().map(|table| (*table).to_owned()).collect(),
        };
        for (named, includes, text) in [
            (NamedTables::default(), [true, true, true], "all tables"),
            (named(&[]), [true, true, false], "all tables of ks"),
            (named(&["a"]), [true, false, false], "ks.a"),
            (named(&["a", "b"]), [true, true, false], "ks.a, ks.b"),
        ] {
            let found =
                [("ks", "a"), ("ks", "b"), ("other", "a")].map(|(keyspace, table)| named.include(keyspace, table));
            assert_eq!((found, named.to_string().as_str()), (includes, text));
        }
    }
}
