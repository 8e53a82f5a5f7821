//! Tables in cqlsh's layout.

use crate::paint::Paint;
use unicode_width::UnicodeWidthStr;

/// A result: names of columns, and rows of formatted values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Prints columns side by side, with names, if they are wanted, aligned left and values right.
    pub(crate) fn format_wide(&self, paint: Paint, has_header: bool) -> String {
        let widths = self.widths();
        let last = self.columns.len().saturating_sub(1);
        let names =
            self.columns.iter().zip(&widths).enumerate().map(|(at, (name, width))| {
                paint.name(&if at == last { name.clone() } else { align_left(name, *width) })
            });
        let line: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
        let mut out = match has_header {
            true => format!(" {}\n{}\n", names.collect::<Vec<_>>().join(" | "), line.join("+")),
            false => String::new(),
        };
        for row in &self.rows {
            let values = row.iter().zip(&widths).map(|(value, width)| paint.value(&align_right(value, *width), value));
            out += &format!(" {}\n", values.collect::<Vec<_>>().join(" | "));
        }
        out
    }

    /// Prints the values of each row below one another, under the row's number, which starts at `first`.
    pub(crate) fn format_expanded(&self, first: usize, paint: Paint) -> String {
        let name_width = self.columns.iter().map(|c| c.width()).max().unwrap_or(0);
        let value_width = self.rows.iter().flatten().map(|v| v.width()).max().unwrap_or(0);
        let line = format!("{}+{}", "-".repeat(name_width + 2), "-".repeat(value_width + 2));
        let mut out = String::new();
        for (number, row) in self.rows.iter().enumerate() {
            out += &format!("@ Row {}\n{line}\n", first + number);
            for (name, value) in self.columns.iter().zip(row) {
                out += &format!(" {} | {}\n", paint.name(&align_left(name, name_width)), paint.value(value, value));
            }
            out.push('\n');
        }
        out
    }

    fn widths(&self) -> Vec<usize> {
        let width = |at: usize| {
            let values = self.rows.iter().filter_map(|row| row.get(at)).map(|v| v.width()).max().unwrap_or(0);
            values.max(self.columns[at].width())
        };
        (0..self.columns.len()).map(width).collect()
    }
}

fn align_right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

fn align_left(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let text = |items: &[&str]| items.iter().map(|s| (*s).to_owned()).collect();
        Table {
            columns: text(&["town", "name", "age"]),
            rows: vec![text(&["Avebury", "Ada", "36"]), text(&["日本", "x", "null"])],
        }
    }

    #[test]
    fn columns_stand_as_in_cqlsh() {
        let expected =
            " town    | name | age\n---------+------+------\n Avebury |  Ada |   36\n    日本 |    x | null\n";
        assert_eq!(table().format_wide(Paint::new(false), true), expected);
    }

    #[test]
    fn expanded_rows_have_numbers() {
        let expected = "@ Row 1\n------+---------\n town | Avebury\n name | Ada\n age  | 36\n\n";
        assert!(
            table().format_expanded(1, Paint::new(false)).starts_with(expected),
            "{}",
            table().format_expanded(1, Paint::new(false))
        );
    }
}
