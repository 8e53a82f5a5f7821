//! Measures the time to parse and prepare statements, in nanoseconds: `cargo run --release -p henge-cql --example
//! parse_speed`.

// A benchmark needs the clock; the crate itself reads none.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use henge_cql::{Plan, parse, prepare};
use henge_model::{Column, ColumnId, ColumnKind, DataType, Keyspace, Order, Replication, Schema, StorageId, Table};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const ROUNDS: u32 = 300_000;

fn main() {
    let schema = schema();
    for text in [
        "INSERT INTO ks.users (id, name, email, age, created) VALUES (?, ?, ?, ?, ?)",
        "INSERT INTO ks.users (id, name, email, age, created) VALUES \
         (6ab09bec-e68e-48d9-a5f8-97e6fb4c9b47, 'Ada Lovelace', 'ada@example.org', 36, '2026-01-02 03:04:05')",
        "SELECT id, name, email FROM ks.users WHERE id = ?",
        "UPDATE ks.users SET name = ?, age = ? WHERE id = ? IF age = ?",
    ] {
        let parsed = time(|| drop(black_box(parse(black_box(text)).unwrap())));
        let statement = parse(text).unwrap();
        let prepared = time(|| drop(black_box(prepare(black_box(&statement), &schema, None).unwrap())));
        println!("{parsed:>6} ns to parse, {prepared:>6} ns to prepare: {}", &text[..60.min(text.len())]);
    }
}

/// The nanoseconds per call in the best of five runs.
fn time(mut work: impl FnMut()) -> u128 {
    let run = |_| {
        let began = Instant::now();
        (0..ROUNDS).for_each(|_| work());
        began.elapsed().as_nanos() / u128::from(ROUNDS)
    };
    (0..5).map(run).min().unwrap_or(0)
}

fn schema() -> Schema {
    let mut schema = Schema::default();
    let keyspace = Keyspace {
        name: "ks".to_owned(),
        replication: Replication::Simple { factor: 1 },
        durable_writes: true,
        tables: BTreeMap::new(),
        types: BTreeMap::new(),
    };
    schema.keyspaces.insert("ks".to_owned(), Arc::new(keyspace));
    let text = "CREATE TABLE ks.users (id uuid PRIMARY KEY, age int, created timestamp, email text, name text)";
    let Plan::Schema(henge_cql::SchemaChange::CreateTable { draft, .. }) =
        prepare(&parse(text).unwrap(), &schema, None).unwrap().plan
    else {
        return schema;
    };
    let column = |id: u32, name: &str, data_type: DataType, kind| Column {
        id: ColumnId(id),
        name: name.to_owned(),
        data_type,
        kind,
        order: Order::Ascending,
    };
    let regulars = draft.regulars.iter().zip(1..);
    let table = Table {
        id: uuid::Uuid::nil(),
        storage_id: StorageId(2_000),
        keyspace: draft.keyspace.clone(),
        name: draft.name.clone(),
        partition_key: vec![column(0, "id", DataType::Uuid, ColumnKind::PartitionKey)],
        clustering: Vec::new(),
        statics: Vec::new(),
        regulars: regulars.map(|(c, id)| column(id, &c.name, c.data_type.clone(), ColumnKind::Regular)).collect(),
        options: draft.options.clone(),
        indexes: Vec::new(),
        history: henge_model::TableHistory::default(),
        masks: Default::default(),
    };
    let keyspace = Arc::make_mut(schema.keyspaces.get_mut("ks").unwrap());
    keyspace.tables.insert(table.name.clone(), Arc::new(table));
    schema
}
