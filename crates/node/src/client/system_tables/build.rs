//! Rows of a computed table, written by column name.

use henge_base::Bytes;
use henge_model::{Cell, CellKind, DataType, Key, Marker, PartitionKey, Row, Table, encode_row};

/// Rows of one table, in the making.
#[derive(Debug)]
pub(super) struct TableRows<'a> {
    table: &'a Table,
    rows: Vec<(Bytes, Bytes)>,
}

/// A value in native encoding.
pub(super) type Value = Vec<u8>;

impl<'a> TableRows<'a> {
    pub(super) fn of(table: &'a Table) -> Self {
        TableRows { table, rows: Vec::new() }
    }

    /// Adds a row: values of the key columns in order, then the other columns by name. What a table has no column for is
    /// left out, so that versions of one table can share their row code.
    pub(super) fn push(&mut self, key: &[Value], columns: &[(&str, Value)]) {
        let (partition, clustering) = key.split_at(self.table.partition_key.len().min(key.len()));
        let parts: Vec<&[u8]> = partition.iter().map(Vec::as_slice).collect();
        let rest: Vec<&[u8]> = clustering.iter().map(Vec::as_slice).collect();
        // Names in these tables are far below the key limit; a longer one would only be left out.
        let Ok(partition) = PartitionKey::from_components(&parts) else { return };
        let Ok(key) = Key::row(self.table, &partition, &rest) else { return };
        let mut cells: Vec<Cell> = columns.iter().flat_map(|(name, value)| self.cells(name, value)).collect();
        cells.sort_by(|a, b| (a.column, &a.path).cmp(&(b.column, &b.path)));
        let row = Row { marker: Some(Marker { timestamp: 1, expiry: None }), deletion: None, cells };
        let mut bytes = Vec::new();
        encode_row(key.bytes(), &row, &mut bytes);
        self.rows.push((Bytes::copy_from_slice(key.bytes()), bytes.into()));
    }

    /// One cell, or one for each element of a set that is not frozen.
    fn cells(&self, name: &str, value: &[u8]) -> Vec<Cell> {
        let Some(column) = self.table.regulars.iter().find(|c| c.name == name) else { return Vec::new() };
        let cell = |path: &[u8], value: &[u8]| Cell {
            column: column.id,
            path: Bytes::copy_from_slice(path),
            timestamp: 1,
            kind: CellKind::Live { value: Bytes::copy_from_slice(value) },
        };
        match column.data_type {
            DataType::Set(_) => elements(value).map(|element| cell(element, &[])).collect(),
            _ => vec![cell(&[], value)],
        }
    }

    /// The rows in key order.
    pub(super) fn into_sorted(mut self) -> Vec<(Bytes, Bytes)> {
        self.rows.sort();
        self.rows
    }
}

pub(super) fn text(value: impl AsRef<str>) -> Value {
    value.as_ref().as_bytes().to_vec()
}

pub(super) fn int(value: i32) -> Value {
    value.to_be_bytes().to_vec()
}

pub(super) fn bigint(value: i64) -> Value {
    value.to_be_bytes().to_vec()
}

/// A count as a `bigint`.
pub(super) fn count(value: u64) -> Value {
    bigint(i64::try_from(value).unwrap_or(i64::MAX))
}

/// A count as an `int`.
pub(super) fn small(value: u64) -> Value {
    int(i32::try_from(value).unwrap_or(i32::MAX))
}

pub(super) fn boolean(value: bool) -> Value {
    vec![u8::from(value)]
}

pub(super) fn double(value: f64) -> Value {
    value.to_be_bytes().to_vec()
}

pub(super) fn inet(address: std::net::IpAddr) -> Value {
    match address {
        std::net::IpAddr::V4(a) => a.octets().to_vec(),
        std::net::IpAddr::V6(a) => a.octets().to_vec(),
    }
}

/// A list or set: element count, then each element with its length.
pub(super) fn list<T: AsRef<[u8]>>(items: impl IntoIterator<Item = T>) -> Value {
    let mut out = vec![0; 4];
    let mut count = 0i32;
    for item in items {
        count += 1;
        put(&mut out, item.as_ref());
    }
    out[..4].copy_from_slice(&count.to_be_bytes());
    out
}

/// A map of texts.
pub(super) fn map<'m>(items: impl IntoIterator<Item = (&'m str, &'m str)>) -> Value {
    let mut out = vec![0; 4];
    let mut count = 0i32;
    for (key, value) in items {
        count += 1;
        put(&mut out, key.as_bytes());
        put(&mut out, value.as_bytes());
    }
    out[..4].copy_from_slice(&count.to_be_bytes());
    out
}

/// The elements of what [`list`] made.
fn elements(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = list.get(4..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (element, after) = after.split_at_checked(i32::from_be_bytes(*length) as usize)?;
        rest = after;
        Some(element)
    })
}

fn put(out: &mut Value, item: &[u8]) {
    out.extend_from_slice(&(item.len() as i32).to_be_bytes());
    out.extend_from_slice(item);
}
