//! What a row is found by, and which of it a query looks for.

use super::{Index, IndexId, IndexedPart};
use crate::key::KeyParts;
use crate::value::put_escaped;
use crate::{CellKindView, CellView, Column, ColumnId, ColumnKind, DataType, Key, KeyKind, RowView, Table};
use henge_base::Bytes;

/// Bytes of a value that tell it from others in an index. Rows whose values are the same so far are looked at one by one.
const TERM_BYTES: usize = 1_024;

/// An index, asked for some of its terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The index.
    pub index: IndexId,
    /// Whether a match is a whole partition, since its static row is what matches.
    pub whole_partitions: bool,
    /// What is looked for. It may let rows through that the query does not mean, never leave one out.
    pub terms: Terms,
}

/// Terms that are looked for, each as [`Index::term`] gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// One.
    One(Bytes),
    /// Those from `start` (included) to `end` (excluded); an empty `end` is no bound.
    Range {
        /// The lowest.
        start: Bytes,
        /// Above the highest.
        end: Bytes,
    },
}

impl Terms {
    /// Whether it is among them.
    pub fn contain(&self, term: &[u8]) -> bool {
        match self {
            Terms::One(one) => one == term,
            Terms::Range { start, end } => term >= &start[..] && (end.is_empty() || term < &end[..]),
        }
    }

    /// All that are not below one and not above another.
    pub fn between(lower: Option<Bytes>, upper: Option<Bytes>) -> Terms {
        let end = upper.map_or(Bytes::new(), |upper| Key::prefix_end(&upper).into());
        Terms::Range { start: lower.unwrap_or_default(), end }
    }
}

impl Index {
    /// The term of a value of the kind that the index holds: bytes that sort as values do as far as they go, and end by
    /// themselves. `None` of what is no such value.
    pub fn term(&self, table: &Table, value: &[u8]) -> Option<Bytes> {
        let data_type = self.value_type(self.column(table)?)?;
        let mut out = Vec::with_capacity(value.len() + 4);
        data_type.encode_key(&self.analysis().apply(value), &mut out).ok()?;
        Some(escaped(&out))
    }

    /// The term of an entry of a map.
    pub fn entry_term(&self, table: &Table, key: &[u8], value: &[u8]) -> Option<Bytes> {
        let DataType::Map(key_type, value_type) = self.column(table)?.data_type.unfrozen() else { return None };
        let mut out = Vec::with_capacity(key.len() + value.len() + 8);
        key_type.encode_key(key, &mut out).ok()?;
        value_type.encode_key(value, &mut out).ok()?;
        Some(escaped(&out))
    }

    /// The type of the values that the index holds; of entries, of their keys.
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

    /// What the row at `key` is found by. Expired values count, for a reader's clock may be behind.
    pub fn terms_of(&self, table: &Table, key: &[u8], row: &RowView<'_>, each: &mut dyn FnMut(Bytes)) {
        let Some(column) = self.column(table) else { return };
        match column.kind {
            ColumnKind::PartitionKey | ColumnKind::Clustering => {
                if let Some(value) = key_value(table, column, key).filter(|_| has_content(row)) {
                    self.term(table, &value).into_iter().for_each(each);
                }
            }
            ColumnKind::Static | ColumnKind::Regular => {
                let cells = row.cells().filter(|cell| cell.column == column.id);
                cells.filter_map(|cell| self.term_of_cell(table, column, &cell)).for_each(each);
            }
        }
    }

    fn term_of_cell(&self, table: &Table, column: &Column, cell: &CellView<'_>) -> Option<Bytes> {
        let (CellKindView::Live { value } | CellKindView::Expiring { value, .. }) = cell.kind else { return None };
        match (self.part, column.data_type.unfrozen()) {
            (IndexedPart::Keys, _) | (IndexedPart::Values, DataType::Set(_)) => self.term(table, cell.path),
            (IndexedPart::Entries, _) => self.entry_term(table, cell.path, value),
            _ => self.term(table, value),
        }
    }
}

/// Whether a row is more than deletions.
fn has_content(row: &RowView<'_>) -> bool {
    let has_value = |cell: CellView<'_>| matches!(cell.kind, CellKindView::Live { .. } | CellKindView::Expiring { .. });
    row.marker().is_some() || row.cells().any(|cell| cell.column != ColumnId::CLUSTERING && has_value(cell))
}

fn key_value(table: &Table, column: &Column, key: &[u8]) -> Option<Bytes> {
    if !matches!(Key::kind(key), Some(KeyKind::Row | KeyKind::Static)) {
        return None;
    }
    let (parts, place) = (KeyParts::read(table, key).ok()?, table.position(column)?);
    let value =
        if column.kind == ColumnKind::PartitionKey { parts.partition_key(place) } else { parts.clustering(place) };
    value.map(Bytes::copy_from_slice)
}

fn escaped(encoded: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(encoded.len() + 2);
    put_escaped(&encoded[..encoded.len().min(TERM_BYTES)], &mut out);
    out.into()
}
