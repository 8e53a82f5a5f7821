//! A walk through the cells of a row, column by column as they are selected.

use super::aspect::{CellAspect, push_cell};
use super::{collection, counter};
use crate::row_codec::{CellView, Cells};
use crate::{Column, ColumnId, ColumnKind, DataType, RowSink, RowView, Table};
use henge_base::count_steps;

/// The times that all cells of a row, or columns of a table, are met by searches; then an index is made for those to come.
const WALKS: usize = 2;
/// Rows of fewer cells, and tables of fewer columns, need no index.
const INDEXED_MIN: usize = 32;

/// A walk through the selected columns that remembers its place in the row.
pub(super) struct ColumnWalk<'a, 't> {
    columns: TableColumns<'t>,
    row: Option<Cursor<'a>>,
    statics: Option<Cursor<'a>>,
    now_seconds: i64,
}

impl<'a, 't> ColumnWalk<'a, 't> {
    pub(super) fn new(
        table: &'t Table,
        row: Option<&RowView<'a>>,
        statics: Option<&RowView<'a>>,
        now_seconds: i64,
    ) -> Self {
        let columns = TableColumns { table, guess: 0, misses: 0, by_id: Vec::new() };
        ColumnWalk { columns, row: row.map(Cursor::new), statics: statics.map(Cursor::new), now_seconds }
    }

    pub(super) fn push(&mut self, id: ColumnId, aspect: CellAspect, sink: &mut dyn RowSink) {
        let Some(column) = self.columns.find(id) else { return sink.value(None) };
        let cursor = match column.kind {
            ColumnKind::Static => &mut self.statics,
            _ => &mut self.row,
        };
        let Some(cursor) = cursor else { return sink.value(None) };
        cursor.seek(id);
        if column.data_type == DataType::Counter {
            counter::push_sum(cursor.column(id), aspect, self.now_seconds, sink);
        } else if column.data_type.is_complex() {
            collection::push_elements(&column.data_type, cursor.column(id), aspect, self.now_seconds, sink);
        } else {
            push_cell(cursor.head.filter(|cell| cell.column == id), aspect, self.now_seconds, sink);
        }
    }
}

/// The columns of a table that are not of its key.
struct TableColumns<'t> {
    table: &'t Table,
    /// The probable index of the next column among the table's regular columns.
    guess: usize,
    /// The columns that were not where they were guessed.
    misses: usize,
    /// All columns by id, once many were not.
    by_id: Vec<&'t Column>,
}

impl<'t> TableColumns<'t> {
    /// The column with this id; most often the one after the last.
    fn find(&mut self, id: ColumnId) -> Option<&'t Column> {
        let (regulars, statics) = (&self.table.regulars, &self.table.statics);
        if let Some(column) = regulars.get(self.guess).filter(|column| column.id == id) {
            self.guess += 1;
            return Some(column);
        }
        if self.misses < WALKS || regulars.len() + statics.len() < INDEXED_MIN {
            self.misses = self.misses.saturating_add(1);
            count_steps(regulars.len() + statics.len());
            let place = regulars.iter().position(|column| column.id == id);
            self.guess = place.map_or(self.guess, |place| place + 1);
            return place.map(|place| &regulars[place]).or_else(|| statics.iter().find(|column| column.id == id));
        }
        if self.by_id.is_empty() {
            self.by_id = regulars.iter().chain(statics).collect();
            self.by_id.sort_unstable_by_key(|column| column.id);
            count_steps(self.by_id.len());
        }
        let place = self.by_id.binary_search_by_key(&id, |column| column.id).ok()?;
        Some(self.by_id[place])
    }
}

/// A position among the cells of a row. Selected columns are mostly in the order of their ids, so a search goes on where the last one ended,
/// and goes back to the row's start for a lower id. Once that has met too many cells, it looks up where columns begin.
struct Cursor<'a> {
    all: Cells<'a>,
    head: Option<CellView<'a>>,
    rest: Cells<'a>,
    sought: ColumnId,
    /// The cells that searches may yet meet before an index is made.
    patience: usize,
    /// The first cells of each column, once there is an index.
    starts: Vec<(ColumnId, Cells<'a>)>,
}

impl<'a> Cursor<'a> {
    fn new(row: &RowView<'a>) -> Self {
        let mut rest = row.cells();
        let (sought, starts) = (ColumnId(0), Vec::new());
        let patience = WALKS * row.cell_count().max(INDEXED_MIN * INDEXED_MIN);
        Cursor { all: row.cells(), head: rest.next(), rest, sought, patience, starts }
    }

    /// Moves to the first cell of a column, or behind the place where it would be.
    fn seek(&mut self, id: ColumnId) {
        if self.patience == 0 {
            self.rest = self.start_of(id);
            self.head = self.rest.next();
        } else if id < self.sought {
            self.rest = self.all;
            self.head = self.rest.next();
        }
        self.sought = id;
        while self.head.is_some_and(|cell| cell.column < id) {
            count_steps(1);
            self.patience = self.patience.saturating_sub(1);
            self.head = self.rest.next();
        }
    }

    /// The cells from where a column begins, or those of the column before.
    fn start_of(&mut self, id: ColumnId) -> Cells<'a> {
        if self.starts.is_empty() {
            self.starts = starts(self.all);
        }
        let behind = self.starts.partition_point(|(column, _)| *column <= id);
        behind.checked_sub(1).map_or(self.all, |place| self.starts[place].1)
    }

    /// The cells of column `id`, from the current position on.
    fn column(&self, id: ColumnId) -> impl Iterator<Item = CellView<'a>> + use<'a> {
        self.head.into_iter().chain(self.rest).take_while(move |cell| cell.column == id)
    }
}

/// The cells from the first one of each column on.
fn starts(mut cells: Cells<'_>) -> Vec<(ColumnId, Cells<'_>)> {
    let mut starts: Vec<(ColumnId, Cells<'_>)> = Vec::new();
    loop {
        let from_here = cells;
        let Some(cell) = cells.next() else { return starts };
        count_steps(1);
        if starts.last().is_none_or(|(column, _)| *column < cell.column) {
            starts.push((cell.column, from_here));
        }
    }
}
