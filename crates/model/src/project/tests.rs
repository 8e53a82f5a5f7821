//! Rows as readers see them.

use super::*;
use crate::sample::{live, table};
use crate::{Cell, CellKind, DataType, Deletion, Key, Marker, Order, PartitionKey, Row, Rows, encode_row};
use henge_base::{Bytes, steps_of};
use std::sync::Arc;

const NOW: i64 = 1000;

fn list(t: DataType) -> DataType {
    DataType::List(Box::new(t))
}

/// A table whose columns have ids in this order, from 0: p0 text; c0 int desc; s0 int; r0 text, r1 int, r2 set<int>,
/// r3 map<text, int>, r4 list<text>.
fn sample() -> Arc<Table> {
    let map = DataType::Map(Box::new(DataType::Text), Box::new(DataType::Int));
    let regulars = [DataType::Text, DataType::Int, DataType::Set(Box::new(DataType::Int)), map, list(DataType::Text)];
    Arc::new(table(&[DataType::Text], &[(DataType::Int, Order::Descending)], &[DataType::Int], &regulars))
}

struct Case {
    table: Arc<Table>,
    key: Key,
    bytes: Vec<u8>,
}

fn case(row: Row) -> Case {
    let table = sample();
    let partition = PartitionKey::from_components(&[b"part"]).unwrap();
    let key = Key::row(&table, &partition, &[&7i32.to_be_bytes()]).unwrap();
    let mut bytes = Vec::new();
    encode_row(key.bytes(), &row, &mut bytes);
    Case { table, key, bytes }
}

impl Case {
    fn show(&self, columns: Vec<ProjectedColumn>) -> Option<Vec<Option<Bytes>>> {
        let row = RowView::parse(self.key.bytes(), &self.bytes).unwrap();
        let mut rows = Rows::new(columns.len());
        let projection = Projection { table: self.table.clone(), columns };
        let live = project(self.key.bytes(), &row, &projection, NOW, &mut rows).unwrap();
        assert_eq!(live, rows.rows() == 1);
        rows.rows.pop()
    }
}

fn cell(column: u32, path: &[u8], timestamp: i64, kind: CellKind) -> Cell {
    Cell { column: ColumnId(column), path: Bytes::copy_from_slice(path), timestamp, kind }
}

fn value(bytes: &[u8]) -> CellKind {
    CellKind::Live { value: Bytes::copy_from_slice(bytes) }
}

fn some(bytes: &[u8]) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(bytes))
}

#[test]
fn columns_come_in_the_order_asked_for() {
    let row = case(Row { cells: vec![live(3, 5, b"text"), live(4, 6, b"\0\0\0\x09")], ..Row::default() });
    let columns = vec![
        ProjectedColumn::Cell(ColumnId(4)),
        ProjectedColumn::Clustering(0),
        ProjectedColumn::Cell(ColumnId(3)),
        ProjectedColumn::PartitionKey(0),
        ProjectedColumn::Cell(ColumnId(99)),
        ProjectedColumn::Writetime(ColumnId(3)),
        ProjectedColumn::Ttl(ColumnId(3)),
        ProjectedColumn::Cell(ColumnId(4)),
    ];
    let nine = some(&9i32.to_be_bytes());
    let expected = vec![
        nine.clone(),
        some(&7i32.to_be_bytes()),
        some(b"text"),
        some(b"part"),
        None,
        some(&5i64.to_be_bytes()),
        None,
        nine,
    ];
    assert_eq!(row.show(columns), Some(expected));
}

#[test]
fn what_expired_or_was_deleted_is_null() {
    let expiring = |expires| CellKind::Expiring { value: Bytes::from_static(b"v"), ttl: 60, expires };
    let columns = || {
        vec![
            ProjectedColumn::Cell(ColumnId(3)),
            ProjectedColumn::Ttl(ColumnId(3)),
            ProjectedColumn::Writetime(ColumnId(3)),
        ]
    };
    let marker = Some(Marker { timestamp: 1, expiry: None });
    let with = |kind| case(Row { marker, deletion: None, cells: vec![cell(3, b"", 5, kind)] }).show(columns());
    let shown = vec![some(b"v"), some(&1i32.to_be_bytes()), some(&5i64.to_be_bytes())];
    assert_eq!(with(expiring(NOW + 1)), Some(shown));
    assert_eq!(with(expiring(NOW)), Some(vec![None, None, None]));
    assert_eq!(with(CellKind::Tombstone { local_seconds: 1 }), Some(vec![None, None, None]));
}

#[test]
fn a_dead_row_is_not_shown() {
    let deletion = Some(Deletion { timestamp: 9, local_seconds: 9 });
    let dead = Row { marker: None, deletion, cells: vec![cell(3, b"", 10, CellKind::Tombstone { local_seconds: 9 })] };
    assert_eq!(case(dead).show(vec![ProjectedColumn::PartitionKey(0)]), None);
    assert_eq!(case(Row::default()).show(vec![]), None);
}

#[test]
fn collections_are_put_together_in_the_order_of_their_type() {
    let int = |v: i32| v.to_be_bytes();
    let mut row = Row {
        cells: vec![
            cell(5, b"", 1, CellKind::ComplexDeletion { local_seconds: 1 }),
            cell(5, &int(-1), 5, value(b"")),
            cell(5, &int(3), 6, value(b"")),
            cell(5, &int(4), 6, CellKind::Tombstone { local_seconds: 6 }),
            cell(6, b"", 5, value(&int(1))),
            cell(6, b"k", 5, CellKind::Expiring { value: Bytes::copy_from_slice(&int(2)), ttl: 9, expires: NOW + 5 }),
        ],
        ..Row::default()
    };
    row.normalize();
    let of = |parts: &[&[u8]], count: i32| {
        let mut out = count.to_be_bytes().to_vec();
        parts.iter().for_each(|p| out.extend([&(p.len() as i32).to_be_bytes()[..], p].concat()));
        Some(Bytes::from(out))
    };
    let columns = (5..=7).map(|id| ProjectedColumn::Cell(ColumnId(id))).collect();
    let set = of(&[&int(-1), &int(3)], 2);
    let map = of(&[b"", &int(1), b"k", &int(2)], 2);
    assert_eq!(case(row.clone()).show(columns), Some(vec![set, map, None]));
    let meta = vec![ProjectedColumn::Writetime(ColumnId(5)), ProjectedColumn::Ttl(ColumnId(6))];
    let times = of(&[&5i64.to_be_bytes(), &6i64.to_be_bytes()], 2);
    let ttls = Some(Bytes::from([&int(2)[..], &int(-1), &int(4), &int(5)].concat()));
    assert_eq!(case(row).show(meta), Some(vec![times, ttls]));
}

#[test]
fn static_columns_come_from_the_static_row() {
    let table = sample();
    let partition = PartitionKey::from_components(&[b"part"]).unwrap();
    let key = Key::static_row(&table, &partition);
    let mut bytes = Vec::new();
    encode_row(key.bytes(), &Row { cells: vec![live(2, 5, b"stat")], ..Row::default() }, &mut bytes);
    let statics = RowView::parse(key.bytes(), &bytes).unwrap();
    let columns =
        vec![ProjectedColumn::Clustering(0), ProjectedColumn::Cell(ColumnId(2)), ProjectedColumn::Cell(ColumnId(3))];
    let projection = Projection { table, columns };
    let mut rows = Rows::new(3);
    assert_eq!(project_joined(key.bytes(), None, Some(&statics), &projection, NOW, &mut rows), Ok(true));
    let row = case(Row { cells: vec![live(3, 5, b"text")], ..Row::default() });
    let view = RowView::parse(row.key.bytes(), &row.bytes).unwrap();
    let both = project_joined(row.key.bytes(), Some(&view), Some(&statics), &projection, NOW, &mut rows);
    assert_eq!(both, Ok(true));
    let seven = some(&7i32.to_be_bytes());
    assert_eq!(rows.rows, [vec![None, some(b"stat"), None], vec![seven, some(b"stat"), some(b"text")]]);
}

#[test]
fn rolling_back_forgets_rows_and_bytes() {
    let mut rows = Rows::new(1);
    rows.begin_row();
    rows.value(Some(b"abc"));
    let mark = rows.mark();
    rows.begin_row();
    rows.value(None);
    rows.value(Some(b"x"));
    rows.rollback(mark);
    assert_eq!((rows.rows(), rows.bytes()), (1, 3));
}

#[test]
fn clustering_values_are_shown_as_they_were_written() {
    let table = Arc::new(table(&[DataType::Text], &[(DataType::Decimal, Order::Ascending)], &[], &[DataType::Int]));
    let partition = PartitionKey::from_components(&[b"part"]).unwrap();
    let (long, short): (&[u8], &[u8]) = (&[0, 0, 0, 2, 100], &[0, 0, 0, 0, 1]);
    let key = Key::row(&table, &partition, &[long]).unwrap();
    assert_eq!(key, Key::row(&table, &partition, &[short]).unwrap());
    assert_eq!(Key::original_clustering(&table, &[short]), Ok(None));
    let original = Key::original_clustering(&table, &[long]).unwrap().unwrap();
    let shown = |cells: Vec<Cell>| {
        let mut bytes = Vec::new();
        encode_row(key.bytes(), &Row { cells, ..Row::default() }, &mut bytes);
        let projection = Projection { table: table.clone(), columns: vec![ProjectedColumn::Clustering(0)] };
        let mut rows = Rows::new(1);
        let view = RowView::parse(key.bytes(), &bytes).unwrap();
        project(key.bytes(), &view, &projection, NOW, &mut rows).unwrap().then(|| rows.rows[0][0].clone().unwrap())
    };
    let kept = cell(ColumnId::CLUSTERING.0, b"", 5, CellKind::Live { value: original });
    assert_eq!(shown(vec![live(2, 5, b"\0\0\0\x01"), kept.clone()]).as_deref(), Some(long));
    assert_eq!(shown(vec![live(2, 5, b"\0\0\0\x01")]).as_deref(), Some(short));
    assert_eq!(shown(vec![kept]), None);
}

#[test]
fn the_order_of_selected_columns_costs_nothing() {
    let count = 1000u32;
    let steps = |count: u32, place: &dyn Fn(u32) -> u32| {
        let regulars = vec![DataType::Int; count as usize];
        let table = Arc::new(table(&[DataType::Text], &[], &[], &regulars));
        let first = table.regulars[0].id.0;
        let cells = (first..first + count).map(|column| cell(column, b"", 5, value(&column.to_be_bytes()))).collect();
        let key = Key::row(&table, &PartitionKey::from_components(&[b"part"]).unwrap(), &[]).unwrap();
        let mut bytes = Vec::new();
        encode_row(key.bytes(), &Row { cells, ..Row::default() }, &mut bytes);
        let columns: Vec<ColumnId> = (0..count).map(|at| ColumnId(first + place(at))).collect();
        let selected = columns.iter().copied().map(ProjectedColumn::Cell).collect();
        let projection = Projection { table, columns: selected };
        let (row, mut rows) = (RowView::parse(key.bytes(), &bytes).unwrap(), Rows::new(columns.len()));
        let steps = steps_of(|| assert!(project(key.bytes(), &row, &projection, NOW, &mut rows).unwrap()));
        assert!(rows.rows[0].iter().zip(columns).all(|(value, id)| *value == some(&id.0.to_be_bytes())));
        steps
    };
    let alternating = |at: u32| if at.is_multiple_of(2) { at / 2 } else { count - 1 - at / 2 };
    let orders: [&dyn Fn(u32) -> u32; 4] = [&|at| at, &|at| count - 1 - at, &|at| at * 7 % count, &alternating];
    for (number, order) in orders.into_iter().enumerate() {
        let steps = steps(count, order);
        assert!(steps < 10 * u64::from(count), "order {number}: {steps} steps");
    }
    assert!(steps(20, &|at| 19 - at) <= 20 * 20 * 2, "few columns are searched from the first on");
}
