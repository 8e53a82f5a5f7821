use super::{BatchLimits, BatchSize, Guard, Guardrails, Threshold, Warnings};
use crate::context::BindContext;
use crate::error::Error;
use crate::fixture::{prepare_text, schema};
use crate::plan::{Plan, SchemaChange};
use crate::statement::BatchKind;
use henge_model::{Consistency, Index, IndexKind, IndexedPart, Table};
use std::sync::Arc;

const NOW_US: i64 = 1_700_000_000_000_000;

/// The outcome and the warnings of a statement under these settings.
fn run(settings: &Guardrails, exempt: bool, text: &str) -> (Result<(), Error>, Vec<String>) {
    let warnings = Warnings::default();
    let guard = Guard::new(settings, exempt, &warnings);
    let context = BindContext {
        values: &[],
        timestamp: NOW_US,
        now_us: NOW_US,
        now_seconds: NOW_US / 1_000_000,
        before: None,
        statement: 0,
        seed: 1,
        guard,
    };
    let answer = match prepare_text(text).unwrap().plan {
        Plan::Select(plan) => {
            plan.guard(&guard, Some(100), Consistency::One).and_then(|()| plan.bind(&context).map(|_| ()))
        }
        Plan::Modify(plan) => {
            plan.guard(&context, false).and_then(|()| plan.bind(&context, &mut Vec::new()).map(|_| ()))
        }
        Plan::Schema(change) => {
            change.apply_guardrails(&guard, &schema()).and_then(|change| change.guard_change(&guard, &schema()))
        }
        other => panic!("{other:?}"),
    };
    (answer, warnings.into_inner())
}

fn refusal(settings: &Guardrails, text: &str) -> String {
    assert!(run(settings, true, text).0.is_ok(), "a superuser is held to it: {text}");
    assert!(run(&Guardrails::default(), false, text).0.is_ok(), "it is refused without a setting: {text}");
    run(settings, false, text).0.unwrap_err().message
}

#[test]
fn what_is_switched_off_is_refused_to_plain_users() {
    let mut off = Guardrails::default();
    (off.reads.group_by, off.reads.allow_filtering) = (false, false);
    (off.writes.user_timestamps, off.schema.drop_keyspace) = (false, false);
    assert_eq!(
        refusal(&off, "SELECT k, count(*) FROM ks.kv GROUP BY k"),
        "Guardrail group_by violated: GROUP BY functionality is not allowed"
    );
    assert!(refusal(&off, "SELECT k FROM ks.kv WHERE v = 1 ALLOW FILTERING").starts_with("Guardrail allow_filtering"));
    assert!(refusal(&off, "UPDATE ks.kv USING TIMESTAMP 5 SET v = 1 WHERE k = 'k'").contains("USING TIMESTAMP"));
    assert!(refusal(&off, "DROP KEYSPACE ks").starts_with("Guardrail drop_keyspace_enabled violated: DROP KEYSPACE"));
}

#[test]
fn sizes_are_held_to_their_limits() {
    let mut low = Guardrails::default();
    low.writes.value_size = Threshold { warn: Some(3), fail: Some(5) };
    low.writes.items_per_collection = Threshold { warn: None, fail: Some(2) };
    let (answer, warnings) = run(&low, false, "INSERT INTO ks.kv (k, w) VALUES ('a long key', 'four')");
    assert!(answer.is_ok());
    let told = "Guardrail column_value_size violated: Value of column 'w' has size 4, this exceeds the warning threshold of 3.";
    assert_eq!(warnings, [told]);
    assert!(refusal(&low, "INSERT INTO ks.kv (k, w) VALUES ('k', 'longer')").contains("failure threshold of 5"));
    assert!(refusal(&low, "UPDATE ks.many SET l = l + [1, 2, 3] WHERE k = 1").contains("collection l with 3 items"));
    assert!(run(&low, false, "UPDATE ks.many SET l = [1, 2, 3] + l WHERE k = 1").0.is_ok());
}

#[test]
fn combinations_of_in_count_before_equal_ones_go() {
    let mut low = Guardrails::default();
    low.reads.in_product = Threshold { warn: None, fail: Some(3) };
    low.reads.partition_keys = Threshold { warn: Some(1), fail: None };
    let text = "SELECT v FROM ks.wide WHERE a IN (1, 1) AND b IN ('x', 'y')";
    assert!(refusal(&low, text).contains("IN restrictions on partition key produces 4 values"));
    let (_, warnings) = run(&low, false, "SELECT v FROM ks.kv WHERE k IN ('a', 'b')");
    assert!(warnings[0].contains("number of partition keys 2 exceeds warning threshold of 1"), "{warnings:?}");
    // A prefix of the clustering key is one range per value, not a product.
    let prefix = "SELECT v FROM ks.wide WHERE a = 1 AND b = 'x' AND c IN (1, 2, 3, 4)";
    assert!(run(&low, false, prefix).0.is_ok());
    assert!(run(&low, false, &format!("{prefix} AND d = 1")).0.is_err());
}

#[test]
fn timestamps_are_near_to_now() {
    let mut low = Guardrails::default();
    low.writes.maximum_timestamp = Threshold { warn: Some(10), fail: Some(20) };
    low.writes.minimum_timestamp = Threshold { warn: None, fail: Some(10) };
    let write = |distance: i64| {
        let text = format!("UPDATE ks.kv USING TIMESTAMP {} SET v = 1 WHERE k = 'k'", NOW_US + distance);
        let (answer, warnings) = run(&low, false, &text);
        (answer.is_ok(), warnings.len())
    };
    assert_eq!([10, 11, 21, -10, -11].map(write), [(true, 0), (true, 1), (false, 1), (true, 0), (false, 1)]);
}

#[test]
fn properties_that_are_ignored_stay_as_they_were() {
    let (mut settings, warnings) = (Guardrails::default(), Warnings::default());
    settings.schema.table_properties.ignored.insert("default_time_to_live".to_owned());
    let guard = Guard::new(&settings, false, &warnings);
    let text = "ALTER TABLE ks.events WITH default_time_to_live = 5 AND comment = 'kept'";
    let Plan::Schema(change) = prepare_text(text).unwrap().plan else { panic!("no change") };
    let change = change.apply_guardrails(&guard, &schema()).unwrap();
    let SchemaChange::AlterTable { change: henge_model::TableChange::Options { now, .. }, .. } = &*change else {
        panic!("{change:?}");
    };
    assert_eq!((now.default_time_to_live, &*now.comment), (60, "kept"));
    assert!(warnings.into_inner()[0].contains("Ignoring provided values [default_time_to_live]"));
}

#[test]
fn indexes_and_compact_tables_are_held_to_their_limits() {
    let (mut settings, warnings) = (Guardrails::default(), Warnings::default());
    settings.indexes.secondary_indexes_per_table = Threshold { warn: Some(1), fail: Some(2) };
    settings.indexes.compact_tables = false;
    let guard = Guard::new(&settings, false, &warnings);
    assert!(guard.secondary_index("i1", "t", 1).is_ok() && guard.secondary_index("i2", "t", 2).is_ok());
    let error = guard.secondary_index("i3", "t", 3).unwrap_err().message;
    assert!(error.ends_with("than 2 secondary indexes, aborting the creation of secondary index i3 on table t"));
    let error = guard.compact_table().unwrap_err().message;
    assert_eq!(error, "Guardrail compact_tables violated: Creation of new COMPACT STORAGE tables is not allowed");
    assert!(warnings.into_inner()[0].ends_with("current number of indexes 2 exceeds warning threshold of 1."));
    settings.indexes.secondary_indexes = false;
    let warnings = Warnings::default();
    assert!(Guard::new(&settings, false, &warnings).secondary_index("i1", "t", 1).is_err());
    let exempt = Guard::new(&settings, true, &warnings);
    assert!(exempt.secondary_index("i3", "t", 3).is_ok() && exempt.compact_table().is_ok());
}

#[test]
fn statements_that_make_them_are_held_to_their_limits() {
    let mut settings = Guardrails::default();
    settings.indexes.secondary_indexes = false;
    settings.indexes.compact_tables = false;
    for text in
        ["CREATE INDEX ON ks.kv (v)", "CREATE INDEX i ON ks.kv (v)", "CREATE INDEX IF NOT EXISTS i ON ks.kv (v)"]
    {
        assert!(refusal(&settings, text).starts_with("Guardrail secondary_indexes violated"), "{text}");
    }
    let text = "CREATE TABLE ks.c (k int PRIMARY KEY, v int) WITH COMPACT STORAGE";
    assert!(refusal(&settings, text).starts_with("Guardrail compact_tables violated"));
    // The default name of the new index is taken by another index, which must not count as the same.
    let (mut table, mut schema) = (Table::clone(schema().table("ks", "kv").unwrap()), schema());
    let column = table.column("v").unwrap().id;
    let (id, name) = (henge_model::IndexId(1), "kv_v_idx".to_owned());
    table.indexes.push(Index { id, name, column, part: IndexedPart::Full, kind: IndexKind::Plain });
    let keyspace = schema.keyspaces.get_mut("ks").map(Arc::make_mut).unwrap();
    keyspace.tables.insert("kv".to_owned(), Arc::new(table));
    let warnings = Warnings::default();
    let guard = Guard::new(&settings, false, &warnings);
    let Plan::Schema(change) = prepare_text("CREATE INDEX ON ks.kv (v)").unwrap().plan else { panic!("no change") };
    assert!(change.guard_change(&guard, &schema).is_err());
}

#[test]
fn batches_count_only_beyond_one_partition() {
    let settings = Guardrails {
        batches: BatchLimits { size: Threshold { warn: Some(140), fail: Some(150) }, partitions: Some(2) },
        ..Guardrails::default()
    };
    let answer = |texts: &[&str], kind: BatchKind| {
        let (warnings, mut size, schema) = (Warnings::default(), BatchSize::default(), schema());
        for text in texts {
            let Plan::Modify(plan) = prepare_text(text).unwrap().plan else { panic!("no write") };
            let context = BindContext {
                values: &[],
                timestamp: 1,
                now_us: 0,
                now_seconds: 0,
                before: None,
                statement: 0,
                seed: 1,
                guard: Guard::default(),
            };
            let mut bound = Vec::new();
            plan.bind(&context, &mut bound).unwrap();
            let table = schema.table("ks", "kv").unwrap();
            bound.iter().for_each(|write| size.add(table, write.key.bytes(), &write.row));
        }
        let answer = Guard::new(&settings, true, &warnings).batch(kind, &size);
        (answer.map_err(|error| error.message), warnings.into_inner())
    };
    let (one, other) = ("INSERT INTO ks.kv (k, v) VALUES ('a', 1)", "INSERT INTO ks.kv (k, v) VALUES ('b', 1)");
    assert_eq!(answer(&[one, one, one], BatchKind::Logged), (Ok(()), Vec::new()));
    let told = "Batch for [ks.kv] is of size 148, exceeding specified threshold of 140 by 8.";
    assert_eq!(answer(&[one, other], BatchKind::Unlogged), (Ok(()), vec![told.to_owned()]));
    let third = "DELETE FROM ks.kv WHERE k = 'c'";
    assert_eq!(answer(&[one, other, third], BatchKind::Logged).0, Err("Batch too large".to_owned()));
}
