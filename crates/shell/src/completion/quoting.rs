//! Names as they are written: in quotes where they need them.

/// Words that name nothing unless quoted, as CQL reserves them. A name in quotes that it does not need is the same name.
const RESERVED: &str = "add allow alter and apply asc authorize batch begin by columnfamily create delete desc describe \
    drop entries execute from full grant if in index infinity insert into is keyspace limit materialized modify nan \
    norecursive not null of on or order primary rename revoke schema select set table to token truncate unlogged update \
    use using view where with true false";

/// True of a word that names nothing unless quoted, in any case.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.split_whitespace().any(|reserved| reserved.eq_ignore_ascii_case(word))
}

/// A name as it is written in a statement.
pub(super) fn write_name(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_plain && !is_reserved(name) { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// The name that a word or a text in double quotes stands for.
pub(super) fn read_name(written: &str) -> String {
    match written.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').unwrap_or(rest).replace("\"\"", "\""),
        None => written.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_need_it() {
        for (name, written) in
            [("a_1", "a_1"), ("Mixed", "\"Mixed\""), ("1a", "\"1a\""), ("table", "\"table\""), ("a\"b", "\"a\"\"b\"")]
        {
            assert_eq!(write_name(name), written);
            assert_eq!(read_name(written), name);
        }
        assert_eq!((read_name("Folded"), read_name("\"open")), ("folded".to_owned(), "open".to_owned()));
    }
}
