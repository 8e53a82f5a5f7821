//! Rows of a computed table, written by column name.

use henge_base::Bytes;
use henge_model::{Cell, CellKind, Key, Marker, PartitionKey, Row, Table, encode_row};

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
        let mut cells: Vec<Cell> = columns.iter().filter_map(|(name, value)| self.cell(name, value)).collect();
        cells.sort_by_key(|c| c.column);
        let row = Row { marker: Some(Marker { timestamp: 1, expiry: None }), deletion: None, cells };
        let mut bytes = Vec::new();
        encode_row(key.bytes(), &row, &mut bytes);
        self.rows.push((Bytes::copy_from_slice(key.bytes()), bytes.into()));
    }

    fn cell(&self, name: &str, value: &[u8]) -> Option<Cell> {
        let column = self.table.regulars.iter().find(|c| c.name == name)?;
        let kind = CellKind::Live { value: Bytes::copy_from_slice(value) };
        Some(Cell { column: column.id, path: Bytes::new(), timestamp: 1, kind })
    }

    /// The rows in key order.
    pub(super) fn sorted(mut self) -> Vec<(Bytes, Bytes)> {
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

fn put(out: &mut Value, item: &[u8]) {
    out.extend_from_slice(&(item.len() as i32).to_be_bytes());
    out.extend_from_slice(item);
}
