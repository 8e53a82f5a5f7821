//! Projection: pushes the selected columns of a row into a sink. Expired values and deletions become null.

mod aspect;
mod collection;
mod counter;
mod walk;

use crate::key::decode::KeyParts;
use crate::key::original::{is_exact, original_value};
use crate::{ColumnId, ProjectedColumn, Projection, RowError, RowSink, RowView, Table};
use aspect::CellAspect;
use walk::ColumnWalk;

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
    let mut walk = ColumnWalk::new(table, from.row, from.statics, from.now_seconds);
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

#[cfg(test)]
mod tests;
