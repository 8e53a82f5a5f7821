//! Values in columns.

/// Rows under a header, each column as wide as its widest value.
pub(crate) fn print(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let header = header.iter().map(|name| (*name).to_owned()).collect();
    let all: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
    all.iter().map(|row| line(row, &all)).collect()
}

fn line(row: &[String], all: &[Vec<String>]) -> String {
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let cells: Vec<String> = row.iter().enumerate().map(|(at, value)| format!("{value:<w$}", w = width(at))).collect();
    format!("{}\n", cells.join("  ").trim_end())
}

/// A time, given in seconds since 1970.
pub(crate) fn format_time(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map_or_else(String::new, |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_value() {
        let text = print(&["a", "bb"], vec![vec!["ccc".to_owned(), String::new()]]);
        assert_eq!(text, "a    bb\nccc\n");
    }
}
