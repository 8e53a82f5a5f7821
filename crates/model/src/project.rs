//! Projection: pushes the selected columns of a row into a sink. Expired values and deletions become null.

mod collection;
mod counter;

use crate::key::{KeyParts, is_exact, original_value};
use crate::row_codec::{CellKindView, CellView, Cells};
use crate::{Column, ColumnId, ColumnKind, DataType, ProjectedColumn, Projection, RowError, RowSink, RowView, Table};

/// Pushes the row at `key` if it is live at `now_seconds`; true if it was. Static columns are taken from this row, so
/// they are null unless it is the static row; [`project_joined`] pushes a row together with its partition's. On an
/// error nothing was pushed.
pub fn project(
    key: &[u8],
    row: &RowView<'_>,
    projection: &Projection,
    now_seconds: i64,
    sink: &mut dyn RowSink,
) -> Result<bool, RowError> {
    push_row(
        key,
        &Sources { row: Some(row), statics: Some(row), now_seconds },
        projection,
        row.is_live(now_seconds),
        sink,
    )
}

/// Pushes the row at `key` if it is live, with its static columns taken from `statics`. Without `row` it pushes the row
/// that CQL shows for a partition that has only a static row: `key` is the static row's, and clustering and regular
/// columns are null.
pub fn project_joined(
    key: &[u8],
    row: Option<&RowView<'_>>,
    statics: Option<&RowView<'_>>,
    projection: &Projection,
    now_seconds: i64,
    sink: &mut dyn RowSink,
) -> Result<bool, RowError> {
    let live = row.or(statics).is_some_and(|row| row.is_live(now_seconds));
    push_row(key, &Sources { row, statics, now_seconds }, projection, live, sink)
}

/// The rows that values are taken from, and the time at which they must be live.
struct Sources<'a, 'r> {
    row: Option<&'r RowView<'a>>,
    statics: Option<&'r RowView<'a>>,
    now_seconds: i64,
}

fn push_row(
    key: &[u8],
    from: &Sources<'_, '_>,
    projection: &Projection,
    live: bool,
    sink: &mut dyn RowSink,
) -> Result<bool, RowError> {
    if !live {
        return Ok(false);
    }
    let table = &*projection.table;
    let original = original_clustering(table, from);
    let of_key = |p: &ProjectedColumn| matches!(p, ProjectedColumn::PartitionKey(_) | ProjectedColumn::Clustering(_));
    let key = if projection.columns.iter().any(of_key) {
        // Only corruption can put a key of another table beside this row.
        Some(KeyParts::read(table, key).map_err(|_| RowError::Corrupt)?)
    } else {
        None
    };
    sink.begin_row();
    let mut walk = ColumnWalk {
        table,
        now_seconds: from.now_seconds,
        row: from.row.map(Cursor::new),
        statics: from.statics.map(Cursor::new),
        guess: 0,
    };
    for projected in &projection.columns {
        match *projected {
            ProjectedColumn::PartitionKey(i) => sink.value(key.as_ref().and_then(|key| key.partition_key(i))),
            ProjectedColumn::Clustering(i) => {
                let written = original.and_then(|original| original_value(original, i));
                sink.value(written.or_else(|| key.as_ref().and_then(|key| key.clustering(i))));
            }
            ProjectedColumn::Cell(id) => walk.push(id, CellAspect::Value, sink),
            ProjectedColumn::Writetime(id) => walk.push(id, CellAspect::Writetime, sink),
            ProjectedColumn::Ttl(id) => walk.push(id, CellAspect::Ttl, sink),
        }
    }
    Ok(true)
}

/// The clustering values as they were written, where the key holds only their normal form.
fn original_clustering<'a>(table: &Table, from: &Sources<'a, '_>) -> Option<&'a [u8]> {
    if table.clustering.iter().all(|column| is_exact(&column.data_type)) {
        return None;
    }
    let cell = from.row?.cells().find(|cell| cell.column == ColumnId::CLUSTERING)?;
    cell.live_value(from.now_seconds)
}

/// The attribute of a cell that a projection asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CellAspect {
    Value,
    Writetime,
    Ttl,
}

/// A walk through the selected columns that remembers its place in the row.
struct ColumnWalk<'a, 't> {
    table: &'t Table,
    now_seconds: i64,
    row: Option<Cursor<'a>>,
    statics: Option<Cursor<'a>>,
    /// The probable index of the next column among the table's regular columns.
    guess: usize,
}

impl ColumnWalk<'_, '_> {
    fn push(&mut self, id: ColumnId, aspect: CellAspect, sink: &mut dyn RowSink) {
        let Some(column) = self.column(id) else { return sink.value(None) };
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

impl<'t> ColumnWalk<'_, 't> {
    /// The column with this id; most often the one after the last.
    fn column(&mut self, id: ColumnId) -> Option<&'t Column> {
        let regulars = &self.table.regulars;
        let count = regulars.len();
        match (0..count).map(|i| (self.guess + i) % count).find(|i| regulars[*i].id == id) {
            Some(i) => {
                self.guess = i + 1;
                regulars.get(i)
            }
            None => self.table.statics.iter().find(|column| column.id == id),
        }
    }
}

/// A position among the cells of a row. Selected columns are mostly in the order of their ids, so a search continues
/// where the last one ended and restarts only to go back.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    all: Cells<'a>,
    head: Option<CellView<'a>>,
    rest: Cells<'a>,
    sought: ColumnId,
}

impl<'a> Cursor<'a> {
    fn new(row: &RowView<'a>) -> Self {
        let mut rest = row.cells();
        Cursor { all: row.cells(), head: rest.next(), rest, sought: ColumnId(0) }
    }

    /// Moves to the first cell of a column, or behind the place where it would be.
    fn seek(&mut self, id: ColumnId) {
        if id < self.sought {
            self.rest = self.all;
            self.head = self.rest.next();
        }
        self.sought = id;
        while self.head.is_some_and(|cell| cell.column < id) {
            self.head = self.rest.next();
        }
    }

    /// The cells of column `id`, from the current position on.
    fn column(self, id: ColumnId) -> impl Iterator<Item = CellView<'a>> {
        self.head.into_iter().chain(self.rest).take_while(move |cell| cell.column == id)
    }
}

fn push_cell(cell: Option<CellView<'_>>, aspect: CellAspect, now_seconds: i64, sink: &mut dyn RowSink) {
    let live = cell.and_then(|cell| cell.live_value(now_seconds).map(|value| (cell, value)));
    match (live, aspect) {
        (None, _) => sink.value(None),
        (Some((_, value)), CellAspect::Value) => sink.value(Some(value)),
        (Some((cell, _)), CellAspect::Writetime) => sink.value(Some(&cell.timestamp.to_be_bytes())),
        (Some((cell, _)), CellAspect::Ttl) => {
            sink.value(remaining_ttl(&cell, now_seconds).as_ref().map(<[u8; 4]>::as_slice))
        }
    }
}

/// The seconds until a cell expires, as an int; `None` for a cell without TTL.
fn remaining_ttl(cell: &CellView<'_>, now_seconds: i64) -> Option<[u8; 4]> {
    match cell.kind {
        CellKindView::Expiring { expires, .. } => {
            let left = expires.saturating_sub(now_seconds);
            Some(i32::try_from(left).unwrap_or(i32::MAX).to_be_bytes())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
