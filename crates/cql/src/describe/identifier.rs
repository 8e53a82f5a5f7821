//! Names of columns and tables as DESCRIBE prints them.

use crate::keyword::is_reserved;
use henge_model::Column;

/// The name as CQL, in quotes if it could not be parsed without.
pub fn identifier(name: &str) -> String {
    let mut bytes = name.bytes();
    let plain = bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !is_reserved(name);
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// The columns, each printed by `one`, with commas between.
pub(super) fn join_columns(columns: &[Column], one: impl Fn(&Column) -> String) -> String {
    columns.iter().map(one).collect::<Vec<_>>().join(", ")
}
