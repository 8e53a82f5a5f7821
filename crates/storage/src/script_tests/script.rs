//! The steps of a script: writes of all kinds to a few places, so that they meet in every way, and the reads that look at them.

use henge_base::{Bytes, Random};
use henge_model::{
    Cell, CellKind, Column, ColumnId, ColumnKind, Columns, DataType, Deletion, Key, KeyRange, Marker, Mutation, Order,
    PartitionKey, ReadCommand, Row, StorageId, Table, TableOptions, Token, WriteId, encode_row,
};

pub(super) const TABLE: StorageId = StorageId(7);
/// Regular columns 10 and 11, one of them a map; static column 20.
pub(super) const REGULAR: ColumnId = ColumnId(10);
pub(super) const MAP: ColumnId = ColumnId(11);
pub(super) const STATIC: ColumnId = ColumnId(20);
/// The moment of all reads; some values have expired by then.
pub(super) const NOW: i64 = 1_000;

/// The place of a write: partition, and clustering value or the static row.
pub(super) type Place = (u8, Option<i32>);

/// One write.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Marker {
        at: Place,
        timestamp: i64,
        expires: Option<i64>,
    },
    Value {
        at: Place,
        column: ColumnId,
        path: &'static str,
        timestamp: i64,
        value: String,
        expires: Option<i64>,
    },
    DeleteCell {
        at: Place,
        column: ColumnId,
        path: &'static str,
        timestamp: i64,
    },
    DeleteColumn {
        at: Place,
        timestamp: i64,
    },
    DeleteRow {
        at: Place,
        timestamp: i64,
    },
    /// Clustering values from the first (included) to the second (excluded).
    DeleteRange {
        partition: u8,
        from: Option<i32>,
        to: Option<i32>,
        timestamp: i64,
    },
    DeletePartition {
        partition: u8,
        timestamp: i64,
    },
}

/// The rows to read: a slice of one partition, or all partitions.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) partition: Option<u8>,
    pub(super) from: Option<i32>,
    pub(super) to: Option<i32>,
    pub(super) command: ReadCommand,
    pub(super) page_bytes: usize,
}

/// Writes, and reads.
pub(super) struct Script {
    pub(super) writes: Vec<Write>,
}

const PARTITIONS: u64 = 3;
const ROWS: u64 = 6;

impl Script {
    pub(super) fn new(random: &mut Random) -> Script {
        let count = random.between(1, 60);
        Script { writes: (0..count).map(|_| write(random)).collect() }
    }

    pub(super) fn everything(&self) -> ReadCommand {
        let (start, end) = Key::table_range(TABLE, Token::MIN, Token::MIN);
        command(KeyRange::Run { start: start.into(), end: end.into(), reversed: false }, u32::MAX, Token::MAX)
    }

    /// Every slice of every partition in both directions, every row alone, and everything, in pages of several sizes.
    pub(super) fn reads(&self) -> Vec<Read> {
        let mut reads = Vec::new();
        let bounds: Vec<Option<i32>> = std::iter::once(None).chain((0..=ROWS as i32).map(Some)).collect();
        for partition in 0..PARTITIONS as u8 {
            for (at, from) in bounds.iter().enumerate() {
                let to = bounds[(at * 3 + usize::from(partition)) % bounds.len()];
                for reversed in [false, true] {
                    reads.extend(self.slice(partition, *from, to, reversed));
                }
            }
            reads.extend((0..ROWS as i32).map(|row| self.one(partition, row)));
        }
        for (limit, page_bytes) in [(u32::MAX, usize::MAX), (2, usize::MAX), (u32::MAX, 1)] {
            let command = ReadCommand { limit, ..self.everything() };
            reads.push(Read { partition: None, from: None, to: None, command, page_bytes });
        }
        reads
    }

    fn one(&self, partition: u8, row: i32) -> Read {
        let key = Key::row(&table(), &partition_key(partition), &[&row.to_be_bytes()]);
        let Ok(key) = key else { panic!("an int is a clustering key") };
        let command = command(KeyRange::One(key), 1, partition_key(partition).token());
        Read { partition: Some(partition), from: Some(row), to: Some(row + 1), command, page_bytes: usize::MAX }
    }

    fn slice(&self, partition: u8, from: Option<i32>, to: Option<i32>, reversed: bool) -> Option<Read> {
        let (start, end) = (slice_bound(partition, from, false), slice_bound(partition, to, true));
        let limit = if reversed { 2 } else { 3 };
        let keys = KeyRange::Run { start: start.clone(), end: end.clone(), reversed };
        let command = command(keys, limit, partition_key(partition).token());
        (start < end).then_some(Read { partition: Some(partition), from, to, command, page_bytes: 1 << 20 })
    }
}

fn command(keys: KeyRange, limit: u32, token: Token) -> ReadCommand {
    ReadCommand {
        storage_id: TABLE,
        token,
        keys,
        statics: false,
        columns: Columns::All,
        limit,
        now_seconds: NOW,
        purge_before: i64::MIN,
        probe: None,
    }
}

/// The bound of a slice: below a row, or the partition's own bounds.
fn slice_bound(partition: u8, row: Option<i32>, is_end: bool) -> Bytes {
    let (table, key) = (table(), partition_key(partition));
    let prefix = Key::partition_prefix(&table, &key);
    match row {
        Some(row) => match Key::clustering_prefix(&table, &key, &[&row.to_be_bytes()]) {
            Ok(prefix) => prefix.into(),
            Err(error) => panic!("{error}"),
        },
        None if is_end => Key::prefix_end(&prefix).into(),
        None => prefix.into(),
    }
}

pub(super) fn write(random: &mut Random) -> Write {
    let partition = random.below(PARTITIONS) as u8;
    let row = random.below(ROWS) as i32;
    let at = (partition, Some(row));
    let timestamp = timestamp(random);
    let expires = [None, None, Some(NOW - 10), Some(NOW), Some(NOW + 10)][random.below(5) as usize];
    let path = ["", "a", "b"][random.below(3) as usize];
    let value = ["", "x", "y"][random.below(3) as usize].to_owned();
    match random.below(16) {
        0 | 1 => Write::Marker { at, timestamp, expires },
        2..=5 => Write::Value { at, column: REGULAR, path: "", timestamp, value, expires },
        6 | 7 => {
            Write::Value { at, column: MAP, path: if path.is_empty() { "c" } else { path }, timestamp, value, expires }
        }
        8 => Write::Value { at: (partition, None), column: STATIC, path: "", timestamp, value, expires },
        9 => Write::DeleteCell { at, column: REGULAR, path: "", timestamp },
        10 => Write::DeleteCell { at: (partition, None), column: STATIC, path: "", timestamp },
        11 => Write::DeleteColumn { at, timestamp },
        12 => Write::DeleteRow { at, timestamp },
        13 | 14 => {
            let end = |random: &mut Random| random.chance(3, 4).then(|| random.below(ROWS + 1) as i32);
            Write::DeleteRange { partition, from: end(random), to: end(random), timestamp }
        }
        _ => Write::DeletePartition { partition, timestamp },
    }
}

/// Few, so that many are equal; and the ends of what there is.
fn timestamp(random: &mut Random) -> i64 {
    match random.below(20) {
        0 => i64::MIN + 1,
        1 => i64::MAX,
        _ => random.below(8) as i64,
    }
}

fn table() -> Table {
    let column = |id, name: &str, data_type, kind| Column {
        id,
        name: name.to_owned(),
        data_type,
        kind,
        order: Order::Ascending,
    };
    let map = DataType::Map(Box::new(DataType::Text), Box::new(DataType::Text));
    Table {
        id: uuid::Uuid::nil(),
        storage_id: TABLE,
        keyspace: "ks".to_owned(),
        name: "t".to_owned(),
        partition_key: vec![column(ColumnId(0), "k", DataType::Tinyint, ColumnKind::PartitionKey)],
        clustering: vec![column(ColumnId(1), "c", DataType::Int, ColumnKind::Clustering)],
        statics: vec![column(STATIC, "s", DataType::Text, ColumnKind::Static)],
        regulars: vec![
            column(REGULAR, "v", DataType::Text, ColumnKind::Regular),
            column(MAP, "m", map, ColumnKind::Regular),
        ],
        options: TableOptions::default(),
        indexes: Vec::new(),
        history: henge_model::TableHistory::default(),
        masks: Default::default(),
    }
}

fn partition_key(partition: u8) -> PartitionKey {
    match PartitionKey::from_components(&[&[partition]]) {
        Ok(key) => key,
        Err(error) => panic!("{error}"),
    }
}

/// The partition and clustering value of a key.
pub(super) fn place(key: &[u8]) -> Place {
    match Key::decode(&table(), key) {
        Ok((partition, clustering, _)) => {
            let row = clustering.first().and_then(|value| value[..].try_into().ok()).map(i32::from_be_bytes);
            (partition[0][0], row)
        }
        Err(error) => panic!("{key:?}: {error}"),
    }
}

impl Write {
    /// As a coordinator would send it at a moment, in seconds.
    pub(super) fn mutation(&self, issued: i64) -> Mutation {
        let (key, row) = self.encode(issued);
        Mutation { id: WriteId::of_repair(issued * 1_000_000), rows: vec![(key, row)] }
    }

    /// The same at a moment of its own: that is its timestamp, and what expires does so soon after.
    pub(super) fn at_moment(mut self, moment: i64) -> Write {
        match &mut self {
            Write::Marker { timestamp, expires, .. } | Write::Value { timestamp, expires, .. } => {
                *timestamp = moment;
                *expires = expires.map(|at| moment + 1 + at.rem_euclid(40));
            }
            Write::DeleteCell { timestamp, .. }
            | Write::DeleteColumn { timestamp, .. }
            | Write::DeleteRow { timestamp, .. }
            | Write::DeleteRange { timestamp, .. }
            | Write::DeletePartition { timestamp, .. } => *timestamp = moment,
        }
        self
    }

    fn encode(&self, local_seconds: i64) -> (Bytes, Bytes) {
        let mut row = Row::default();
        let key = match self {
            Write::Marker { at, timestamp, expires } => {
                row.marker = Some(Marker { timestamp: *timestamp, expiry: expires.map(|at| (60, at)) });
                key_at(*at)
            }
            Write::Value { at, column, path, timestamp, value, expires } => {
                let value = Bytes::copy_from_slice(value.as_bytes());
                let kind = match expires {
                    Some(expires) => CellKind::Expiring { value, ttl: 60, expires: *expires },
                    None => CellKind::Live { value },
                };
                row.cells.push(Cell { column: *column, path: path.as_bytes().into(), timestamp: *timestamp, kind });
                key_at(*at)
            }
            Write::DeleteCell { at, column, path, timestamp } => {
                let kind = CellKind::Tombstone { local_seconds };
                row.cells.push(Cell { column: *column, path: path.as_bytes().into(), timestamp: *timestamp, kind });
                key_at(*at)
            }
            Write::DeleteColumn { at, timestamp } => {
                let kind = CellKind::ComplexDeletion { local_seconds };
                row.cells.push(Cell { column: MAP, path: Bytes::new(), timestamp: *timestamp, kind });
                key_at(*at)
            }
            Write::DeleteRow { at, timestamp } => {
                row.deletion = Some(Deletion { timestamp: *timestamp, local_seconds });
                key_at(*at)
            }
            Write::DeleteRange { partition, from, to, timestamp } => {
                row.deletion = Some(Deletion { timestamp: *timestamp, local_seconds });
                let (start, end) = (slice_bound(*partition, *from, false), slice_bound(*partition, *to, true));
                // Of nothing: as if the partition had been marked by a row that says nothing.
                match Key::range_tombstone(&start, &end) {
                    Some(key) => key.to_bytes(),
                    None => {
                        row = Row::default();
                        key_at((*partition, Some(0)))
                    }
                }
            }
            Write::DeletePartition { partition, timestamp } => {
                row.deletion = Some(Deletion { timestamp: *timestamp, local_seconds });
                Key::partition_tombstone(&slice_bound(*partition, None, false)).to_bytes()
            }
        };
        let mut out = Vec::new();
        encode_row(&key, &row, &mut out);
        (key, out.into())
    }
}

fn key_at((partition, row): Place) -> Bytes {
    let (table, key) = (table(), partition_key(partition));
    match row {
        None => Key::static_row(&table, &key).to_bytes(),
        Some(row) => match Key::row(&table, &key, &[&row.to_be_bytes()]) {
            Ok(key) => key.to_bytes(),
            Err(error) => panic!("{error}"),
        },
    }
}
