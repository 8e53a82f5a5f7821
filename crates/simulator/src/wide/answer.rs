//! Rows as they came: decoded from the bytes that a client gets.

use super::place::{Cell, Column, Partition, Row};
use super::select::{RowsOf, Select};
use bytes::{Buf, Bytes};
use std::collections::BTreeMap;

/// One row of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) partition: Partition,
    /// The row; `None` if the line shows a partition alone, with its static row.
    pub(crate) row: Option<Row>,
    /// The cells that have values. Those of the static column belong to the partition.
    pub(crate) cells: BTreeMap<Cell, i64>,
    /// The list, in its order.
    pub(crate) list: Vec<i64>,
}

/// Decodes a row of an answer to `select`. `None` if no server may answer with these bytes.
pub(crate) fn decode(select: &Select, values: &[Option<Bytes>]) -> Option<Line> {
    let int = |at: usize| match values.get(at)? {
        Some(bytes) => Some(Some(int(bytes)?)),
        None => Some(None),
    };
    let q = values.get(1)?.as_ref()?;
    let partition = Partition::of(int(0)??, std::str::from_utf8(q).ok()?)?;
    let is_distinct = select.rows == RowsOf::Distinct;
    let row = match is_distinct {
        true => None,
        false => match (int(2)?, int(3)?) {
            (Some(c), Some(d)) => Some(Row::new(c, d)),
            (None, None) => None,
            _ => return None,
        },
    };
    let from = if is_distinct { 2 } else { 4 };
    if values.len() != from + select.columns.len() {
        return None;
    }
    let mut line = Line { partition, row, cells: BTreeMap::new(), list: Vec::new() };
    for (column, value) in select.columns.iter().zip(&values[from..]) {
        if let Some(value) = value {
            line.take(*column, value.clone())?;
        }
    }
    Some(line)
}

impl Line {
    fn take(&mut self, column: Column, value: Bytes) -> Option<()> {
        match column {
            Column::S | Column::V | Column::X => {
                self.cells.insert(Cell::Value(column), i64::from_be_bytes(value.as_ref().try_into().ok()?));
            }
            Column::W => {
                let text = std::str::from_utf8(&value).ok()?;
                self.cells.insert(Cell::Value(column), text.strip_prefix('t')?.parse().ok()?);
            }
            Column::T | Column::M | Column::L => self.take_elements(column, value)?,
        }
        Some(())
    }

    /// The elements of a collection: sets and maps in order, and nothing twice.
    fn take_elements(&mut self, column: Column, mut bytes: Bytes) -> Option<()> {
        let count = bytes.try_get_i32().ok()?;
        let mut last = None;
        for _ in 0..count {
            let first = element(&mut bytes)?;
            let (key, value) = match column {
                Column::T => (i64::from(int(&first)?), 1),
                Column::M => (i64::from(int(&first)?), long(&element(&mut bytes)?)?),
                _ => (long(&first)?, long(&first)?),
            };
            if column == Column::L {
                self.list.push(key);
            } else if last.replace(key).is_some_and(|last| last >= key) {
                return None;
            }
            if self.cells.insert(Cell::Element(column, key), value).is_some() {
                return None;
            }
        }
        // An empty collection is null.
        (bytes.is_empty() && count > 0).then_some(())
    }
}

fn element(bytes: &mut Bytes) -> Option<Bytes> {
    let length = usize::try_from(bytes.try_get_i32().ok()?).ok()?;
    (bytes.len() >= length).then(|| bytes.split_to(length))
}

fn int(bytes: &[u8]) -> Option<i32> {
    Some(i32::from_be_bytes(bytes.try_into().ok()?))
}

fn long(bytes: &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(bytes.try_into().ok()?))
}
