//! Row sinks: receivers of rows that take the selected columns of one row after another, in native encoding.

use crate::{ColumnId, Table};
use henge_base::Bytes;
use std::sync::Arc;

/// A receiver of rows. The server's sink is a connection's output buffer, so that a cached value is copied once.
pub trait RowSink {
    /// Begins a row; exactly as many `value` calls follow as the projection has columns.
    fn begin_row(&mut self);
    /// Adds the next selected value in native encoding, or null.
    fn value(&mut self, value: Option<&[u8]>);
    /// The number of rows begun.
    fn rows(&self) -> usize;
    /// The number of bytes taken, for page limits.
    fn bytes(&self) -> usize;
    /// The current position, for `rollback`: nothing of a row that could not be finished may stay.
    fn mark(&self) -> (usize, usize);
    /// Removes everything that was added after `mark`.
    fn rollback(&mut self, mark: (usize, usize));
    /// Asks for room for so many bytes more. False if there is none: an answer ends there, or fails.
    fn reserve(&mut self, bytes: usize) -> bool {
        let _ = bytes;
        true
    }
}

/// The selected columns of a table.
#[derive(Clone, Debug)]
pub struct Projection {
    /// The table that rows are read from.
    pub table: Arc<Table>,
    /// The columns to push, in the order of the result.
    pub columns: Vec<ProjectedColumn>,
}

/// One selected column. Numbers are indexes into the partition key's or the clustering columns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // Named by the part of the row that they read.
pub enum ProjectedColumn {
    PartitionKey(usize),
    Clustering(usize),
    Cell(ColumnId),
    /// The cell's timestamp, as a bigint of microseconds.
    Writetime(ColumnId),
    /// The seconds until the cell expires, as an int; null without a TTL.
    Ttl(ColumnId),
}

/// A sink that collects rows as owned values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The rows, each with one value per column of the projection.
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

/// A sink that counts rows and drops them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCount {
    rows: usize,
    bytes: usize,
}

impl RowSink for RowCount {
    fn begin_row(&mut self) {
        self.rows += 1;
    }

    fn value(&mut self, value: Option<&[u8]>) {
        self.bytes += value.map_or(0, <[u8]>::len);
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn mark(&self) -> (usize, usize) {
        (self.rows, self.bytes)
    }

    fn rollback(&mut self, (rows, bytes): (usize, usize)) {
        (self.rows, self.bytes) = (rows, bytes);
    }
}
