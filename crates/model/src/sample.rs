//! Random rows and tables for tests. Parts are drawn from few choices, so that versions collide in every way.

use crate::{
    Cell, CellKind, Column, ColumnId, ColumnKind, DataType, Deletion, Marker, Order, Row, StorageId, Table,
    TableOptions, encode_row,
};
use henge_base::Bytes;
use proptest::prelude::*;

/// The key under which sample rows are encoded.
pub(crate) const KEY: &[u8] = b"\0\0\0\x01tokenken key\0\0\x02";

fn timestamp() -> impl Strategy<Value = i64> {
    prop_oneof![9 => 0i64..5, 1 => prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(-1), any::<i64>()]]
}

fn seconds() -> impl Strategy<Value = i64> {
    prop_oneof![9 => 10i64..14, 1 => any::<i64>()]
}

fn value() -> impl Strategy<Value = Bytes> {
    let few = prop_oneof![Just(&b""[..]), Just(&b"a"[..]), Just(&b"ab"[..]), Just(&b"b"[..])];
    prop_oneof![9 => few.prop_map(Bytes::from_static), 1 => prop::collection::vec(any::<u8>(), 0..300).prop_map(Bytes::from)]
}

fn ttl() -> impl Strategy<Value = u32> {
    prop_oneof![9 => 1u32..3, 1 => any::<u32>()]
}

fn kind() -> impl Strategy<Value = CellKind> {
    prop_oneof![
        value().prop_map(|value| CellKind::Live { value }),
        (value(), ttl(), seconds()).prop_map(|(value, ttl, expires)| CellKind::Expiring { value, ttl, expires }),
        seconds().prop_map(|local_seconds| CellKind::Tombstone { local_seconds }),
        seconds().prop_map(|local_seconds| CellKind::ComplexDeletion { local_seconds }),
    ]
}

fn cell() -> impl Strategy<Value = Cell> {
    let column = prop_oneof![9 => 0u32..3, 1 => any::<u32>()];
    let path = prop_oneof![Just(&b""[..]), Just(&b"p"[..]), Just(&b"q"[..])].prop_map(Bytes::from_static);
    (column, path, timestamp(), kind()).prop_map(|(column, path, timestamp, kind)| {
        let path = if matches!(kind, CellKind::ComplexDeletion { .. }) { Bytes::new() } else { path };
        Cell { column: ColumnId(column), path, timestamp, kind }
    })
}

/// A row that need not be in normal form: in any order, with covered cells and several versions of a place.
pub(crate) fn loose_row() -> impl Strategy<Value = Row> {
    let marker = (timestamp(), prop::option::of((ttl(), seconds())));
    let marker = prop::option::of(marker.prop_map(|(timestamp, expiry)| Marker { timestamp, expiry }));
    let deletion = (timestamp(), seconds());
    let deletion = deletion.prop_map(|(timestamp, local_seconds)| Deletion { timestamp, local_seconds });
    let cells = prop::collection::vec(cell(), 0..7);
    (marker, prop::option::weighted(0.3, deletion), cells).prop_map(|(marker, deletion, cells)| Row {
        marker,
        deletion,
        cells,
    })
}

/// A row in normal form.
pub(crate) fn row() -> impl Strategy<Value = Row> {
    loose_row().prop_map(|mut row| {
        row.normalize();
        row
    })
}

/// The row's bytes under [`KEY`].
pub(crate) fn encode_sample(row: &Row) -> Vec<u8> {
    let mut out = Vec::new();
    encode_row(KEY, row, &mut out);
    out
}

/// A live cell of a simple column.
pub(crate) fn live(column: u32, timestamp: i64, value: &'static [u8]) -> Cell {
    let kind = CellKind::Live { value: Bytes::from_static(value) };
    Cell { column: ColumnId(column), path: Bytes::new(), timestamp, kind }
}

/// A table with columns `p0..`, `c0..`, `s0..`, `r0..` and ids in that order from 0.
pub(crate) fn table(
    partition: &[DataType],
    clustering: &[(DataType, Order)],
    statics: &[DataType],
    regulars: &[DataType],
) -> Table {
    let mut next = 0;
    let mut columns = |kind: ColumnKind, letter: &str, types: Vec<(DataType, Order)>| -> Vec<Column> {
        let column = |(i, (data_type, order)): (usize, (DataType, Order))| {
            next += 1;
            Column { id: ColumnId(next - 1), name: format!("{letter}{i}"), data_type, kind, order }
        };
        types.into_iter().enumerate().map(column).collect()
    };
    let plain = |types: &[DataType]| types.iter().map(|t| (t.clone(), Order::Ascending)).collect();
    Table {
        id: uuid::Uuid::nil(),
        storage_id: StorageId(7),
        keyspace: "k".to_owned(),
        name: "t".to_owned(),
        partition_key: columns(ColumnKind::PartitionKey, "p", plain(partition)),
        clustering: columns(ColumnKind::Clustering, "c", clustering.to_vec()),
        statics: columns(ColumnKind::Static, "s", plain(statics)),
        regulars: columns(ColumnKind::Regular, "r", plain(regulars)),
        options: TableOptions::default(),
        indexes: Vec::new(),
        history: crate::TableHistory::default(),
        masks: Default::default(),
    }
}
