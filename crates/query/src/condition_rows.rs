//! The rows that a conditional write is decided on.

use crate::Error;
use henge_base::{Bytes, Micros};
use henge_cql::RowValues;
use henge_model::{
    ColumnId, Key, KeyKind, ProjectedColumn, Projection, RowBlock, RowView, Rows, Table, project_joined,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The rows that the reads of a conditional write found.
pub(crate) struct ConditionRows<'t> {
    table: &'t Arc<Table>,
    now_seconds: i64,
    /// The rows by key, including the static row.
    pub(crate) rows: BTreeMap<Bytes, Bytes>,
    /// Key and row of the partition's first live row; `None` unless all conditions are about static columns.
    first: Option<(Bytes, Bytes)>,
    /// The greatest timestamp in the rows, deletions included.
    pub(crate) newest: Micros,
}

impl<'t> ConditionRows<'t> {
    /// The rows in `blocks`. If `with_first`, the last block is the read of the partition's first row.
    pub(crate) fn from_blocks(
        blocks: &[RowBlock],
        with_first: bool,
        table: &'t Arc<Table>,
        now_seconds: i64,
    ) -> ConditionRows<'t> {
        let (blocks, first) = match blocks.split_last() {
            Some((last, others)) if with_first => (others, Some(last)),
            _ => (blocks, None),
        };
        let mut found = ConditionRows { table, now_seconds, rows: BTreeMap::new(), first: None, newest: Micros::MIN };
        found.first = first.and_then(|block| block.rows.iter().find(|(_, row)| found.parse(row).is_some()).cloned());
        for (key, row) in blocks.iter().flat_map(|block| block.rows.iter().chain(&block.context)) {
            let Ok(view) = RowView::parse_trusted(row) else { continue };
            found.newest = found.newest.max(newest_timestamp(&view));
            // Rows come without the parts that tombstones of ranges and partitions cover, so tombstones are not needed.
            if Key::extent(key).is_none() {
                found.rows.insert(key.clone(), row.clone());
            }
        }
        found
    }

    /// A view of a row, if it is live.
    fn parse<'r>(&self, row: &'r [u8]) -> Option<RowView<'r>> {
        RowView::parse_trusted(row).ok().filter(|view| view.is_live(self.now_seconds))
    }

    fn row_view(&self, key: &Bytes) -> Option<RowView<'_>> {
        let first = self.first.as_ref().filter(|(of_first, _)| of_first == key).map(|(_, row)| row);
        self.parse(self.rows.get(key).or(first)?)
    }

    /// The key of the partition's first row.
    pub(crate) fn first_row(&self) -> Option<&Bytes> {
        self.first.as_ref().map(|(key, _)| key)
    }

    /// True if one of these static columns has a value.
    pub(crate) fn has_statics(&self, among: &[ColumnId]) -> Result<bool, Error> {
        let columns = self.table.statics.iter().filter(|column| among.binary_search(&column.id).is_ok());
        let values = self.project(None, columns.map(|column| ProjectedColumn::Cell(column.id)).collect())?;
        Ok(values.is_some_and(|values| values.iter().any(Option::is_some)))
    }

    pub(crate) fn exists(&self, key: &Bytes) -> bool {
        self.row_view(key).is_some()
    }

    /// The static row, with its key.
    fn statics(&self) -> Option<(&Bytes, RowView<'_>)> {
        let key = self.rows.keys().find(|key| Key::kind(key) == Some(KeyKind::Static))?;
        Some((key, self.row_view(key)?))
    }

    /// Columns of a row together with its static ones, or of the static row alone if `key` is `None`; `None` if the row
    /// does not exist.
    pub(crate) fn project(
        &self,
        key: Option<&Bytes>,
        columns: Vec<ProjectedColumn>,
    ) -> Result<Option<Vec<Option<Bytes>>>, Error> {
        let projection = Projection { table: Arc::clone(self.table), columns };
        let mut rows = Rows::new(projection.columns.len());
        let (row, statics) = (key.and_then(|key| self.row_view(key)), self.statics());
        let Some(key) = key.filter(|_| row.is_some()).or(statics.as_ref().map(|(key, _)| *key)) else {
            return Ok(None);
        };
        let statics = statics.map(|(_, view)| view);
        project_joined(key, row.as_ref(), statics.as_ref(), &projection, self.now_seconds, &mut rows)?;
        Ok(rows.rows.pop())
    }

    pub(crate) fn row(&self, key: &Bytes) -> ConditionRow {
        let columns: Vec<ColumnId> = self.table.statics.iter().chain(&self.table.regulars).map(|c| c.id).collect();
        let is_static = Key::kind(key) == Some(KeyKind::Static);
        let row = Some(key).filter(|_| !is_static);
        let projected = columns.iter().map(|column| ProjectedColumn::Cell(*column)).collect();
        let values = self.project(row, projected).ok().flatten().unwrap_or_default();
        ConditionRow { exists: self.exists(key), values: columns.into_iter().zip(values).collect() }
    }
}

/// A row in the form in which conditions see it.
pub(crate) struct ConditionRow {
    exists: bool,
    values: BTreeMap<ColumnId, Option<Bytes>>,
}

impl RowValues for ConditionRow {
    fn exists(&self) -> bool {
        self.exists
    }

    fn value(&self, column: ColumnId) -> Option<&[u8]> {
        self.values.get(&column)?.as_deref()
    }
}

fn newest_timestamp(view: &RowView<'_>) -> Micros {
    let of_row = view.marker().map(|m| m.timestamp).max(view.deletion().map(|d| d.timestamp));
    let of_cells = view.cells().map(|cell| cell.timestamp).max();
    of_row.max(of_cells).unwrap_or(Micros::MIN)
}
