//! Partitions with and without static rows, in blocks and pages of every size.

use super::*;
use henge_model::{
    Cell, CellKind, Column, ColumnId, ColumnKind, DataType, Order, PartitionKey, ProjectedColumn, Row, Rows, StorageId,
    Table, TableOptions, encode_row,
};
use std::sync::Arc;

const STATIC: ColumnId = ColumnId(2);
const REGULAR: ColumnId = ColumnId(3);

fn table() -> Arc<Table> {
    let column = |id, name: &str, kind| Column {
        id,
        name: name.to_owned(),
        data_type: DataType::Int,
        kind,
        order: Order::Ascending,
    };
    Arc::new(Table {
        id: henge_model::TableId::nil(),
        storage_id: StorageId(9),
        keyspace: "ks".to_owned(),
        name: "t".to_owned(),
        partition_key: vec![column(ColumnId(0), "k", ColumnKind::PartitionKey)],
        clustering: vec![column(ColumnId(1), "c", ColumnKind::Clustering)],
        statics: vec![column(STATIC, "s", ColumnKind::Static)],
        regulars: vec![column(REGULAR, "v", ColumnKind::Regular)],
        options: TableOptions::default(),
        indexes: Vec::new(),
        history: henge_model::TableHistory::default(),
        masks: Default::default(),
    })
}

/// A row of partition `k`; the static row if `c` is `None`.
fn row(k: i32, c: Option<i32>) -> (Bytes, Bytes) {
    let partition = PartitionKey::from_components(&[&k.to_be_bytes()]).unwrap();
    let (key, column) = match c {
        None => (Key::static_row(&table(), &partition), STATIC),
        Some(c) => (Key::row(&table(), &partition, &[&c.to_be_bytes()]).unwrap(), REGULAR),
    };
    let value = Bytes::copy_from_slice(&c.unwrap_or(100 + k).to_be_bytes());
    let cell = Cell { column, path: Bytes::new(), timestamp: 1, kind: CellKind::Live { value } };
    let mut out = Vec::new();
    encode_row(key.bytes(), &Row { cells: vec![cell], ..Row::default() }, &mut out);
    (key.to_bytes(), out.into())
}

/// Partitions 0 to 7: odd ones with a static row, each with as many rows as its number modulo 3.
fn sample_rows() -> Vec<(Bytes, Bytes)> {
    let of = |k: i32| (k % 2 == 1).then_some(None).into_iter().chain((0..k % 3).map(Some)).map(move |c| row(k, c));
    let mut rows: Vec<_> = (0..8).flat_map(of).collect();
    rows.sort();
    rows
}

type ShownRow = (i32, Option<i32>, Option<i32>);

fn expected_rows() -> Vec<ShownRow> {
    let statics = |k: i32| (k % 2 == 1).then_some(100 + k);
    let rows = |k: i32| (0..k % 3).map(move |c| (k, Some(c), statics(k)));
    let alone = |k: i32| (k % 3 == 0 && k % 2 == 1).then_some((k, None, statics(k)));
    let mut all: Vec<ShownRow> = (0..8).flat_map(|k| rows(k).chain(alone(k)).collect::<Vec<_>>()).collect();
    all.sort_by_key(|(k, c, _)| (henge_model::Token::from_key(&k.to_be_bytes()), *c));
    all
}

/// A replica's answer: `count` rows after a key, and the static row of the partition in the middle of which it begins.
fn block(rows: &[(Bytes, Bytes)], after: Option<&Bytes>, count: usize) -> RowBlock {
    let rest: Vec<_> = rows.iter().filter(|(key, _)| after.is_none_or(|after| key > after)).cloned().collect();
    let of_after = |key: &Bytes| after.is_some_and(|after| partition_prefix(after) == partition_prefix(key));
    let context = rows.iter().filter(|(key, _)| Key::kind(key) == Some(KeyKind::Static) && of_after(key));
    let context = context.filter(|(key, _)| after.is_some_and(|after| key <= after)).cloned().collect();
    let more = rest.len() > count;
    RowBlock { rows: rest.into_iter().take(count).collect(), context, more }
}

fn int(value: &Option<Bytes>) -> Option<i32> {
    value.as_ref().map(|value| i32::from_be_bytes(value[..].try_into().unwrap()))
}

#[test]
fn pages_and_blocks_of_any_size_show_the_same() {
    let columns = vec![ProjectedColumn::PartitionKey(0), ProjectedColumn::Clustering(0), ProjectedColumn::Cell(STATIC)];
    let projection = Projection { table: table(), columns };
    let stored = sample_rows();
    for page in 1..9 {
        for count in 1..9 {
            let mut shown: Vec<ShownRow> = Vec::new();
            let mut state: Option<(Bytes, bool)> = None;
            // Each page begins with only its state, as on another node.
            for _ in 0..100 {
                let mut rows = Rows::new(3);
                let mut join = Join::new(&projection, 0, true, state.as_ref().map(|(key, shown)| (key, *shown)));
                let mut last = state.take().map(|(key, _)| key);
                let mut given = 0;
                let ended = loop {
                    let block = block(&stored, last.as_ref(), count);
                    let Progress { pushed, stopped } = join.push_block(&block, page - given, &mut rows).unwrap();
                    given += pushed;
                    match stopped.or_else(|| block.rows.last().filter(|_| block.more).map(|(key, _)| key.clone())) {
                        Some(key) => last = Some(key),
                        None => break true,
                    }
                    if given == page {
                        break false;
                    }
                };
                assert!(given <= page);
                shown.extend(rows.rows.iter().map(|row| (int(&row[0]).unwrap(), int(&row[1]), int(&row[2]))));
                if ended {
                    break;
                }
                state = last.map(|key| (key, join.has_shown_row()));
            }
            assert_eq!(shown, expected_rows(), "pages of {page}, blocks of {count}");
        }
    }
}
