//! `system_schema` and `system_virtual_schema`: the schema as drivers and cqlsh read it.

use super::build::{TableRows, Value, boolean, double, int, list, map, text};
use crate::cluster::system_keyspaces;
use crate::cluster::view::View;
use henge_cql::is_virtual;
use henge_model::{Column, ColumnKind, CompactStorage, IndexKind, Keyspace, Order, Replication, Table};
use henge_storage::BuiltIndex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Keyspaces whose tables clients should find as ordinary ones. The others are described by `system_virtual_schema`.
fn ordinary(view: &View) -> impl Iterator<Item = &Arc<Keyspace>> {
    view.schema.keyspaces.values().filter(|k| !is_virtual(&k.name))
}

pub(super) fn keyspaces(view: &View, out: &mut TableRows<'_>) {
    for keyspace in ordinary(view) {
        out.push(
            &[text(&keyspace.name)],
            &[
                ("durable_writes", boolean(keyspace.durable_writes)),
                ("replication", replication(&keyspace.replication)),
            ],
        );
    }
}

fn replication(setting: &Replication) -> Value {
    let class = |name: &str| format!("org.apache.cassandra.locator.{name}");
    let mut entries = BTreeMap::new();
    match setting {
        Replication::Local => entries.insert("class".to_owned(), class("LocalStrategy")),
        Replication::Simple { factor } => {
            entries.insert("replication_factor".to_owned(), factor.to_string());
            entries.insert("class".to_owned(), class("SimpleStrategy"))
        }
        Replication::NetworkTopology { factors } => {
            entries.extend(factors.iter().map(|(dc, factor)| (dc.clone(), factor.to_string())));
            entries.insert("class".to_owned(), class("NetworkTopologyStrategy"))
        }
    };
    map(pairs(&entries))
}

fn pairs(entries: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    entries.iter().map(|(k, v)| (k.as_str(), v.as_str()))
}

pub(super) fn tables(view: &View, out: &mut TableRows<'_>) {
    for table in ordinary(view).flat_map(|k| k.tables.values()) {
        let o = &table.options;
        let mut columns = vec![
            ("additional_write_policy", text(&o.additional_write_policy)),
            ("allow_auto_snapshot", boolean(o.allow_auto_snapshot)),
            ("bloom_filter_fp_chance", double(o.bloom_filter_fp_chance)),
            ("caching", map(pairs(&o.caching))),
            ("cdc", boolean(o.cdc)),
            ("comment", text(&o.comment)),
            ("compaction", map(pairs(&o.compaction))),
            ("compression", map(pairs(&o.compression))),
            ("crc_check_chance", double(o.crc_check_chance)),
            ("dclocal_read_repair_chance", double(0.0)),
            ("default_time_to_live", int(o.default_time_to_live as i32)),
            ("extensions", map([])),
            // Without `compound` drivers take a table for COMPACT STORAGE and drop columns from their metadata.
            ("flags", list(flags(table))),
            ("gc_grace_seconds", int(o.gc_grace_seconds as i32)),
            ("id", table.id.as_bytes().to_vec()),
            ("incremental_backups", boolean(o.incremental_backups)),
            ("max_index_interval", int(o.max_index_interval as i32)),
            ("memtable_flush_period_in_ms", int(o.memtable_flush_period_in_ms as i32)),
            ("min_index_interval", int(o.min_index_interval as i32)),
            ("read_repair", text(&o.read_repair)),
            ("read_repair_chance", double(0.0)),
            ("speculative_retry", text(&o.speculative_retry)),
        ];
        columns.extend(o.memtable.as_ref().map(|m| ("memtable", text(m))));
        out.push(&[text(&table.keyspace), text(&table.name)], &columns);
    }
}

/// As Cassandra has them, in the order of their names.
fn flags(table: &Table) -> Vec<&'static str> {
    let dense = table.options.compact_storage == Some(CompactStorage::Dense);
    let compound = table.options.compact_storage.is_none() || (dense && table.clustering.len() > 1);
    let all = [("compound", compound), ("counter", table.is_counter()), ("dense", dense)];
    all.into_iter().filter(|(_, is_so)| *is_so).map(|(flag, _)| flag).collect()
}

pub(super) fn columns(view: &View, out: &mut TableRows<'_>) {
    for table in ordinary(view).flat_map(|k| k.tables.values()) {
        columns_of(table, out);
    }
}

fn columns_of(table: &Table, out: &mut TableRows<'_>) {
    for column in table.columns() {
        let (kind, position) = role(table, column);
        let order = match (column.kind, column.order) {
            (ColumnKind::Clustering, Order::Ascending) => "asc",
            (ColumnKind::Clustering, Order::Descending) => "desc",
            _ => "none",
        };
        out.push(
            &[text(&table.keyspace), text(&table.name), text(&column.name)],
            &[
                ("clustering_order", text(order)),
                ("column_name_bytes", text(&column.name)),
                ("kind", text(kind)),
                ("position", int(position)),
                ("type", text(column.data_type.to_string())),
            ],
        );
    }
}

/// Indexes that this node has built.
pub(super) fn built_indexes(view: &View, built: &BTreeSet<BuiltIndex>, out: &mut TableRows<'_>) {
    for table in ordinary(view).flat_map(|k| k.tables.values()) {
        for index in table.indexes.iter().filter(|index| built.contains(&(table.storage_id, index.id))) {
            out.push(&[text(&table.keyspace), text(&index.name)], &[]);
        }
    }
}

pub(super) fn indexes(view: &View, out: &mut TableRows<'_>) {
    for table in ordinary(view).flat_map(|k| k.tables.values()) {
        for index in &table.indexes {
            let column = index.column(table).map(|column| henge_cql::identifier(&column.name)).unwrap_or_default();
            let mut options = BTreeMap::from([("target".to_owned(), index.target(&column))]);
            let kind = match &index.kind {
                IndexKind::Plain => "COMPOSITES",
                IndexKind::StorageAttached { class, options: own } => {
                    options.extend(own.clone());
                    options.insert("class_name".to_owned(), class.clone());
                    "CUSTOM"
                }
            };
            out.push(
                &[text(&table.keyspace), text(&table.name), text(&index.name)],
                &[("kind", text(kind)), ("options", map(pairs(&options)))],
            );
        }
    }
}

pub(super) fn types(view: &View, out: &mut TableRows<'_>) {
    for user_type in ordinary(view).flat_map(|k| k.types.values()) {
        let names = list(user_type.fields.iter().map(|(name, _)| name.as_str()));
        let types: Vec<String> = user_type.fields.iter().map(|(_, data_type)| data_type.to_string()).collect();
        let types = list(types.iter().map(String::as_str));
        let columns = [("field_names", names), ("field_types", types)];
        out.push(&[text(&user_type.keyspace), text(&user_type.name)], &columns);
    }
}

pub(super) fn dropped_columns(view: &View, out: &mut TableRows<'_>) {
    for table in ordinary(view).flat_map(|k| k.tables.values()) {
        for (name, dropped) in &table.history.dropped {
            let kind = if dropped.kind == ColumnKind::Static { "static" } else { "regular" };
            // Towards 1970, as Cassandra rounds.
            let at = (dropped.dropped_us / 1_000).to_be_bytes().to_vec();
            let columns = [
                ("dropped_time", at),
                ("kind", text(kind)),
                ("type", text(dropped.data_type.without_user_types().to_string())),
            ];
            out.push(&[text(&table.keyspace), text(&table.name), text(name)], &columns);
        }
    }
}

/// A column's kind, and its place within the key; -1 outside it.
fn role(table: &Table, column: &Column) -> (&'static str, i32) {
    let place = table.position(column).map_or(-1, |p| p as i32);
    match column.kind {
        ColumnKind::PartitionKey => ("partition_key", place),
        ColumnKind::Clustering => ("clustering", place),
        ColumnKind::Static => ("static", -1),
        ColumnKind::Regular => ("regular", -1),
    }
}

fn virtual_ones() -> Vec<Arc<Keyspace>> {
    system_keyspaces::keyspaces().into_iter().filter(|k| is_virtual(&k.name)).collect()
}

pub(super) fn virtual_keyspaces(out: &mut TableRows<'_>) {
    for keyspace in virtual_ones() {
        out.push(&[text(&keyspace.name)], &[]);
    }
}

pub(super) fn virtual_tables(out: &mut TableRows<'_>) {
    for table in virtual_ones().iter().flat_map(|k| k.tables.values()) {
        out.push(&[text(&table.keyspace), text(&table.name)], &[("comment", text(&table.options.comment))]);
    }
}

pub(super) fn virtual_columns(out: &mut TableRows<'_>) {
    for table in virtual_ones().iter().flat_map(|k| k.tables.values()) {
        columns_of(table, out);
    }
}
