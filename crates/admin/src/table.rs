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

/// A number of bytes as people read it.
pub(crate) fn format_bytes(bytes: u64) -> String {
    let (mut size, mut unit) = (bytes as f64, "bytes");
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if size < 1024.0 {
            break;
        }
        (size, unit) = (size / 1024.0, larger);
    }
    if unit == "bytes" { format!("{bytes} bytes") } else { format!("{size:.2} {unit}") }
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

    #[test]
    fn sizes_have_the_unit_that_people_would_use() {
        let sizes = [0u64, 1023, 1024, 1_572_864, 5 << 40].map(format_bytes);
        assert_eq!(sizes, ["0 bytes", "1023 bytes", "1.00 KiB", "1.50 MiB", "5.00 TiB"]);
    }
}
