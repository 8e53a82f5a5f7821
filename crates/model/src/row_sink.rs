//! Where rows go: a sink takes the selected columns of one row after another, in wire form.

use crate::{ColumnId, Table};
use henge_base::Bytes;
use std::sync::Arc;

/// Takes rows. The server's sink is a connection's output buffer, so that a cached value is copied once.
pub trait RowSink {
    /// A row begins; exactly as many `value` calls follow as the projection has columns.
    fn begin_row(&mut self);
    /// The next selected value in native encoding, or null.
    fn value(&mut self, value: Option<&[u8]>);
    /// How many rows were begun.
    fn rows(&self) -> usize;
    /// How many bytes were taken, for page limits.
    fn bytes(&self) -> usize;
    /// A point to return to: nothing of a row that could not be finished may stay.
    fn mark(&self) -> (usize, usize);
    /// Forgets everything after `mark`.
    fn rollback(&mut self, mark: (usize, usize));
}

/// The selected columns of a table.
#[derive(Clone, Debug)]
pub struct Projection {
    /// The table.
    pub table: Arc<Table>,
    /// What to take, in order.
    pub columns: Vec<Projected>,
}

/// One selected column. Numbers are places within the partition key or the clustering columns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named by what they take.
pub enum Projected {
    PartitionKey(usize),
    Clustering(usize),
    Cell(ColumnId),
    /// The cell's timestamp, as bigint.
    Writetime(ColumnId),
    /// The seconds the cell still has to live, as int.
    Ttl(ColumnId),
}

/// A sink that keeps rows as owned values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Every row, as wide as the projection.
    pub rows: Vec<Vec<Option<Bytes>>>,
    width: usize,
    bytes: usize,
}

impl Rows {
    /// An empty sink for rows of `width` values.
    pub fn new(width: usize) -> Self {
        Rows { rows: Vec::new(), width, bytes: 0 }
    }
}

impl RowSink for Rows {
    fn begin_row(&mut self) {
        self.rows.push(Vec::with_capacity(self.width));
    }

    fn value(&mut self, value: Option<&[u8]>) {
        self.bytes += value.map_or(0, <[u8]>::len);
        if let Some(row) = self.rows.last_mut() {
            row.push(value.map(Bytes::copy_from_slice));
        }
    }

    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn mark(&self) -> (usize, usize) {
        (self.rows.len(), self.bytes)
    }

    fn rollback(&mut self, (rows, bytes): (usize, usize)) {
        self.rows.truncate(rows);
        self.bytes = bytes;
    }
}
