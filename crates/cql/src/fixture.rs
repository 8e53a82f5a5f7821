//! A schema for tests.

use crate::plan::{Plan, PlannedStatement, SchemaChange};
use crate::{Error, parse, prepare};
use henge_model::TableDraft;
use henge_model::{Column, ColumnId, ColumnKind, Keyspace, Replication, Schema, StorageId, Table};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keyspace `ks` with tables of several shapes, and a `system.local` with collections.
pub(crate) fn schema() -> Schema {
    let mut schema = Schema::default();
    add_keyspace(&mut schema, "ks", Replication::Simple { factor: 1 });
    add_keyspace(&mut schema, "system", Replication::Local);
    for text in [
        "CREATE TABLE ks.kv (k text PRIMARY KEY, v int, w text)",
        "CREATE TABLE ks.wide (a int, b text, c int, d int, v text, PRIMARY KEY ((a, b), c, d)) WITH CLUSTERING ORDER BY (c ASC, d DESC)",
        "CREATE TABLE ks.events (id int, at timeuuid, note text, PRIMARY KEY (id, at)) WITH default_time_to_live = 60",
        "CREATE TABLE ks.types (k uuid PRIMARY KEY, l frozen<list<int>>, m frozen<map<text, int>>, t tuple<int, text>, \
         e vector<float, 2>, ts timestamp, d decimal, n varint, b blob, f double, big bigint, dt date)",
        "CREATE TABLE ks.sets (k frozen<set<int>>, c frozen<map<int, int>>, t tuple<set<int>, int>, l list<frozen<list<int>>>, \
         f frozen<list<int>>, v int, PRIMARY KEY (k, c))",
        "CREATE TABLE ks.many (k int PRIMARY KEY, l list<int>, s set<decimal>, m map<text, int>)",
    ] {
        create(&mut schema, text);
    }
    let mut local = local_table();
    local.storage_id = StorageId(1);
    insert(&mut schema, "system", local);
    schema
}

/// The schema that results from these statements. Those other than CREATE KEYSPACE and CREATE TABLE are ignored.
pub(crate) fn schema_of<'a>(texts: impl Iterator<Item = &'a str>) -> Schema {
    let mut schema = Schema::default();
    for text in texts {
        let Ok(statement) = parse(text) else { continue };
        match prepare(&statement, &schema, None).map(|prepared| prepared.plan) {
            Ok(Plan::Schema(SchemaChange::CreateTable { draft, .. }))
                if schema.keyspaces.contains_key(&draft.keyspace) =>
            {
                let number = 10 + schema.tables().count() as u32;
                insert(&mut schema, &draft.keyspace.clone(), table(&draft, number));
            }
            Ok(Plan::Schema(SchemaChange::CreateKeyspace { name, .. })) => {
                add_keyspace(&mut schema, &name, Replication::Simple { factor: 1 });
            }
            _ => {}
        }
    }
    schema
}

/// Prepares a statement against the fixture, with `ks` in use.
pub(crate) fn prepare_text(text: &str) -> Result<PlannedStatement, Error> {
    prepare(&parse(text)?, &schema(), Some("ks"))
}

/// The error of a statement against the fixture.
pub(crate) fn error(text: &str) -> Error {
    match prepare_text(text) {
        Err(e) => e,
        Ok(prepared) => panic!("{text} gave {prepared:?}"),
    }
}

fn add_keyspace(schema: &mut Schema, name: &str, replication: Replication) {
    let keyspace = Keyspace {
        name: name.to_owned(),
        replication,
        durable_writes: true,
        tables: BTreeMap::new(),
        types: BTreeMap::new(),
    };
    schema.keyspaces.insert(name.to_owned(), Arc::new(keyspace));
}

fn create(schema: &mut Schema, text: &str) {
    let prepared = prepare(&parse(text).unwrap(), schema, None).unwrap();
    let Plan::Schema(change) = prepared.plan else { panic!("{text} changes no schema") };
    let SchemaChange::CreateTable { draft, .. } = change else { panic!("{text} is no table") };
    let keyspace = draft.keyspace.clone();
    let number = 10 + schema.tables().count() as u32;
    insert(schema, &keyspace, table(&draft, number));
}

fn insert(schema: &mut Schema, keyspace: &str, table: Table) {
    let keyspace = Arc::make_mut(schema.keyspaces.get_mut(keyspace).unwrap());
    keyspace.tables.insert(table.name.clone(), Arc::new(table));
}

/// The table that the metadata log would create from a draft.
pub(crate) fn table(draft: &TableDraft, number: u32) -> Table {
    let mut next = 0;
    let mut columns = |drafts: &[henge_model::ColumnDraft], kind: ColumnKind| -> Vec<Column> {
        let one = |d: &henge_model::ColumnDraft| {
            next += 1;
            Column { id: ColumnId(next), name: d.name.clone(), data_type: d.data_type.clone(), kind, order: d.order }
        };
        drafts.iter().map(one).collect()
    };
    Table {
        id: uuid::Uuid::from_u128(u128::from(number)),
        storage_id: StorageId(number),
        keyspace: draft.keyspace.clone(),
        name: draft.name.clone(),
        partition_key: columns(&draft.partition_key, ColumnKind::PartitionKey),
        clustering: columns(&draft.clustering, ColumnKind::Clustering),
        statics: columns(&draft.statics, ColumnKind::Static),
        regulars: columns(&draft.regulars, ColumnKind::Regular),
        options: draft.options.clone(),
        indexes: Vec::new(),
        history: henge_model::TableHistory::default(),
        masks: Default::default(),
    }
}

fn local_table() -> Table {
    use henge_model::{DataType, Order};
    let column = |id: u32, name: &str, data_type, kind| Column {
        id: ColumnId(id),
        name: name.to_owned(),
        data_type,
        kind,
        order: Order::Ascending,
    };
    Table {
        id: uuid::Uuid::from_u128(1),
        storage_id: StorageId(1),
        keyspace: "system".to_owned(),
        name: "local".to_owned(),
        partition_key: vec![column(1, "key", DataType::Text, ColumnKind::PartitionKey)],
        clustering: Vec::new(),
        statics: Vec::new(),
        regulars: vec![
            column(2, "cluster_name", DataType::Text, ColumnKind::Regular),
            column(3, "tokens", DataType::Set(Box::new(DataType::Text)), ColumnKind::Regular),
        ],
        options: henge_model::TableOptions::default(),
        indexes: Vec::new(),
        history: henge_model::TableHistory::default(),
        masks: Default::default(),
    }
}
