//! DESCRIBE output in cqlsh's layout: statements one after the other, or names in columns under their keyspace.

use henge_base::Bytes;
use henge_protocol::Rows;
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// Maximum width of a list of names, in terminal columns; as in cqlsh.
const WIDTH_MAX: usize = 80;
/// Spaces between two names.
const GAP_WIDTH: usize = 2;

/// The text of a DESCRIBE result. Names are listed under their keyspaces, unless a keyspace is in use.
pub(crate) fn format_description(rows: &Rows, in_keyspace: bool) -> String {
    let column = |name: &str| rows.columns.iter().position(|c| c.name == name);
    let value = |row: &[Option<Bytes>], column: Option<usize>| {
        let value = column.and_then(|at| row.get(at)).and_then(Option::as_ref);
        value.map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    };
    let values = |name: &str| rows.rows.iter().map(|row| value(row, column(name))).collect::<Vec<_>>();
    if column("create_statement").is_some() {
        return values("create_statement").iter().map(|statement| format!("\n{statement}\n")).collect();
    }
    if column("cluster").is_some() {
        return describe_cluster(rows);
    }
    let names: Vec<(String, String)> = values("keyspace_name").into_iter().zip(values("name")).collect();
    let is_keyspaces = !names.is_empty() && values("type").iter().all(|kind| kind == "keyspace");
    match (is_keyspaces, in_keyspace, names.is_empty()) {
        (_, _, true) => String::new(),
        (true, ..) | (_, true, _) => {
            let names: Vec<String> = names.into_iter().map(|(_, name)| name).collect();
            format!("\n{}\n", arrange_in_columns(&names))
        }
        _ => group_by_keyspace(&names) + "\n",
    }
}

/// The answer to DESCRIBE CLUSTER: who owns a range is told of the keyspace in use, if there is one.
fn describe_cluster(rows: &Rows) -> String {
    let mut out = String::new();
    for row in &rows.rows {
        let cell = |name: &str| {
            let at = rows.columns.iter().position(|column| column.name == name)?;
            Some((&rows.columns[at].data_type, row.get(at)?.as_deref()?))
        };
        let text = |name: &str| cell(name).map(|(_, bytes)| String::from_utf8_lossy(bytes)).unwrap_or_default();
        let (name, partitioner, snitch) = (text("cluster"), text("partitioner"), text("snitch"));
        // Writing to a string cannot fail.
        let _ = write!(out, "\nCluster: {name}\nPartitioner: {partitioner}\nSnitch: {snitch}\n\n");
        let Some(owners) = cell("range_ownership").and_then(|(of, bytes)| of.split_parts(bytes).ok().zip(Some(of)))
        else {
            continue;
        };
        out += "Range ownership:\n";
        let (parts, data_type) = owners;
        for pair in parts.chunks(2) {
            let token = String::from_utf8_lossy(pair[0].unwrap_or_default());
            let hosts = data_type.part_type(1).split_parts(pair.get(1).copied().flatten().unwrap_or_default());
            let hosts: Vec<_> = hosts.unwrap_or_default().into_iter().flatten().map(String::from_utf8_lossy).collect();
            let _ = writeln!(out, " {token:>39}  [{}]", hosts.join(", "));
        }
        out.push('\n');
    }
    out
}

/// Names grouped under the headings of their keyspaces.
fn group_by_keyspace(names: &[(String, String)]) -> String {
    let mut out = String::new();
    for group in names.chunk_by(|a, b| a.0 == b.0) {
        let keyspace = &group[0].0;
        let names: Vec<String> = group.iter().map(|(_, name)| name.clone()).collect();
        let line = "-".repeat("Keyspace ".len() + keyspace.width());
        // Writing to a string cannot fail.
        let _ = write!(out, "\nKeyspace {keyspace}\n{line}\n{}", arrange_in_columns(&names));
    }
    out
}

/// Names in as few lines as fit `WIDTH_MAX`, filled column by column. Each but a single one is as wide as its column.
fn arrange_in_columns(names: &[String]) -> String {
    let layout = |lines: usize| -> Vec<usize> {
        names.chunks(lines).map(|column| column.iter().map(|name| name.width()).max().unwrap_or(0)).collect()
    };
    let fits =
        |lines: &usize| layout(*lines).iter().map(|width| width + GAP_WIDTH).sum::<usize>() <= WIDTH_MAX + GAP_WIDTH;
    let found = (1..names.len()).find(fits);
    let lines = found.unwrap_or(names.len());
    let widths = if found.is_some() { layout(lines) } else { vec![0] };
    let mut out = String::new();
    for line in 0..lines {
        let cells = names.iter().skip(line).step_by(lines).zip(&widths);
        let text: Vec<String> =
            cells.map(|(name, width)| format!("{name}{}", " ".repeat(width.saturating_sub(name.width())))).collect();
        out += &text.join(&" ".repeat(GAP_WIDTH));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("a_name_of_twenty_{n:03}")).collect()
    }

    #[test]
    fn names_go_down_the_columns() {
        assert_eq!(arrange_in_columns(&["b".to_owned(), "a".to_owned()]), "b  a\n");
        let text = arrange_in_columns(&names(5));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1], "a_name_of_twenty_001  a_name_of_twenty_003");
        assert_eq!(lines[0], "a_name_of_twenty_000  a_name_of_twenty_002  a_name_of_twenty_004");
        assert!(arrange_in_columns(&["x".repeat(200), "y".to_owned()]).lines().count() == 2);
        assert_eq!(arrange_in_columns(&["b".to_owned(), "longer".to_owned(), "a".to_owned()]), "b  longer  a\n");
        assert_eq!(
            arrange_in_columns(&["x".repeat(60), "y".repeat(50)]),
            "x".repeat(60) + "\n" + &"y".repeat(50) + "\n"
        );
    }

    #[test]
    fn names_stand_under_their_keyspaces() {
        let pair = |keyspace: &str, name: &str| (keyspace.to_owned(), name.to_owned());
        let text = group_by_keyspace(&[pair("k", "a"), pair("k", "b"), pair("ks2", "c")]);
        assert_eq!(text, "\nKeyspace k\n----------\na  b\n\nKeyspace ks2\n------------\nc\n");
    }
}
