//! Pages of rows as a person reads them.

use crate::describe::format_description;
use crate::paint::Paint;
use crate::splitter::without_comments;
use crate::table::Table;
use crate::value::ValueView;
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
}

/// The progress through the pages of a result.
pub(crate) struct PageProgress {
    /// The number of the next row.
    first: usize,
    /// The position at which the next page begins; `None` after the last one.
    pub(crate) state: Option<Bytes>,
}

impl PageProgress {
    pub(crate) fn new() -> PageProgress {
        PageProgress { first: 1, state: None }
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
        if is_describe(text) {
            write!(results, "{}", format_description(&rows, self.has_keyspace))?;
            return Ok(false);
        }
        let table = Table {
            columns: rows.columns.iter().map(|c| c.name.clone()).collect(),
            rows: rows.rows.iter().map(|row| self.format_row(&rows, row)).collect(),
        };
        let layout = match self.is_expanded {
            true => table.format_expanded(pages.first, self.paint),
            false => table.format_wide(self.paint),
        };
        write!(results, "\n{layout}")?;
        pages.first += table.rows.len();
        pages.state = rows.paging_state;
        results.flush()?;
        if pages.state.is_none() {
            writeln!(results, "{}({} rows)", if self.is_expanded { "" } else { "\n" }, pages.first - 1)?;
        }
        Ok(pages.state.is_some())
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

fn is_describe(text: &str) -> bool {
    let text = without_comments(text);
    let word = text.split_whitespace().next().unwrap_or_default();
    word.eq_ignore_ascii_case("describe") || word.eq_ignore_ascii_case("desc")
}
