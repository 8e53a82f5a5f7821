//! Pages of rows as a person reads them.

use crate::describe::format_description;
use crate::paint::Paint;
use crate::splitter::without_comments;
use crate::table::Table;
use crate::value::{ValueView, escape};
use henge_base::Bytes;
use henge_protocol::Rows;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// The form of a result.
pub(crate) struct ResultView<'a> {
    pub(crate) values: &'a ValueView,
    pub(crate) paint: Paint,
    /// True if values are printed one below the other.
    pub(crate) is_expanded: bool,
    /// True if the session is in a keyspace.
    pub(crate) has_keyspace: bool,
    /// True at a prompt, where each page has its header.
    pub(crate) is_prompted: bool,
    /// Rows that are laid out together; `None` for those of a page.
    pub(crate) layout_rows: Option<u32>,
}

/// The progress through the pages of a result.
pub(crate) struct PageProgress {
    /// The number of the next row.
    first: usize,
    /// The position at which the next page begins; `None` after the last one.
    pub(crate) state: Option<Bytes>,
    /// True until something was printed.
    is_first_page: bool,
}

impl PageProgress {
    pub(crate) fn new() -> PageProgress {
        PageProgress { first: 1, state: None, is_first_page: true }
    }
}

impl ResultView<'_> {
    /// Prints a page of the result of a statement. Returns true if there is a next one.
    pub(crate) fn print_page(
        &self,
        rows: Rows,
        pages: &mut PageProgress,
        text: &str,
        results: &mut dyn Write,
    ) -> io::Result<bool> {
        match ResultKind::of(text) {
            ResultKind::Description => {
                write!(results, "{}", format_description(&rows, self.has_keyspace))?;
                Ok(false)
            }
            ResultKind::Rows => self.print_counted(rows, pages, results),
            ResultKind::Outcome if rows.rows.is_empty() => Ok(false),
            ResultKind::Outcome => {
                writeln!(results)?;
                self.print_rows(&rows, pages, results)?;
                Ok(false)
            }
        }
    }

    /// Prints a page of rows that are counted below the last one.
    fn print_counted(&self, rows: Rows, pages: &mut PageProgress, results: &mut dyn Write) -> io::Result<bool> {
        if pages.is_first_page {
            writeln!(results)?;
        }
        self.print_rows(&rows, pages, results)?;
        pages.state = rows.paging_state;
        if pages.state.is_none() {
            let blank = if self.is_prompted { "" } else { "\n" };
            writeln!(results, "{blank}({} rows)", pages.first - 1)?;
        }
        results.flush()?;
        Ok(pages.state.is_some())
    }

    /// Prints rows, or for none on the first page the header alone.
    fn print_rows(&self, rows: &Rows, pages: &mut PageProgress, results: &mut dyn Write) -> io::Result<()> {
        let columns: Vec<String> = rows.columns.iter().map(|column| escape(&column.name)).collect();
        if rows.rows.is_empty() && pages.is_first_page {
            let table = Table { columns, rows: Vec::new() };
            writeln!(results, "{}", table.format_wide(self.paint, true))?;
        } else {
            let size = self.layout_rows.map_or(rows.rows.len(), |size| size as usize);
            for part in rows.rows.chunks(size.max(1)) {
                let table = Table {
                    columns: columns.clone(),
                    rows: part.iter().map(|row| self.format_row(rows, row)).collect(),
                };
                let layout = match self.is_expanded {
                    true => table.format_expanded(pages.first, self.paint),
                    false => table.format_wide(self.paint, pages.is_first_page || self.is_prompted),
                };
                write!(results, "{layout}")?;
                if self.is_prompted && !self.is_expanded {
                    writeln!(results)?;
                }
                pages.first += part.len();
                pages.is_first_page = false;
            }
        }
        pages.is_first_page = false;
        Ok(())
    }

    fn format_row(&self, rows: &Rows, row: &[Option<Bytes>]) -> Vec<String> {
        let cells = rows.columns.iter().zip(row);
        cells.map(|(column, value)| self.values.format(&column.data_type, value.as_deref())).collect()
    }
}

/// Prints warnings, each once.
pub(crate) fn print_warnings(warnings: &BTreeSet<String>, results: &mut dyn Write) -> io::Result<()> {
    if !warnings.is_empty() {
        writeln!(results, "\nWarnings :")?;
    }
    warnings.iter().try_for_each(|warning| writeln!(results, "{warning}\n"))
}

/// The kind of a result, by its statement's first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResultKind {
    /// Of DESCRIBE.
    Description,
    /// Of SELECT, LIST and EXPLAIN.
    Rows,
    /// Of a conditional write.
    Outcome,
}

impl ResultKind {
    pub(crate) fn of(text: &str) -> ResultKind {
        let text = without_comments(text);
        let word = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        match word.as_str() {
            "describe" | "desc" => ResultKind::Description,
            "insert" | "update" | "delete" | "begin" => ResultKind::Outcome,
            _ => ResultKind::Rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_model::DataType;
    use henge_protocol::ColumnSpec;

    fn rows(count: i32, more: bool) -> Rows {
        let column = |name: &str| ColumnSpec {
            keyspace: "k".to_owned(),
            table: "t".to_owned(),
            name: name.to_owned(),
            data_type: DataType::Int,
        };
        Rows {
            columns: vec![column("k")],
            rows: (0..count).map(|k| vec![Some(Bytes::copy_from_slice(&(99 + k).to_be_bytes()))]).collect(),
            paging_state: more.then(|| Bytes::from_static(b"x")),
            ..Rows::default()
        }
    }

    fn print(view: &ResultView<'_>, text: &str, all: Vec<Rows>) -> String {
        let (mut pages, mut out) = (PageProgress::new(), Vec::new());
        for rows in all {
            view.print_page(rows, &mut pages, text, &mut out).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    /// The expected texts are those of cqlsh 6.2.2.
    #[test]
    fn pages_stand_as_in_cqlsh() {
        let values = ValueView::default();
        let view = |is_prompted, is_expanded, layout_rows| ResultView {
            values: &values,
            paint: Paint::new(false),
            is_expanded,
            has_keyspace: false,
            is_prompted,
            layout_rows,
        };
        let plain = view(false, false, Some(1));
        assert_eq!(print(&plain, "select k", vec![rows(2, false)]), "\n k\n----\n 99\n 100\n\n(2 rows)\n");
        assert_eq!(print(&plain, "select k", vec![rows(0, false)]), "\n k\n---\n\n\n(0 rows)\n");
        assert_eq!(print(&plain, "UPDATE t", vec![rows(1, false)]), "\n k\n----\n 99\n");
        assert_eq!(print(&plain, "UPDATE t", vec![rows(0, false)]), "");
        let prompted = view(true, false, None);
        let paged = vec![rows(1, true), rows(1, false)];
        assert_eq!(print(&prompted, "LIST ROLES", paged), "\n k\n----\n 99\n\n k\n----\n 99\n\n(2 rows)\n");
        let expanded = "\n@ Row 1\n---+----\n k | 99\n\n";
        assert_eq!(print(&view(true, true, None), "SELECT", vec![rows(1, false)]), format!("{expanded}(1 rows)\n"));
        assert_eq!(print(&view(false, true, None), "SELECT", vec![rows(1, false)]), format!("{expanded}\n(1 rows)\n"));
    }
}
