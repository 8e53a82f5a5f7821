//! Names in arguments: they stand in paths and queries as they are.

use anyhow::ensure;
use henge_operator::{TableSelection, route};
use std::fmt;

/// A wrong command line, as only several of its arguments together show. No node was asked.
#[derive(Debug, PartialEq, Eq)]
pub struct WrongUsage(pub(crate) String);

impl fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

pub(crate) fn snapshot_name(text: &str) -> anyhow::Result<String> {
    ensure!(route::is_name(text), "{text:?} cannot name a snapshot: letters, digits, - _ and . can");
    Ok(text.to_owned())
}

pub(crate) fn name(text: &str) -> anyhow::Result<String> {
    ensure!(is_name(text), "{text:?} is no name of a keyspace or a table");
    Ok(text.to_owned())
}

pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

pub(crate) fn table_selection(text: &str) -> anyhow::Result<TableSelection> {
    let (keyspace, table) = text.split_once('.').map_or((text, None), |(keyspace, table)| (keyspace, Some(table)));
    ensure!(
        is_name(keyspace) && table.is_none_or(is_name),
        "{text:?} names no table: write keyspace or keyspace.table"
    );
    Ok(TableSelection { keyspace: Some(keyspace.to_owned()), table: table.map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_their_place() {
        assert!(snapshot_name("../../etc").is_err() && snapshot_name("").is_err() && snapshot_name("a?b").is_err());
        let selection = table_selection("ks.t").unwrap();
        assert_eq!((selection.keyspace.as_deref(), selection.table.as_deref()), (Some("ks"), Some("t")));
        assert!(["ks&x=1", "ks.", ".t", ""].into_iter().all(|text| table_selection(text).is_err()));
    }
}
