//! Values in columns.

/// Prints rows under a header, each column as wide as its widest value.
pub(crate) fn print(header: &[&str], rows: Vec<Vec<String>>) {
    let header = header.iter().map(|name| (*name).to_owned()).collect();
    let all: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
    for row in &all {
        println!("{}", line(row, &all));
    }
}

fn line(row: &[String], all: &[Vec<String>]) -> String {
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let cells: Vec<String> = row.iter().enumerate().map(|(at, value)| format!("{value:<w$}", w = width(at))).collect();
    cells.join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_value() {
        let all = [vec!["a".to_owned(), "bb".to_owned()], vec!["ccc".to_owned(), String::new()]];
        assert_eq!([line(&all[0], &all), line(&all[1], &all)], ["a    bb", "ccc"]);
    }
}
