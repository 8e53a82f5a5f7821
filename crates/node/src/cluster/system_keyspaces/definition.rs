//! Columns of the computed tables, in Cassandra 5.0's names and types: drivers and cqlsh read them by name.

use super::virtual_definition::{VIRTUAL, Virtual};
use henge_model::{
    Column, ColumnId, ColumnKind, DataType, Keyspace, Order, Replication, StorageId, Table, TableOptions,
};
use md5::{Digest, Md5};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// The storage id of the first virtual table.
const FIRST_VIRTUAL: u32 = 512;

/// Columns shared by `system_schema.tables` and `views`.
const OPTIONS: &str = "additional_write_policy text, allow_auto_snapshot boolean, bloom_filter_fp_chance double, \
    caching frozen<map<text,text>>, cdc boolean, comment text, compaction frozen<map<text,text>>, \
    compression frozen<map<text,text>>, crc_check_chance double, dclocal_read_repair_chance double, \
    default_time_to_live int, extensions frozen<map<text,blob>>, gc_grace_seconds int, id uuid, \
    incremental_backups boolean, max_index_interval int, memtable text, memtable_flush_period_in_ms int, \
    min_index_interval int, read_repair text, read_repair_chance double, speculative_retry text";

/// Keyspace, table, number of partition key columns, number of clustering columns, columns.
const TABLES: [(&str, &str, usize, usize, &str); 28] = [
    (
        "system",
        "local",
        1,
        0,
        "key text, bootstrapped text, broadcast_address inet, broadcast_port int, cluster_name text, cql_version text, \
         data_center text, gossip_generation int, host_id uuid, listen_address inet, listen_port int, \
         native_protocol_version text, partitioner text, rack text, release_version text, rpc_address inet, \
         rpc_port int, schema_version uuid, tokens set<text>, truncated_at map<uuid,blob>",
    ),
    (
        "system",
        "peers",
        1,
        0,
        "peer inet, data_center text, host_id uuid, preferred_ip inet, rack text, release_version text, \
         rpc_address inet, schema_version uuid, tokens set<text>",
    ),
    (
        "system",
        "peers_v2",
        1,
        1,
        "peer inet, peer_port int, data_center text, host_id uuid, native_address inet, native_port int, \
         preferred_ip inet, preferred_port int, rack text, release_version text, schema_version uuid, tokens set<text>",
    ),
    (
        "system",
        "size_estimates",
        1,
        3,
        "keyspace_name text, table_name text, range_start text, range_end text, mean_partition_size bigint, \
         partitions_count bigint",
    ),
    // What it calls a table is a keyspace.
    ("system", "IndexInfo", 1, 1, "table_name text, index_name text, value blob"),
    (
        "system_schema",
        "keyspaces",
        1,
        0,
        "keyspace_name text, durable_writes boolean, replication frozen<map<text,text>>",
    ),
    ("system_schema", "tables", 1, 1, ""),
    (
        "system_schema",
        "columns",
        1,
        2,
        "keyspace_name text, table_name text, column_name text, clustering_order text, column_name_bytes blob, \
         kind text, position int, type text",
    ),
    (
        "system_schema",
        "dropped_columns",
        1,
        2,
        "keyspace_name text, table_name text, column_name text, dropped_time timestamp, kind text, type text",
    ),
    ("system_schema", "views", 1, 1, ""),
    (
        "system_schema",
        "indexes",
        1,
        2,
        "keyspace_name text, table_name text, index_name text, kind text, options frozen<map<text,text>>",
    ),
    (
        "system_schema",
        "types",
        1,
        1,
        "keyspace_name text, type_name text, field_names frozen<list<text>>, field_types frozen<list<text>>",
    ),
    (
        "system_schema",
        "functions",
        1,
        2,
        "keyspace_name text, function_name text, argument_types frozen<list<text>>, argument_names frozen<list<text>>, \
         body text, called_on_null_input boolean, language text, return_type text",
    ),
    (
        "system_schema",
        "aggregates",
        1,
        2,
        "keyspace_name text, aggregate_name text, argument_types frozen<list<text>>, final_func text, initcond text, \
         return_type text, state_func text, state_type text",
    ),
    (
        "system_schema",
        "triggers",
        1,
        2,
        "keyspace_name text, table_name text, trigger_name text, options frozen<map<text,text>>",
    ),
    (
        "system_auth",
        "roles",
        1,
        0,
        "role text, can_login boolean, is_superuser boolean, member_of set<text>, salted_hash text",
    ),
    ("system_auth", "role_members", 1, 1, "role text, member text"),
    ("system_auth", "role_permissions", 1, 1, "role text, resource text, permissions set<text>"),
    // So Cassandra spells it.
    ("system_auth", "resource_role_permissons_index", 1, 1, "resource text, role text"),
    ("system_auth", "network_permissions", 1, 0, "role text, dcs frozen<set<text>>"),
    ("system_auth", "cidr_groups", 1, 0, "cidr_group text, cidrs frozen<set<tuple<inet, smallint>>>"),
    ("system_auth", "cidr_permissions", 1, 0, "role text, cidr_groups frozen<set<text>>"),
    ("system_auth", "identity_to_role", 1, 0, "identity text, role text"),
    (
        "system_distributed",
        "parent_repair_history",
        1,
        0,
        "parent_id timeuuid, columnfamily_names set<text>, exception_message text, exception_stacktrace text, \
         finished_at timestamp, keyspace_name text, options map<text,text>, requested_ranges set<text>, \
         started_at timestamp, successful_ranges set<text>",
    ),
    ("system_distributed", "partition_denylist", 2, 1, "ks_name text, table_name text, key blob"),
    (
        "system_distributed",
        "repair_history",
        2,
        1,
        "keyspace_name text, columnfamily_name text, id timeuuid, coordinator inet, coordinator_port int, \
         exception_message text, exception_stacktrace text, finished_at timestamp, parent_id timeuuid, \
         participants set<inet>, participants_v2 set<text>, range_begin text, range_end text, started_at timestamp, \
         status text",
    ),
    ("system_distributed", "view_build_status", 2, 1, "keyspace_name text, view_name text, host_id uuid, status text"),
    (
        "system_schema",
        "column_masks",
        1,
        2,
        "keyspace_name text, table_name text, column_name text, function_argument_nulls frozen<list<boolean>>, \
         function_argument_types frozen<list<text>>, function_argument_values frozen<list<text>>, function_keyspace text, \
         function_name text",
    ),
];

static KEYSPACES: LazyLock<Vec<Arc<Keyspace>>> = LazyLock::new(build);

/// The system keyspaces with their tables.
pub(crate) fn keyspaces() -> Vec<Arc<Keyspace>> {
    KEYSPACES.clone()
}

/// The computed table with this storage id.
pub(crate) fn table(storage: StorageId) -> Option<&'static Arc<Table>> {
    KEYSPACES.iter().flat_map(|k| k.tables.values()).find(|t| t.storage_id == storage)
}

fn build() -> Vec<Arc<Keyspace>> {
    let mut keyspaces: BTreeMap<String, BTreeMap<String, Arc<Table>>> = BTreeMap::new();
    let plain = TABLES.iter().enumerate().map(|(number, table)| define(number as u32 + 1, table));
    let virtuals =
        VIRTUAL.iter().enumerate().map(|(number, table)| define_virtual(FIRST_VIRTUAL + number as u32, table));
    for table in plain.chain(virtuals) {
        keyspaces.entry(table.keyspace.clone()).or_default().insert(table.name.clone(), Arc::new(table));
    }
    let keyspace = |(name, tables)| {
        let replication = Replication::Local;
        Arc::new(Keyspace { name, replication, durable_writes: true, tables, types: BTreeMap::new() })
    };
    keyspaces.into_iter().map(keyspace).collect()
}

fn define(storage: u32, (keyspace, name, partition, clustering, listed): &(&str, &str, usize, usize, &str)) -> Table {
    let columns = match (*keyspace, *name) {
        ("system_schema", "tables") => {
            format!("keyspace_name text, table_name text, flags frozen<set<text>>, {OPTIONS}")
        }
        ("system_schema", "views") => format!(
            "keyspace_name text, view_name text, base_table_id uuid, base_table_name text, \
             include_all_columns boolean, where_clause text, {OPTIONS}"
        ),
        _ => (*listed).to_owned(),
    };
    table_of(storage, keyspace, name, (*partition, *clustering), &columns, "")
}

fn define_virtual(storage: u32, table: &Virtual) -> Table {
    table_of(storage, table.keyspace, table.name, table.keys, table.columns, table.comment)
}

/// `keys` are the numbers of columns of the partition key and of clustering columns, which stand first.
fn table_of(storage: u32, keyspace: &str, name: &str, keys: (usize, usize), columns: &str, comment: &str) -> Table {
    let (partition, clustering) = keys;
    let mut columns: Vec<Column> = columns_of(columns, partition, clustering);
    let mut regulars = columns.split_off(partition + clustering);
    regulars.sort_by(|a, b| a.name.cmp(&b.name));
    let clustering = columns.split_off(partition);
    let options = TableOptions { gc_grace_seconds: 0, comment: comment.to_owned(), ..TableOptions::default() };
    Table {
        id: id_of(keyspace, name),
        storage_id: StorageId(storage),
        keyspace: keyspace.to_owned(),
        name: name.to_owned(),
        partition_key: columns,
        clustering,
        statics: Vec::new(),
        regulars,
        options,
        indexes: Vec::new(),
        history: henge_model::TableHistory::default(),
        masks: Default::default(),
    }
}

/// The id that Cassandra gives a table of the system: made from its name.
fn id_of(keyspace: &str, name: &str) -> uuid::Uuid {
    let digest = Md5::new().chain_update(keyspace).chain_update(name).finalize();
    uuid::Builder::from_md5_bytes(digest.into()).into_uuid()
}

/// Reads `name type, name type`; commas inside `<>` belong to the type.
fn columns_of(text: &str, partition: usize, clustering: usize) -> Vec<Column> {
    let mut depth = 0;
    let pieces = text.split(|c: char| {
        depth += i32::from(c == '<') - i32::from(c == '>');
        c == ',' && depth == 0
    });
    let column = |(at, piece): (usize, &str)| {
        let (name, type_name) = piece.trim().split_once(' ').unwrap_or((piece, "text"));
        let kind = match at {
            at if at < partition => ColumnKind::PartitionKey,
            at if at < partition + clustering => ColumnKind::Clustering,
            _ => ColumnKind::Regular,
        };
        Column {
            id: ColumnId(at as u32),
            name: name.to_owned(),
            data_type: type_of(type_name.trim()),
            kind,
            order: Order::Ascending,
        }
    };
    pieces.enumerate().map(column).collect()
}

fn type_of(text: &str) -> DataType {
    let Some((outer, inner)) = text.strip_suffix('>').and_then(|t| t.split_once('<')) else {
        return DataType::native(text).unwrap_or(DataType::Text);
    };
    match outer {
        "frozen" => DataType::Frozen(Box::new(type_of(inner))),
        "list" => DataType::List(Box::new(type_of(inner))),
        "set" => DataType::Set(Box::new(type_of(inner))),
        "tuple" => DataType::Tuple(inner.split(',').map(|part| type_of(part.trim())).collect()),
        _ => {
            let (key, value) = inner.split_once(',').unwrap_or((inner, "text"));
            DataType::Map(Box::new(type_of(key.trim())), Box::new(type_of(value.trim())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_types_that_drivers_expect() {
        let all = keyspaces();
        let tables: Vec<&Arc<Table>> = all.iter().flat_map(|k| k.tables.values()).collect();
        let local = tables.iter().find(|t| t.name == "local").unwrap();
        assert_eq!(local.column("tokens").unwrap().data_type.to_string(), "set<text>");
        assert_eq!(local.column("truncated_at").unwrap().data_type.to_string(), "map<uuid, blob>");
        let columns = tables.iter().find(|t| t.name == "tables" && t.keyspace == "system_schema").unwrap();
        let groups = tables.iter().find(|t| t.name == "cidr_groups").unwrap();
        let cidrs = "frozen<set<frozen<tuple<inet, smallint>>>>";
        assert_eq!(groups.column("cidrs").unwrap().data_type.to_string(), cidrs);
        assert_eq!(columns.column("compaction").unwrap().data_type.to_string(), "frozen<map<text, text>>");
        assert_eq!(columns.clustering.len(), 1);
        assert_eq!(tables.len(), TABLES.len() + VIRTUAL.len());
    }

    #[test]
    fn ids_are_those_of_cassandra() {
        assert_eq!(id_of("system", "local").to_string(), "7ad54392-bcdd-35a6-8417-4e047860b377");
        assert_eq!(id_of("system_views", "settings").to_string(), "5adfcadb-4407-3c1f-b97e-322735089073");
    }

    #[test]
    fn every_table_has_a_storage_id_of_its_own() {
        let all = keyspaces();
        let mut ids: Vec<u32> = all.iter().flat_map(|k| k.tables.values()).map(|t| t.storage_id.0).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), TABLES.len() + VIRTUAL.len());
        assert!(ids.iter().all(|id| (1..super::super::COMPUTED_BELOW).contains(id)));
    }
}
