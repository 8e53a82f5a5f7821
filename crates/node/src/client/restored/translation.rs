//! Rows of a table of a backup as rows of the table that they are restored to: of another storage id, and with other column ids.

use henge_base::Bytes;
use henge_model::{
    Cell, CellKindView, CellView, Column, ColumnId, Columns, Key, Row, RowView, StorageId, Table, encode_row,
};
use std::collections::BTreeMap;

/// A table cannot take the rows of another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableMismatch {
    /// Keys would mean something else.
    #[error("{0} has another primary key than it had in the backup")]
    Key(String),
    /// There is no column for a value.
    #[error("{table} has no column {column} of type {data_type}, which it had in the backup")]
    Column {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type in the backup.
        data_type: String,
    },
}

/// The way from rows of one table to rows of another.
#[derive(Clone, Debug)]
pub(crate) struct Translation {
    storage: StorageId,
    /// Columns whose cells counted in the backup.
    live: Columns,
    /// Ids in the backup, with those of now.
    columns: BTreeMap<ColumnId, ColumnId>,
}

impl Translation {
    /// The way from a table of a backup to one that there is.
    pub(crate) fn new(old: &Table, new: &Table) -> Result<Translation, TableMismatch> {
        let name = || format!("{}.{}", new.keyspace, new.name);
        let key = |table: &Table| -> Vec<_> {
            let columns = table.partition_key.iter().map(|column| (false, column));
            let columns = columns.chain(table.clustering.iter().map(|column| (true, column)));
            columns.map(|(is_clustering, column)| (is_clustering, column.data_type.clone(), column.order)).collect()
        };
        if key(old) != key(new) {
            return Err(TableMismatch::Key(name()));
        }
        let mut columns = BTreeMap::new();
        for column in old.statics.iter().chain(&old.regulars) {
            let is_same = |other: &&Column| {
                (&other.name, &other.data_type, other.kind) == (&column.name, &column.data_type, column.kind)
            };
            let found = new.columns().find(is_same).ok_or_else(|| TableMismatch::Column {
                table: name(),
                column: column.name.clone(),
                data_type: column.data_type.to_string(),
            })?;
            columns.insert(column.id, found.id);
        }
        columns.insert(ColumnId::CLUSTERING, ColumnId::CLUSTERING);
        Ok(Translation { storage: new.storage_id, live: old.live_columns(), columns })
    }

    /// The row under its new key, as far as it lives at `now_seconds`: timestamps and times to live are kept, deletions are left out,
    /// because what they covered is. `None` for a tombstone, and for a row of which nothing lives.
    pub(crate) fn translate(&self, key: &[u8], row: &RowView<'_>, now_seconds: i64) -> Option<(Bytes, Bytes)> {
        if Key::kind(key)?.is_tombstone() {
            return None;
        }
        let cells = row.cells().filter_map(|cell| self.translate_cell(&cell, now_seconds)).collect::<Vec<_>>();
        let marker = row.marker().filter(|marker| marker.is_live(now_seconds));
        if marker.is_none() && cells.iter().all(|cell| cell.column == ColumnId::CLUSTERING) {
            return None;
        }
        let new_key = [&self.storage.0.to_be_bytes()[..], key.get(size_of::<u32>()..)?].concat();
        let mut encoded = Vec::new();
        encode_row(&new_key, &Row { marker, deletion: None, cells }, &mut encoded);
        Some((new_key.into(), encoded.into()))
    }

    fn translate_cell(&self, cell: &CellView<'_>, now_seconds: i64) -> Option<Cell> {
        let lives = match cell.kind {
            CellKindView::Live { .. } => true,
            CellKindView::Expiring { expires, .. } => now_seconds < expires,
            CellKindView::Tombstone { .. } | CellKindView::ComplexDeletion { .. } => false,
        };
        let column = *self.columns.get(&cell.column)?;
        (lives && self.live.contains(cell.column, cell.timestamp)).then(|| Cell { column, ..cell.to_cell() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_model::{
        CellKind, ColumnKind, DataType, Deletion, Marker, Order, PartitionKey, TableHistory, TableOptions,
    };

    fn column(id: u32, name: &str, data_type: DataType, kind: ColumnKind) -> Column {
        Column { id: ColumnId(id), name: name.to_owned(), data_type, kind, order: Order::Ascending }
    }

    fn table(storage: u32, regulars: Vec<Column>) -> Table {
        Table {
            id: uuid::Uuid::nil(),
            storage_id: StorageId(storage),
            keyspace: "ks".to_owned(),
            name: "t".to_owned(),
            partition_key: vec![column(0, "k", DataType::Int, ColumnKind::PartitionKey)],
            clustering: Vec::new(),
            statics: Vec::new(),
            regulars,
            options: TableOptions::default(),
            indexes: Vec::new(),
            history: TableHistory::default(),
            masks: BTreeMap::new(),
        }
    }

    fn cell(column: u32, timestamp: i64, kind: CellKind) -> Cell {
        Cell { column: ColumnId(column), path: Bytes::new(), timestamp, kind }
    }

    fn live(text: &'static str) -> CellKind {
        CellKind::Live { value: Bytes::from_static(text.as_bytes()) }
    }

    fn regular(id: u32, name: &str) -> Column {
        column(id, name, DataType::Text, ColumnKind::Regular)
    }

    #[test]
    fn rows_get_new_ids_and_keep_their_times() {
        let (old, new) =
            (table(7, vec![regular(5, "a"), regular(2, "b")]), table(9, vec![regular(1, "a"), regular(3, "b")]));
        let translation = Translation::new(&old, &new).unwrap();
        let key = Key::row(&old, &PartitionKey::from_components(&[&[0, 0, 0, 1]]).unwrap(), &[]).unwrap();
        let expiring = |expires| CellKind::Expiring { value: Bytes::from_static(b"x"), ttl: 60, expires };
        let row = Row {
            marker: Some(Marker { timestamp: 40, expiry: None }),
            deletion: Some(Deletion { timestamp: 10, local_seconds: 1 }),
            cells: vec![cell(2, 50, expiring(200)), cell(5, 60, live("v"))],
        };
        let mut bytes = Vec::new();
        encode_row(&key.0, &row, &mut bytes);
        let (new_key, new_row) = translation.translate(&key.0, &RowView::parse(&key.0, &bytes).unwrap(), 100).unwrap();
        assert_eq!((Key::storage_id(&new_key), &new_key[4..]), (Some(StorageId(9)), &key.0[4..]));
        let restored = RowView::parse(&new_key, &new_row).unwrap().to_row();
        let cells = vec![cell(1, 60, live("v")), cell(3, 50, expiring(200))];
        assert_eq!(restored, Row { marker: row.marker, deletion: None, cells });
        // What has expired is not restored.
        let (new_key, new_row) = translation.translate(&key.0, &RowView::parse(&key.0, &bytes).unwrap(), 200).unwrap();
        assert_eq!(RowView::parse(&new_key, &new_row).unwrap().cells().count(), 1);
    }

    #[test]
    fn rows_of_which_nothing_lives_are_left_out() {
        let old = table(7, vec![regular(1, "a")]);
        let translation = Translation::new(&old, &old).unwrap();
        let key = Key::row(&old, &PartitionKey::from_components(&[&[0, 0, 0, 1]]).unwrap(), &[]).unwrap();
        let mut bytes = Vec::new();
        let cells = vec![cell(1, 50, CellKind::Tombstone { local_seconds: 9 })];
        encode_row(&key.0, &Row { marker: None, deletion: None, cells }, &mut bytes);
        assert_eq!(translation.translate(&key.0, &RowView::parse(&key.0, &bytes).unwrap(), 100), None);
    }

    #[test]
    fn tables_that_differ_too_much_are_refused() {
        let old = table(7, vec![regular(1, "a")]);
        let missing = Translation::new(&old, &table(9, vec![regular(1, "b")])).unwrap_err();
        assert_eq!(missing.to_string(), "ks.t has no column a of type text, which it had in the backup");
        let mut other = table(9, vec![regular(1, "a")]);
        other.partition_key[0].data_type = DataType::Bigint;
        assert!(Translation::new(&old, &other).unwrap_err().to_string().contains("another primary key"));
    }
}
