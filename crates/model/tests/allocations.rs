//! Reading a row allocates nothing: neither parsing it nor projecting its columns.

use bytes::Bytes;
use henge_model::{
    Cell, CellKind, Column, ColumnId, ColumnKind, DataType, Key, Marker, Order, PartitionKey, ProjectedColumn,
    Projection, Row, RowCount, RowSink, RowView, StorageId, Table, TableOptions, encode_row, project,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell as Counter;
use std::sync::Arc;

struct Counting;

thread_local! {
    static COUNT: Counter<usize> = const { Counter::new(0) };
}

// SAFETY: every call is passed on to the system's allocator unchanged; counting touches only a thread-local number.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller upholds the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller upholds the contract, which is the same.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn column(id: u32, data_type: DataType, kind: ColumnKind) -> Column {
    Column { id: ColumnId(id), name: format!("column{id}"), data_type, kind, order: Order::Ascending }
}

fn table() -> Table {
    Table {
        id: uuid::Uuid::nil(),
        storage_id: StorageId(1),
        keyspace: "k".to_owned(),
        name: "t".to_owned(),
        partition_key: vec![column(0, DataType::Text, ColumnKind::PartitionKey)],
        clustering: vec![column(1, DataType::Bigint, ColumnKind::Clustering)],
        statics: vec![],
        regulars: (2..12).map(|id| column(id, DataType::Text, ColumnKind::Regular)).collect(),
        options: TableOptions::default(),
        indexes: Vec::new(),
        history: henge_model::TableHistory::default(),
        masks: Default::default(),
    }
}

#[test]
fn reading_a_row_allocates_nothing() {
    let table = table();
    let partition = PartitionKey::from_components(&[b"some partition"]).unwrap();
    let key = Key::row(&table, &partition, &[&9i64.to_be_bytes()]).unwrap();
    let live = |id| {
        let kind = CellKind::Live { value: Bytes::from_static(b"a value") };
        Cell { column: ColumnId(id), path: Bytes::new(), timestamp: 5, kind }
    };
    let row =
        Row { marker: Some(Marker { timestamp: 5, expiry: None }), deletion: None, cells: (2..12).map(live).collect() };
    let mut bytes = Vec::new();
    encode_row(key.bytes(), &row, &mut bytes);
    let mut columns = vec![ProjectedColumn::PartitionKey(0), ProjectedColumn::Clustering(0)];
    columns.extend((2..12).map(|id| ProjectedColumn::Cell(ColumnId(id))));
    let projection = Projection { table: Arc::new(table), columns };

    let mut tally = RowCount::default();
    let before = COUNT.with(Counter::get);
    let view = RowView::parse(key.bytes(), &bytes).unwrap();
    assert!(view.is_live(0));
    assert_eq!(project(key.bytes(), &view, &projection, 0, &mut tally), Ok(true));
    assert_eq!(COUNT.with(Counter::get), before);
    assert_eq!((tally.rows(), tally.bytes()), (1, 14 + 8 + 10 * 7));
}
