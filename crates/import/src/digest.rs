//! Sums of rows, by which two servers are compared without sending one's rows to the other.

use crate::cells::{Cell, Element, SourceRow};
use crate::table::{Form, Table};
use henge_base::Bytes;
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_128;

/// A row's key and content as hashes, and the time of its newest cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowDigest {
    pub(crate) key: u128,
    pub(crate) content: u128,
    pub(crate) newest: i64,
}

/// The digest of a row: values, times, and which cells expire. What lists and counters do not keep is left out.
pub(crate) fn row_digest(table: &Table, row: &SourceRow) -> RowDigest {
    let mut key = Vec::new();
    row.key.iter().for_each(|part| put(&mut key, part.as_ref()));
    let mut content = Vec::new();
    for cell in &row.cells {
        put_cell(table, cell, &mut content);
    }
    let newest = row.cells.iter().filter_map(|cell| cell.time).map(|time| time.written).max();
    RowDigest { key: xxh3_128(&key), content: xxh3_128(&content), newest: newest.unwrap_or(i64::MIN) }
}

fn put_cell(table: &Table, cell: &Cell, out: &mut Vec<u8>) {
    out.extend_from_slice(&(cell.column as u32).to_be_bytes());
    match &cell.element {
        Element::Whole(value) | Element::Member(value) => put(out, Some(value)),
        Element::Entry(key, value) => [key, value].into_iter().for_each(|part| put(out, Some(part))),
        Element::Field(field, value) => {
            out.extend_from_slice(&(*field as u32).to_be_bytes());
            put(out, Some(value));
        }
    }
    if let Some(time) = cell.time.filter(|_| table.values[cell.column].form != Form::List) {
        out.extend_from_slice(&time.written.to_be_bytes());
        out.push(u8::from(time.ttl > 0));
    }
}

fn put(out: &mut Vec<u8>, value: Option<&Bytes>) {
    out.extend_from_slice(&value.map_or(u32::MAX, |value| value.len() as u32).to_be_bytes());
    out.extend_from_slice(value.map_or(&[], |value| value.as_ref()));
}

/// The sum of the rows of a range, in whichever order they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RangeDigest {
    pub(crate) rows: u64,
    sum: u128,
}

impl RangeDigest {
    pub(crate) fn add(&mut self, row: &RowDigest) {
        self.rows += 1;
        let mut both = row.key.to_be_bytes().to_vec();
        both.extend_from_slice(&row.content.to_be_bytes());
        self.sum = self.sum.wrapping_add(xxh3_128(&both));
    }
}

/// The rows of a range by their keys.
pub(crate) type RowDigests = HashMap<u128, RowDigest>;

/// The rows in which two servers differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Differences {
    /// Rows that the target lacks.
    pub(crate) missing: u64,
    /// Rows that are another there, and not newer.
    pub(crate) different: u64,
    /// Rows that are there alone, or newer there: written by others.
    pub(crate) surplus: u64,
}

/// Compares the rows of a range.
pub(crate) fn compare(source: &RowDigests, target: &RowDigests) -> Differences {
    let mut found = Differences::default();
    for (key, row) in source {
        match target.get(key) {
            None => found.missing += 1,
            Some(other) if other.content == row.content => {}
            Some(other) if other.newest > row.newest => found.surplus += 1,
            Some(_) => found.different += 1,
        }
    }
    found.surplus += target.keys().filter(|key| !source.contains_key(*key)).count() as u64;
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::read_row;
    use crate::cells::tests::{bytes, int, long, table};

    fn digest(form: Form, value: &'static str, written: i64, ttl: Option<Bytes>) -> RowDigest {
        let table = table(&[(form, false)]);
        row_digest(&table, &read_row(&table, vec![bytes("k"), bytes("c"), bytes(value), long(written), ttl]).unwrap())
    }

    #[test]
    fn values_times_and_expiry_count() {
        let single = |value, written, ttl| digest(Form::Single, value, written, ttl);
        let one = single("a", 5, None);
        assert_eq!(single("a", 5, int(9)), single("a", 5, int(7)));
        for other in [single("b", 5, None), single("a", 6, None), single("a", 5, int(9))] {
            assert_eq!(one.key, other.key);
            assert_ne!(one.content, other.content);
        }
        let (mut first, mut second) = (RangeDigest::default(), RangeDigest::default());
        let rows = [one, single("b", 5, None)];
        rows.iter().for_each(|row| first.add(row));
        rows.iter().rev().for_each(|row| second.add(row));
        assert_eq!((first, first.rows), (second, 2));
    }

    #[test]
    fn differences_are_told_apart() {
        let row = |key, content, newest| (key, RowDigest { key, content, newest });
        let source = RowDigests::from([row(1, 1, 5), row(2, 2, 5), row(3, 3, 5), row(4, 4, 5)]);
        let target = RowDigests::from([row(1, 1, 5), row(2, 9, 5), row(3, 9, 6), row(5, 5, 5)]);
        assert_eq!(compare(&source, &target), Differences { missing: 1, different: 1, surplus: 2 });
    }
}
