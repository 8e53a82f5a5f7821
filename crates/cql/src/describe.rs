//! DESCRIBE output: names, and CREATE statements as Cassandra 5.0 prints them, which can be executed again.

mod columns;
mod identifier;

pub use identifier::identifier;

use columns::{definitions, dropped_column_changes};
use identifier::join_columns;

use crate::collection;
use crate::error::Error;
use crate::plan::DescribeTarget;
use crate::system_keyspaces::is_virtual;
use henge_base::{Bytes, hex};
use henge_model::{
    Column, DataType, Index, IndexKind, Keyspace, Order, Replication, Schema, Table, TableOptions, UserType,
};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The facts that DESCRIBE CLUSTER needs besides the schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterFacts {
    /// The cluster's name.
    pub name: String,
    /// The partitioner's class name, without its package.
    pub partitioner: String,
    /// The snitch's class name, without its package.
    pub snitch: String,
    /// The endpoints that hold each token's range.
    pub range_ownership: Vec<(String, Vec<String>)>,
}

/// One row of the result.
type Row = Vec<Option<Bytes>>;

/// The rows of a DESCRIBE, in the columns that `prepare` returned.
pub fn describe(target: &DescribeTarget, schema: &Schema, cluster: &ClusterFacts) -> Result<Vec<Row>, Error> {
    match target {
        DescribeTarget::Cluster { owned } => Ok(vec![cluster_row(cluster, owned.is_some())?]),
        DescribeTarget::Keyspaces => {
            Ok(keyspaces_by_name(schema).into_iter().map(|k| name_row(&k.name, "keyspace", &k.name)).collect())
        }
        DescribeTarget::Tables { keyspace } => {
            let wanted =
                keyspaces_by_name(schema).into_iter().filter(|k| keyspace.as_ref().is_none_or(|name| *name == k.name));
            Ok(wanted.flat_map(|k| k.tables.values().map(|t| name_row(&k.name, "table", &t.name))).collect())
        }
        DescribeTarget::Types { keyspace } => {
            let wanted =
                keyspaces_by_name(schema).into_iter().filter(|k| keyspace.as_ref().is_none_or(|name| *name == k.name));
            Ok(wanted.flat_map(|k| k.types.keys().map(|name| name_row(&k.name, "type", name))).collect())
        }
        DescribeTarget::Type { keyspace, name } => {
            let found = schema.keyspaces.get(keyspace).and_then(|k| k.types.get(name));
            let missing = || Error::invalid(format!("User defined type '{name}' not found in keyspace '{keyspace}'"));
            found.map(|found| vec![type_row(found)]).ok_or_else(missing)
        }
        DescribeTarget::Index { keyspace, name } => {
            let tables = schema.keyspaces.get(keyspace).into_iter().flat_map(|k| k.tables.values());
            let mut found = tables.filter_map(|t| Some(index_row(t, t.indexes.iter().find(|i| i.name == *name)?)));
            let missing = || Error::invalid(format!("Table for existing index '{name}' not found in '{keyspace}'"));
            found.next().map(|row| vec![row]).ok_or_else(missing)
        }
        DescribeTarget::Nothing => Ok(Vec::new()),
        DescribeTarget::Schema { full, internals } => {
            let wanted = keyspaces_by_name(schema).into_iter().filter(|k| *full || !is_system(k));
            Ok(wanted.flat_map(|k| keyspace_rows(k, false, *internals)).collect())
        }
        DescribeTarget::Keyspace { name, only, internals } => match schema.keyspaces.get(name) {
            Some(keyspace) => Ok(keyspace_rows(keyspace, *only, *internals)),
            None => Err(Error::invalid(format!("'{name}' not found in keyspaces"))),
        },
        DescribeTarget::Table { keyspace, name, internals } => match schema.table(keyspace, name) {
            Some(table) => Ok(table_rows(table, *internals)),
            None => Err(Error::invalid(format!("Table '{name}' not found in keyspace '{keyspace}'"))),
        },
    }
}

/// The CREATE statement of a keyspace, without its tables.
pub fn create_keyspace_text(keyspace: &Keyspace) -> String {
    let name = identifier(&keyspace.name);
    if is_virtual(&keyspace.name) {
        return format!(
            "/*\nWarning: Keyspace {name} is a virtual keyspace and cannot be recreated with CQL.\nStructure, for reference:\n\
             VIRTUAL KEYSPACE {name};\n*/"
        );
    }
    let mut replication = String::new();
    match &keyspace.replication {
        Replication::Local => replication.push_str("'class': 'LocalStrategy'"),
        Replication::Simple { factor } => {
            replication.push_str(&format!("'class': 'SimpleStrategy', 'replication_factor': '{factor}'"));
        }
        Replication::NetworkTopology { factors } => {
            replication.push_str("'class': 'NetworkTopologyStrategy'");
            for (datacenter, factor) in factors {
                replication.push_str(&format!(", {}: '{factor}'", text(datacenter)));
            }
        }
    }
    format!(
        "CREATE KEYSPACE {name} WITH replication = {{{replication}}}  AND durable_writes = {};",
        keyspace.durable_writes
    )
}

/// The CREATE statement of a table.
pub fn create_table_text(table: &Table) -> String {
    table_text(table, false)
}

fn table_text(table: &Table, internals: bool) -> String {
    let name = format!("{}.{}", identifier(&table.keyspace), identifier(&table.name));
    let mut options = Vec::new();
    let is_compact = table.options.compact_storage.is_some();
    if is_compact {
        options.push("COMPACT STORAGE".to_owned());
    }
    if internals {
        options.push(format!("ID = {}", table.id));
    }
    if !table.clustering.is_empty() {
        options.push(format!("CLUSTERING ORDER BY ({})", join_columns(&table.clustering, clustering_order)));
    }
    if is_virtual(&table.keyspace) {
        options.push(format!("comment = {}", text(&table.options.comment)));
        return format!(
            "/*\nWarning: Table {name} is a virtual table and cannot be recreated with CQL.\nStructure, for reference:\n\
             VIRTUAL TABLE {name} (\n{}\n) WITH {};\n*/",
            definitions(table, false),
            options.join("\n    AND ")
        );
    }
    options.extend(settings(&table.options));
    let past = if internals { dropped_column_changes(table, &name) } else { String::new() };
    let columns = definitions(table, internals);
    let created = format!("CREATE TABLE {name} (\n{columns}\n) WITH {};{past}", options.join("\n    AND "));
    match is_compact {
        false => created,
        // Commented out as in Cassandra, although Henge could execute it.
        true => format!(
            "/*\nWarning: Table {name} omitted because it has constructs not compatible with CQL (was created via legacy \
             API).\nApproximate structure, for reference:\n(this should not be used to reproduce this schema)\n\n{created}\n*/"
        ),
    }
}

fn clustering_order(column: &Column) -> String {
    let order = match column.order {
        Order::Ascending => "ASC",
        Order::Descending => "DESC",
    };
    format!("{} {order}", identifier(&column.name))
}

/// Every option as `name = value`, in alphabetical order except for memtable, which follows compression.
fn settings(options: &TableOptions) -> Vec<String> {
    let extensions: Vec<String> =
        options.extensions.iter().map(|(name, value)| format!("{}: 0x{}", text(name), hex(value))).collect();
    let mut settings = vec![
        format!("additional_write_policy = {}", text(&options.additional_write_policy)),
        format!("allow_auto_snapshot = {}", options.allow_auto_snapshot),
        format!("bloom_filter_fp_chance = {:?}", options.bloom_filter_fp_chance),
        format!("caching = {}", map(&options.caching)),
        format!("cdc = {}", options.cdc),
        format!("comment = {}", text(&options.comment)),
        format!("compaction = {}", map(&options.compaction)),
        format!("compression = {}", map(&options.compression)),
        format!("memtable = {}", text(options.memtable.as_deref().unwrap_or("default"))),
        format!("crc_check_chance = {:?}", options.crc_check_chance),
        format!("default_time_to_live = {}", options.default_time_to_live),
        format!("extensions = {{{}}}", extensions.join(", ")),
        format!("gc_grace_seconds = {}", options.gc_grace_seconds),
        format!("incremental_backups = {}", options.incremental_backups),
        format!("max_index_interval = {}", options.max_index_interval),
        format!("memtable_flush_period_in_ms = {}", options.memtable_flush_period_in_ms),
        format!("min_index_interval = {}", options.min_index_interval),
        format!("read_repair = {}", text(&options.read_repair)),
    ];
    // Unknown to Cassandra, and of interest only where it is set.
    let scope = options.serial_consistency.map(|scope| scope.level());
    settings.extend(scope.map(|level| format!("serial_consistency = '{level}'")));
    settings.push(format!("speculative_retry = {}", text(&options.speculative_retry)));
    settings
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

fn map(entries: &BTreeMap<String, String>) -> String {
    let all: Vec<String> = entries.iter().map(|(k, v)| format!("{}: {}", text(k), text(v))).collect();
    format!("{{{}}}", all.join(", "))
}

fn is_system(keyspace: &Keyspace) -> bool {
    keyspace.replication == Replication::Local
        || is_virtual(&keyspace.name)
        || ["system_auth", "system_distributed", "system_traces"].contains(&keyspace.name.as_str())
}

fn keyspaces_by_name(schema: &Schema) -> Vec<&Keyspace> {
    let mut all: Vec<&Keyspace> = schema.keyspaces.values().map(|k| &**k).collect();
    all.sort_by_key(|k| k.name.to_lowercase());
    all
}

fn keyspace_rows(keyspace: &Keyspace, only: bool, internals: bool) -> Vec<Row> {
    let mut first = name_row(&keyspace.name, "keyspace", &keyspace.name);
    first.push(value(create_keyspace_text(keyspace)));
    let mut rows = vec![first];
    if !only {
        rows.extend(types_in_order(keyspace).into_iter().map(type_row));
        rows.extend(keyspace.tables.values().flat_map(|t| table_rows(t, internals)));
    }
    rows
}

/// The user types, each after those that it contains, so that their statements can be executed in order.
fn types_in_order(keyspace: &Keyspace) -> Vec<&UserType> {
    let mut out: Vec<&UserType> = Vec::new();
    let mut waiting: Vec<&UserType> = keyspace.types.values().map(|t| &**t).collect();
    while !waiting.is_empty() {
        let needs = |one: &UserType, other: &UserType| {
            let mentions = |(_, field): &(String, DataType)| field.mentions(&other.keyspace, &other.name);
            one.name != other.name && one.fields.iter().any(mentions)
        };
        let ready = waiting.iter().position(|one| !waiting.iter().any(|other| needs(one, other)));
        // Types cannot contain each other, so one is always ready; falling back to the first guarantees termination.
        out.push(waiting.remove(ready.unwrap_or(0)));
    }
    out
}

fn type_row(user_type: &UserType) -> Row {
    let fields: Vec<String> =
        user_type.fields.iter().map(|(name, data_type)| format!("    {} {data_type}", identifier(name))).collect();
    let name = format!("{}.{}", identifier(&user_type.keyspace), identifier(&user_type.name));
    let mut row = name_row(&user_type.keyspace, "type", &user_type.name);
    row.push(value(format!("CREATE TYPE {name} (\n{}\n);", fields.join(",\n"))));
    row
}

/// The rows of a table and its indexes.
fn table_rows(table: &Table, internals: bool) -> Vec<Row> {
    let indexes = table.indexes.iter().map(|index| index_row(table, index));
    std::iter::once(table_row(table, internals)).chain(indexes).collect()
}

fn index_row(table: &Table, index: &Index) -> Row {
    let mut row = name_row(&table.keyspace, "index", &index.name);
    row.push(value(create_index_text(table, index)));
    row
}

/// The CREATE statement of an index.
fn create_index_text(table: &Table, index: &Index) -> String {
    let column = index.column(table).map(|column| identifier(&column.name)).unwrap_or_default();
    let (name, target) = (identifier(&index.name), index.target(&column));
    let of = format!("{}.{}", identifier(&table.keyspace), identifier(&table.name));
    let IndexKind::StorageAttached { class, options } = &index.kind else {
        return format!("CREATE INDEX {name} ON {of} ({target});");
    };
    let options = if options.is_empty() { String::new() } else { format!(" WITH OPTIONS = {}", map(options)) };
    format!("CREATE CUSTOM INDEX {name} ON {of} ({target}) USING {}{options};", text(class))
}

fn table_row(table: &Table, internals: bool) -> Row {
    let mut row = name_row(&table.keyspace, "table", &table.name);
    row.push(value(table_text(table, internals)));
    row
}

fn name_row(keyspace: &str, kind: &str, name: &str) -> Row {
    vec![value(identifier(keyspace)), value(kind.to_owned()), value(identifier(name))]
}

fn value(text: String) -> Option<Bytes> {
    Some(Bytes::from(text))
}

fn cluster_row(cluster: &ClusterFacts, with_ownership: bool) -> Result<Row, Error> {
    let mut row: Row =
        [&cluster.name, &cluster.partitioner, &cluster.snitch].into_iter().map(|t| value(t.clone())).collect();
    if with_ownership {
        let list = DataType::List(Box::new(DataType::Text));
        let map = DataType::Map(Box::new(DataType::Text), Box::new(list.clone()));
        let mut parts = Vec::new();
        for (token, endpoints) in &cluster.range_ownership {
            let endpoints: Vec<_> = endpoints.iter().map(|e| Some(Cow::Borrowed(e.as_bytes()))).collect();
            parts.push(Some(Cow::Borrowed(token.as_bytes())));
            parts.push(Some(Cow::Owned(collection::build(&list, &endpoints)?)));
        }
        row.push(Some(collection::build(&map, &parts)?.into()));
    }
    Ok(row)
}
