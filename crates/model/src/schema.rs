//! The schema, as the metadata log agrees on it. Maps are ordered, so that every node iterates over them alike.

use crate::{ColumnId, ColumnMask, Columns, DataType, Index, SerialScope, StorageId, UserType};
use henge_base::count_steps;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A table's CQL identity (`system_schema.tables.id`). Storage uses [`StorageId`] instead, which is never reused.
pub type TableId = uuid::Uuid;

/// Every keyspace by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// Keyspaces by name.
    pub keyspaces: BTreeMap<String, Arc<Keyspace>>,
}

/// A keyspace: tables and types with one replication setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Keyspace {
    /// The keyspace's name, at most 48 characters.
    pub name: String,
    /// The replicas of its tables.
    pub replication: Replication,
    /// Accepted and described, but without effect: every write is as durable as `commitlog_sync` says.
    pub durable_writes: bool,
    /// Tables by name.
    pub tables: BTreeMap<String, Arc<Table>>,
    /// User-defined types by name.
    #[serde(default)]
    pub types: BTreeMap<String, Arc<UserType>>,
}

/// A replication setting, as `CREATE KEYSPACE` gives it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Replication {
    /// Not replicated: each node keeps its own rows, as of system tables.
    Local,
    /// The next `factor` nodes round the ring, regardless of datacentre and rack.
    Simple {
        /// The number of copies.
        factor: ReplicationFactor,
    },
    /// A number of copies in each datacentre, spread over its racks.
    NetworkTopology {
        /// The number of copies by datacentre name.
        factors: BTreeMap<String, ReplicationFactor>,
    },
}

impl fmt::Display for Replication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Replication::Local => f.write_str("LocalStrategy"),
            Replication::Simple { factor } => write!(f, "SimpleStrategy ({factor})"),
            Replication::NetworkTopology { factors } => {
                let factors: Vec<String> = factors.iter().map(|(name, factor)| format!("{name}: {factor}")).collect();
                write!(f, "NetworkTopologyStrategy ({})", factors.join(", "))
            }
        }
    }
}

/// A number of copies, at least one.
pub type ReplicationFactor = u32;

/// A table: columns, options, indexes, and its history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Identity in CQL.
    pub id: TableId,
    /// Identity in keys, hints and streams.
    pub storage_id: StorageId,
    /// Keyspace name.
    pub keyspace: String,
    /// Table name.
    pub name: String,
    /// Columns of the partition key, in order; at least one.
    pub partition_key: Vec<Column>,
    /// Clustering columns, in order.
    pub clustering: Vec<Column>,
    /// Static columns, by name.
    pub statics: Vec<Column>,
    /// Regular columns, by name.
    pub regulars: Vec<Column>,
    /// Settings of `WITH`.
    pub options: TableOptions,
    /// Secondary indexes, by name.
    #[serde(default)]
    pub indexes: Vec<Index>,
    /// Facts about past alterations.
    #[serde(default)]
    pub history: TableHistory,
    /// Masks by column; a column without an entry is not masked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub masks: BTreeMap<ColumnId, ColumnMask>,
}

/// Facts about a table's past alterations that its columns and options no longer show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableHistory {
    /// Column ids below this one have been allocated; 0 in a table that was never altered.
    pub next_column: u32,
    /// Dropped columns by name.
    pub dropped: BTreeMap<String, DroppedColumn>,
    /// True if the rows are stored in the family of rows that expire. `None` in a table that was not altered since it
    /// was created or truncated, where the options tell.
    pub lies_apart: Option<bool>,
    /// Index ids below this one have been allocated.
    #[serde(default)]
    pub next_index: u32,
}

/// A column that was dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedColumn {
    /// The column's id, used again if it is added again; `None` where that was not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ColumnId>,
    /// The column's type when it was dropped.
    pub data_type: DataType,
    /// The column's role.
    pub kind: ColumnKind,
    /// The time of the drop, or the one that the statement gave (`USING TIMESTAMP`), in microseconds since the epoch.
    pub dropped_us: i64,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The number within the table, allocated by the metadata log and never reused; key columns have one too.
    pub id: ColumnId,
    /// The column's name.
    pub name: String,
    /// The column's type.
    pub data_type: DataType,
    /// The column's role.
    pub kind: ColumnKind,
    /// The column's direction; `Ascending` for all but clustering columns.
    pub order: Order,
}

/// The role of a column in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // As CQL calls them.
pub enum ColumnKind {
    PartitionKey,
    Clustering,
    Static,
    Regular,
}

/// The direction of a clustering column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // As CQL calls them.
pub enum Order {
    #[default]
    Ascending,
    Descending,
}

/// The options of `WITH`. Those without effect in Henge are kept and described, so that a dump of the schema
/// round-trips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // Named as in CQL, in CQL's units.
pub struct TableOptions {
    pub comment: String,
    pub default_time_to_live: u32,
    pub gc_grace_seconds: u32,
    pub bloom_filter_fp_chance: f64,
    pub crc_check_chance: f64,
    pub min_index_interval: u32,
    pub max_index_interval: u32,
    pub memtable_flush_period_in_ms: u32,
    pub speculative_retry: String,
    pub additional_write_policy: String,
    pub read_repair: String,
    pub cdc: bool,
    pub memtable: Option<String>,
    pub allow_auto_snapshot: bool,
    pub incremental_backups: bool,
    pub caching: BTreeMap<String, String>,
    pub compaction: Compaction,
    pub compression: BTreeMap<String, String>,
    pub extensions: BTreeMap<String, Vec<u8>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compact_storage: Option<CompactStorage>,
    /// Fixed by the first conditional write if no statement sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial_consistency: Option<SerialScope>,
}

/// The form of a table `WITH COMPACT STORAGE`. Its rows have no marker: a row exists as long as a cell does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompactStorage {
    /// One row per partition, of static columns; the clustering column and the regular one are hidden.
    Static,
    /// Clustering columns, of which rows may lack all but the first, and one regular column, hidden if its type is
    /// empty.
    Dense,
}

/// The compaction options, class included.
pub type Compaction = BTreeMap<String, String>;

impl Default for TableOptions {
    /// Cassandra 5.0's defaults.
    fn default() -> Self {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        TableOptions {
            comment: String::new(),
            default_time_to_live: 0,
            gc_grace_seconds: 864_000,
            bloom_filter_fp_chance: 0.01,
            crc_check_chance: 1.0,
            min_index_interval: 128,
            max_index_interval: 2048,
            memtable_flush_period_in_ms: 0,
            speculative_retry: "99p".to_owned(),
            additional_write_policy: "99p".to_owned(),
            read_repair: "BLOCKING".to_owned(),
            cdc: false,
            memtable: None,
            allow_auto_snapshot: true,
            incremental_backups: true,
            caching: map(&[("keys", "ALL"), ("rows_per_partition", "NONE")]),
            compaction: map(&[
                ("class", "org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy"),
                ("max_threshold", "32"),
                ("min_threshold", "4"),
            ]),
            compression: map(&[
                ("chunk_length_in_kb", "16"),
                ("class", "org.apache.cassandra.io.compress.LZ4Compressor"),
            ]),
            extensions: BTreeMap::new(),
            compact_storage: None,
            serial_consistency: None,
        }
    }
}

impl Schema {
    /// The table of that name; `None` if there is none.
    pub fn table(&self, keyspace: &str, name: &str) -> Option<&Arc<Table>> {
        self.keyspaces.get(keyspace)?.tables.get(name)
    }

    /// Every table of every keyspace, ordered by keyspace and name.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.keyspaces.values().flat_map(|k| k.tables.values())
    }
}

impl Table {
    /// True if a column other than the key's is a counter; then all of them are.
    pub fn is_counter(&self) -> bool {
        let of_columns = self.statics.iter().chain(&self.regulars).map(|column| &column.data_type);
        let of_dropped = self.history.dropped.values().map(|dropped| &dropped.data_type);
        of_columns.chain(of_dropped).any(|data_type| *data_type == DataType::Counter)
    }

    /// The column that statements know by that name; `None` if there is none, or it is hidden.
    pub fn column(&self, name: &str) -> Option<&Column> {
        let keys = || self.partition_key.iter().chain(&self.clustering);
        let others = || [&self.statics, &self.regulars].into_iter().find_map(|columns| by_name(columns, name));
        let found = keys().find(|column| column.name == name).or_else(others);
        found.filter(|column| !self.hides(column))
    }

    /// All columns that statements see, in the order of `SELECT *`.
    pub fn visible_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns().filter(|column| !self.hides(column))
    }

    /// True if statements cannot see the column: compact tables have columns that exist only for [`CompactStorage`].
    pub fn hides(&self, column: &Column) -> bool {
        match self.options.compact_storage {
            None => false,
            Some(CompactStorage::Static) => matches!(column.kind, ColumnKind::Clustering | ColumnKind::Regular),
            Some(CompactStorage::Dense) => column.kind == ColumnKind::Regular && column.data_type == DataType::Empty,
        }
    }

    /// True if rows may lack clustering columns after the first.
    pub fn has_short_rows(&self) -> bool {
        self.options.compact_storage == Some(CompactStorage::Dense)
    }

    /// All columns, hidden ones too: partition key, clustering, statics, regulars.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.partition_key.iter().chain(&self.clustering).chain(&self.statics).chain(&self.regulars)
    }

    /// The seconds after which a deletion is assumed to be on every replica without proof: `gc_grace_seconds`, if the
    /// compaction options say `only_purge_repaired_tombstones: false`; else `None`.
    pub fn unproven_purge_seconds(&self) -> Option<u32> {
        let unproven = self.options.compaction.get("only_purge_repaired_tombstones").is_some_and(|v| v == "false");
        unproven.then_some(self.options.gc_grace_seconds)
    }

    /// True if the rows are stored in the family of rows that expire. Decided by the options when the table was created
    /// or truncated, since rows cannot move.
    pub fn lies_apart(&self) -> bool {
        self.history.lies_apart.unwrap_or_else(|| self.expiry_rhythm().is_some())
    }

    /// The columns whose cells count. Cells of dropped columns keep no row alive, and of a column that was added again
    /// the cells written up to its drop stay deleted.
    pub fn live_columns(&self) -> Columns {
        let dropped = &self.history.dropped;
        if dropped.is_empty() {
            return Columns::All;
        }
        let since = |column: &Column| dropped.get(&column.name).map_or(i64::MIN, |dropped| dropped.dropped_us);
        let mut columns: Vec<(ColumnId, i64)> = self.columns().map(|column| (column.id, since(column))).collect();
        columns.sort_unstable();
        match columns.iter().any(|(_, since)| *since > i64::MIN) {
            true => Columns::Since(columns),
            false => Columns::Some(columns.into_iter().map(|(id, _)| id).collect()),
        }
    }

    /// The lowest column id that was never allocated.
    pub fn next_column_id(&self) -> ColumnId {
        let counted = self.columns().inspect(|_| count_steps(1));
        let highest = counted.map(|column| column.id.0 + 1).max().unwrap_or(0);
        ColumnId(highest.max(self.history.next_column))
    }

    /// The interval in seconds at which expired rows are to be expected, if rows of this table expire as a rule: its
    /// time window, or a quarter of its default TTL.
    pub fn expiry_rhythm(&self) -> Option<u64> {
        let ttl = u64::from(self.options.default_time_to_live);
        self.time_window().or((ttl > 0).then_some(ttl.div_ceil(4)))
    }

    /// The window of time window compaction, in seconds.
    fn time_window(&self) -> Option<u64> {
        let compaction = &self.options.compaction;
        compaction.get("class").filter(|class| class.ends_with("TimeWindowCompactionStrategy"))?;
        let unit = match compaction.get("compaction_window_unit").map(String::as_str) {
            Some("MINUTES") => 60,
            Some("HOURS") => 3_600,
            _ => 86_400,
        };
        let size = compaction.get("compaction_window_size").and_then(|size| size.parse().ok()).unwrap_or(1u64);
        Some(size.saturating_mul(unit))
    }

    /// The index of a column among the table's columns of the same kind, which are found by id.
    pub fn position(&self, column: &Column) -> Option<usize> {
        let by_id = |of: &[Column]| of.iter().position(|c| c.id == column.id);
        let by_name = |of: &[Column]| place_by_name(of, &column.name).filter(|place| of[*place].id == column.id);
        match column.kind {
            ColumnKind::PartitionKey => by_id(&self.partition_key),
            ColumnKind::Clustering => by_id(&self.clustering),
            ColumnKind::Static => by_name(&self.statics),
            ColumnKind::Regular => by_name(&self.regulars),
        }
    }
}

/// The index of the column of that name among columns in the order of their names.
fn place_by_name(columns: &[Column], name: &str) -> Option<usize> {
    let compare = |column: &Column| {
        count_steps(1);
        column.name.as_str().cmp(name)
    };
    columns.binary_search_by(compare).ok()
}

fn by_name<'t>(columns: &'t [Column], name: &str) -> Option<&'t Column> {
    place_by_name(columns, name).map(|place| &columns[place])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::table;
    use henge_base::steps_of;

    #[test]
    fn columns_are_found_in_steps_in_proportion() {
        let steps = |count: usize| {
            let mut table = table(&[DataType::Int], &[], &[], &vec![DataType::Int; count]);
            table.regulars.sort_by(|a, b| a.name.cmp(&b.name));
            let found = |column: &Column| table.column(&column.name) == Some(column);
            steps_of(|| {
                assert!(table.regulars.iter().all(found));
                assert!((0..count).all(|place| table.position(&table.regulars[place]) == Some(place)));
                assert_eq!(table.column("nothing"), None);
            })
        };
        assert!(steps(800) < 3 * steps(400), "{} {}", steps(400), steps(800));
    }
}
