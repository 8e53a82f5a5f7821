//! Rows and reads of tests, in few words.

use super::NOW;
use henge_base::Bytes;
use henge_model::{
    Cell, CellKind, ColumnId, Columns, Deletion, IndexId, Key, KeyRange, Marker, Probe, ReadCommand, Row, StorageId,
    Terms, Token, encode_row,
};

/// The key of a row in a partition.
pub(crate) fn key(partition: u8, row: u8) -> Bytes {
    Bytes::from(vec![0, 0, 0, 9, 0x80, 0, 0, 0, 0, 0, 0, partition, partition, row, 0, 0, 2])
}

/// A row that was inserted with one value.
pub(crate) fn value(timestamp: i64, text: &'static str) -> Row {
    let kind = CellKind::Live { value: Bytes::from_static(text.as_bytes()) };
    let cell = Cell { column: ColumnId(1), path: Bytes::new(), timestamp, kind };
    Row { marker: Some(Marker { timestamp, expiry: None }), deletion: None, cells: vec![cell] }
}

/// A row that was deleted.
pub(crate) fn deleted_row(timestamp: i64) -> Row {
    Row { deletion: Some(Deletion { timestamp, local_seconds: NOW - 1 }), ..Row::default() }
}

pub(crate) fn encode(key: &[u8], row: &Row) -> Bytes {
    let mut out = Vec::new();
    encode_row(key, row, &mut out);
    out.into()
}

/// A read of one row.
pub(crate) fn one(key: &Bytes) -> ReadCommand {
    command(KeyRange::One(Key(key.clone())), 1)
}

/// A read of all rows.
pub(crate) fn all(limit: u32, reversed: bool) -> ReadCommand {
    let (start, end) = (Bytes::from_static(&[0, 0, 0, 9]), Bytes::from_static(&[0, 0, 0, 10]));
    command(KeyRange::Run { start, end, reversed }, limit)
}

/// A read of the rows with a value.
pub(crate) fn probing(value: &'static str, limit: u32) -> ReadCommand {
    let terms = Terms::One(Bytes::from_static(value.as_bytes()));
    ReadCommand { probe: Some(Probe { index: IndexId(1), whole_partitions: false, terms }), ..all(limit, false) }
}

fn command(keys: KeyRange, limit: u32) -> ReadCommand {
    ReadCommand {
        storage_id: StorageId(9),
        token: Token(1),
        keys,
        statics: false,
        columns: Columns::All,
        limit,
        now_seconds: NOW,
        purge_before: i64::MIN,
        probe: None,
    }
}
