//! Random names and types.

use henge_base::Random;
use henge_cql::Position;
use henge_cql::statement::{Name, TableName, TypeName};

/// Plain names, contextual keywords, reserved words, and names that need quotes.
const NAMES: [&str; 64] = [
    "a",
    "b",
    "c",
    "abc1",
    "a_b",
    "key",
    "value",
    "json",
    "distinct",
    "exists",
    "ttl",
    "writetime",
    "token",
    "count",
    "cast",
    "compact",
    "storage",
    "static",
    "list",
    "set",
    "map",
    "tuple",
    "vector",
    "frozen",
    "int",
    "text",
    "per",
    "partition",
    "filtering",
    "contains",
    "like",
    "ann",
    "as",
    "clustering",
    "type",
    "tables",
    "keyspaces",
    "cluster",
    "default",
    "unset",
    "masked",
    "values",
    "timestamp",
    "user",
    "tables",
    "functions",
    "only",
    "internals",
    "select",
    "from",
    "null",
    "true",
    "nan",
    "if",
    "Mixed",
    "with space",
    "quo\"te",
    "it's",
    "1a",
    "_a",
    "ünï",
    "p1y",
    "P1Y",
    "a-b",
];

const NATIVES: [&str; 10] =
    ["int", "text", "uuid", "blob", "bigint", "timestamp", "varint", "duration", "counter", "inet"];

pub(crate) fn name(random: &mut Random) -> Name {
    name_of(if random.chance(1, 2) { random.pick(&NAMES[..6]) } else { random.pick(&NAMES) }.unwrap())
}

fn name_of(text: &str) -> Name {
    Name { text: text.to_owned(), position: Position::default() }
}

/// One to `most` random names.
pub(crate) fn names(random: &mut Random, most: u64) -> Vec<Name> {
    many(random, 1, most, name)
}

pub(crate) fn table_name(random: &mut Random) -> TableName {
    TableName { keyspace: maybe(random, name), name: name(random) }
}

pub(crate) fn type_name(random: &mut Random, depth: u32) -> TypeName {
    if depth == 0 || random.chance(1, 2) {
        return match random.below(6) {
            0 => TypeName::Named { keyspace: maybe(random, name), name: name(random) },
            1 => TypeName::Custom(name_of(random.pick(&["org.example.Type", "it's", ""]).unwrap())),
            _ => native(random),
        };
    }
    match random.below(3) {
        0 => TypeName::Frozen(Box::new(collection(random, depth))),
        _ => collection(random, depth),
    }
}

pub(crate) fn native(random: &mut Random) -> TypeName {
    TypeName::Named { keyspace: None, name: name_of(random.pick(&NATIVES).unwrap()) }
}

/// A random type that contains other types.
pub(crate) fn collection(random: &mut Random, depth: u32) -> TypeName {
    let mut inner = || Box::new(type_name(random, depth.saturating_sub(1)));
    let (a, b) = (inner(), inner());
    match random.below(5) {
        0 => TypeName::List(a),
        1 => TypeName::Set(a),
        2 => TypeName::Map(a, b),
        3 => TypeName::Tuple(vec![*a, *b]),
        _ => TypeName::Vector(a, random.between(1, 8_192) as u32),
    }
}

pub(crate) fn maybe<T>(random: &mut Random, make: impl FnOnce(&mut Random) -> T) -> Option<T> {
    random.chance(1, 3).then(|| make(random))
}

pub(crate) fn many<T>(random: &mut Random, least: u64, most: u64, make: impl Fn(&mut Random) -> T) -> Vec<T> {
    let count = least + random.below(most - least + 1);
    (0..count).map(|_| make(random)).collect()
}
