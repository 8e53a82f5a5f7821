//! The terms of a row, and the terms that a query looks for.

use super::{Index, IndexId, IndexedPart};
use crate::key::decode::KeyParts;
use crate::value::put_escaped;
use crate::{CellKindView, CellView, Column, ColumnId, ColumnKind, DataType, Key, KeyKind, RowView, Table};
use henge_base::Bytes;

/// The most bytes of a value that a term holds, before escaping. Values that agree so far share a term, and their rows
/// are told apart by reading them.
const TERM_BYTES_MAX: usize = 1_024;

/// A lookup in an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The index that is asked.
    pub index: IndexId,
    /// True if the index is of a static column, so that a match stands for a whole partition.
    pub whole_partitions: bool,
    /// The terms looked for. They may match rows that the query does not mean, but never miss one that it does.
    pub terms: Terms,
}

/// A term or a range of terms, each as [`Index::term`] gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// A single term.
    One(Bytes),
    /// Terms from `start` (included) to `end` (excluded); an empty `end` is no bound.
    Range {
        /// The lowest term included.
        start: Bytes,
        /// The lowest term above the range.
        end: Bytes,
    },
}

impl Terms {
    /// True if `term` is among them.
    pub fn contains(&self, term: &[u8]) -> bool {
        match self {
            Terms::One(one) => one == term,
            Terms::Range { start, end } => term >= &start[..] && (end.is_empty() || term < &end[..]),
        }
    }

    /// The range from `lower` to `upper`, both included; `None` is no bound.
    pub fn from_bounds(lower: Option<Bytes>, upper: Option<Bytes>) -> Terms {
        let end = upper.map_or(Bytes::new(), |upper| Key::prefix_end(&upper).into());
        Terms::Range { start: lower.unwrap_or_default(), end }
    }
}

impl Index {
    /// The indexed column; `None` if the table has no column of that id.
    pub fn column<'a>(&self, table: &'a Table) -> Option<&'a Column> {
        table.columns().find(|column| column.id == self.column)
    }

    /// The term of a value of the type that the index holds: bytes that sort as values do, as far as the term reaches,
    /// and that mark their own end. `None` if the bytes are not such a value.
    pub fn term(&self, table: &Table, value: &[u8]) -> Option<Bytes> {
        let data_type = self.value_type(self.column(table)?)?;
        let mut out = Vec::with_capacity(value.len() + 4);
        data_type.encode_key(&self.analysis().apply(value), &mut out).ok()?;
        Some(encode_term(&out))
    }

    /// The term of an entry of a map; `None` if the column is not a map or the bytes are not values of its types.
    pub fn map_entry_term(&self, table: &Table, key: &[u8], value: &[u8]) -> Option<Bytes> {
        let DataType::Map(key_type, value_type) = self.column(table)?.data_type.unfrozen() else { return None };
        let mut out = Vec::with_capacity(key.len() + value.len() + 8);
        key_type.encode_key(key, &mut out).ok()?;
        value_type.encode_key(value, &mut out).ok()?;
        Some(encode_term(&out))
    }

    /// The type of the values that the index holds; for an index on entries, the type of the map's keys. `None` if the
    /// column has no such part.
    pub fn value_type<'a>(&self, column: &'a Column) -> Option<&'a DataType> {
        match (self.part, column.data_type.unfrozen()) {
            (IndexedPart::Value | IndexedPart::Full, _) => Some(&column.data_type),
            (IndexedPart::Keys | IndexedPart::Entries, DataType::Map(key, _)) => Some(key),
            (IndexedPart::Values, DataType::List(element) | DataType::Set(element) | DataType::Map(_, element)) => {
                Some(element)
            }
            _ => None,
        }
    }

    /// Calls `each` with every term of the row at `key`. Expired values count, for a reader's clock may be behind.
    pub fn each_term(&self, table: &Table, key: &[u8], row: &RowView<'_>, each: &mut dyn FnMut(Bytes)) {
        let Some(column) = self.column(table) else { return };
        match column.kind {
            ColumnKind::PartitionKey | ColumnKind::Clustering => {
                if let Some(value) = key_column_value(table, column, key).filter(|_| has_content(row)) {
                    self.term(table, &value).into_iter().for_each(each);
                }
            }
            ColumnKind::Static | ColumnKind::Regular => {
                let cells = row.cells().filter(|cell| cell.column == column.id);
                cells.filter_map(|cell| self.cell_term(table, column, &cell)).for_each(each);
            }
        }
    }

    fn cell_term(&self, table: &Table, column: &Column, cell: &CellView<'_>) -> Option<Bytes> {
        let (CellKindView::Live { value } | CellKindView::Expiring { value, .. }) = cell.kind else { return None };
        match (self.part, column.data_type.unfrozen()) {
            (IndexedPart::Keys, _) | (IndexedPart::Values, DataType::Set(_)) => self.term(table, cell.path),
            (IndexedPart::Entries, _) => self.map_entry_term(table, cell.path, value),
            _ => self.term(table, value),
        }
    }
}

/// True if the row holds a marker or a value, not only deletions.
fn has_content(row: &RowView<'_>) -> bool {
    let has_value = |cell: CellView<'_>| matches!(cell.kind, CellKindView::Live { .. } | CellKindView::Expiring { .. });
    row.marker().is_some() || row.cells().any(|cell| cell.column != ColumnId::CLUSTERING && has_value(cell))
}

fn key_column_value(table: &Table, column: &Column, key: &[u8]) -> Option<Bytes> {
    if !matches!(Key::kind(key), Some(KeyKind::Row | KeyKind::Static)) {
        return None;
    }
    let (parts, place) = (KeyParts::read(table, key).ok()?, table.position(column)?);
    let value =
        if column.kind == ColumnKind::PartitionKey { parts.partition_key(place) } else { parts.clustering(place) };
    value.map(Bytes::copy_from_slice)
}

fn encode_term(encoded: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(encoded.len() + 2);
    put_escaped(&encoded[..encoded.len().min(TERM_BYTES_MAX)], &mut out);
    out.into()
}
