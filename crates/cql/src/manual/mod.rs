//! The generated parts of docs/compatibility.md about statements, functions, types and options, taken from the code that does it.

mod casts;
mod functions;
mod options;
mod statements;
mod types;

use crate::fixture::schema_of;
use crate::{PlannedStatement, parse, prepare};
use henge_model::Schema;

/// Every type a column can be shown with, by its CQL name: the native ones, and one of each kind of the others.
const SAMPLES: [&str; 29] = [
    "ascii",
    "bigint",
    "blob",
    "boolean",
    "counter",
    "date",
    "decimal",
    "double",
    "duration",
    "float",
    "inet",
    "int",
    "smallint",
    "text",
    "time",
    "timestamp",
    "timeuuid",
    "tinyint",
    "uuid",
    "varint",
    "list<int>",
    "set<int>",
    "map<int, text>",
    "frozen<list<int>>",
    "frozen<set<int>>",
    "frozen<map<int, text>>",
    "tuple<int, text>",
    "vector<float, 3>",
    "vector<int, 3>",
];

/// Keyspace `ks` with a table `every`, whose column `cN` is of the type `SAMPLES[N]`, and `counters`.
fn schema() -> Schema {
    let columns: Vec<String> = SAMPLES
        .iter()
        .enumerate()
        .filter(|(_, sample)| **sample != "counter")
        .map(|(i, sample)| format!("c{i} {sample}"))
        .collect();
    let every = format!("CREATE TABLE ks.every (k int PRIMARY KEY, {})", columns.join(", "));
    let counters = format!("CREATE TABLE ks.counters (k int PRIMARY KEY, c{} counter)", index("counter"));
    let keyspace = "CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
    schema_of([keyspace, &every, &counters].into_iter())
}

fn index(sample: &str) -> usize {
    SAMPLES.iter().position(|s| *s == sample).unwrap()
}

/// The statement against that schema, unless it is refused.
fn prepare_if_valid(text: &str, schema: &Schema) -> Option<PlannedStatement> {
    prepare(&parse(text).ok()?, schema, Some("ks")).ok()
}

/// The type that an expression over columns of these samples has, unless it is refused.
fn result_of(expression: &str, samples: &[&str], schema: &Schema) -> Option<String> {
    let table = if samples.contains(&"counter") { "counters" } else { "every" };
    let prepared = prepare_if_valid(&format!("SELECT {expression} FROM {table}"), schema)?;
    prepared.result?.first().map(|column| column.data_type.to_string())
}

/// The column of a sample.
fn column(sample: &str) -> String {
    format!("c{}", index(sample))
}

/// Kinds of types in a few words.
const KINDS: [(&str, &[&str]); 4] = [
    ("any number", &["bigint", "counter", "decimal", "double", "float", "int", "smallint", "tinyint", "varint"]),
    (
        "any list, set or map",
        &["list<int>", "set<int>", "map<int, text>", "frozen<list<int>>", "frozen<set<int>>", "frozen<map<int, text>>"],
    ),
    ("any list or set", &["list<int>", "set<int>", "frozen<list<int>>", "frozen<set<int>>"]),
    ("any map", &["map<int, text>", "frozen<map<int, text>>"]),
];

/// Samples in a few words: most types by what is missing.
fn describe_types(samples: &[&str]) -> String {
    for (kind, all) in std::iter::once(("any type", &SAMPLES[..])).chain(KINDS) {
        let missing: Vec<&&str> = all.iter().filter(|sample| !samples.contains(sample)).collect();
        let is_kind = samples.iter().all(|sample| all.contains(sample)) && missing.len() * 6 <= all.len();
        match (is_kind, missing.as_slice()) {
            (true, []) => return kind.to_owned(),
            (true, missing) => return format!("{kind} but {}", henge_manual::names(missing)),
            _ => {}
        }
    }
    henge_manual::names(samples)
}
