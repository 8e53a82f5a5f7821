//! CQL types. A user type stands beside them, because each may hold the other.

use crate::Fields;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A CQL type. `Display` prints it as `system_schema.columns.type` does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // Each variant is the CQL type of its name.
pub enum DataType {
    Ascii,
    Bigint,
    Blob,
    Boolean,
    Counter,
    Date,
    Decimal,
    Double,
    Duration,
    Float,
    Inet,
    Int,
    Smallint,
    Text,
    Time,
    Timestamp,
    Timeuuid,
    Tinyint,
    Uuid,
    Varint,
    List(Box<DataType>),
    Set(Box<DataType>),
    Map(Box<DataType>, Box<DataType>),
    /// Clones share the parts, of which there may be thousands.
    Tuple(Arc<[DataType]>),
    Vector(Box<DataType>, u32),
    Udt(UserType),
    /// A collection, tuple or user type stored as one value.
    Frozen(Box<DataType>),
    /// The type whose only value has no bytes. Compact tables without a regular column have a hidden one of this type.
    Empty,
}

/// A user-defined type: a named list of named fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserType {
    /// The keyspace that the type belongs to.
    pub keyspace: String,
    /// The type's name.
    pub name: String,
    /// Field names and types, in declaration order. Fields are only ever appended, so older values have fewer.
    pub fields: Fields<DataType>,
}

impl DataType {
    /// The native type of a lower-case CQL name (`text`, `varchar`, `int`, ...); `None` if no native type has it.
    pub fn native(name: &str) -> Option<DataType> {
        NATIVE.iter().find(|(n, _)| *n == name).map(|(_, t)| t.clone())
    }

    /// The type without `frozen<>` around it.
    pub fn unfrozen(&self) -> &DataType {
        match self {
            DataType::Frozen(inner) => inner.unfrozen(),
            other => other,
        }
    }

    /// True if a column of this type holds several cells: a collection or user type that is not frozen.
    pub fn is_complex(&self) -> bool {
        matches!(self, DataType::List(_) | DataType::Set(_) | DataType::Map(..) | DataType::Udt(_))
    }

    /// True if values written as `other` can be read as this type. A blob reads values of every type that is not
    /// complex and has no fixed length in Cassandra.
    pub fn reads_values_of(&self, other: &DataType) -> bool {
        use DataType::{Ascii, Bigint, Blob, Boolean, Counter, Double, Float, Frozen, Int, List, Map, Set, Text};
        use DataType::{Timestamp, Timeuuid, Uuid, Vector};
        match (self, other) {
            _ if self == other => true,
            (Blob, Boolean | Int | Bigint | Counter | Float | Double | Timestamp | Uuid | Timeuuid | Vector(..)) => {
                false
            }
            (Blob, _) => !other.is_complex(),
            (Text, Ascii) | (Uuid, Timeuuid) | (Timestamp, Bigint) | (Bigint, Timestamp) => true,
            (Frozen(own), Frozen(other)) => match (&**own, &**other) {
                (List(own), List(other)) | (Set(own), Set(other)) => own.reads_values_of(other),
                (Map(key, own), Map(other_key, other)) => key == other_key && own.reads_values_of(other),
                _ => false,
            },
            _ => false,
        }
    }

    /// The kind of this type if its values are or hold durations, which have no order; else `None`. Vectors are not
    /// looked into: they are compared by their bytes.
    pub fn holder_of_durations(&self) -> Option<DurationHolder> {
        let holds = |t: &DataType| t.holder_of_durations().is_some();
        match self.unfrozen() {
            DataType::Duration => Some(DurationHolder::Itself),
            DataType::List(e) | DataType::Set(e) if holds(e) => Some(DurationHolder::Collections),
            DataType::Map(key, value) if holds(key) || holds(value) => Some(DurationHolder::Collections),
            DataType::Tuple(types) if types.iter().any(holds) => Some(DurationHolder::Tuples),
            DataType::Udt(own) if own.fields.iter().any(|(_, t)| holds(t)) => Some(DurationHolder::UserTypes),
            _ => None,
        }
    }
}

impl UserType {
    /// Index and type of the field of that name.
    pub fn field(&self, name: &str) -> Option<(usize, &DataType)> {
        let place = self.fields.position(name)?;
        Some((place, &self.fields[place].1))
    }

    /// Writes the name as CQL does: quoted, unless it reads back as itself without quotes.
    fn put_name(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.name.bytes();
        let plain = bytes.next().is_some_and(|b| b.is_ascii_lowercase())
            && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        match plain {
            true => f.write_str(&self.name),
            false => write!(f, "\"{}\"", self.name.replace('"', "\"\"")),
        }
    }
}

/// Kinds of types whose values are or hold durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DurationHolder {
    /// `duration`.
    Itself,
    /// A list, set or map.
    Collections,
    /// A tuple.
    Tuples,
    /// A user type.
    UserTypes,
}

/// The plural noun that error messages use.
impl fmt::Display for DurationHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DurationHolder::Itself => "durations",
            DurationHolder::Collections => "collections",
            DurationHolder::Tuples => "tuples",
            DurationHolder::UserTypes => "UDTs",
        })
    }
}

/// Every native type with the name it is printed by; `varchar` is an alias of `text`, read but never printed.
const NATIVE: [(&str, DataType); 21] = [
    ("ascii", DataType::Ascii),
    ("bigint", DataType::Bigint),
    ("blob", DataType::Blob),
    ("boolean", DataType::Boolean),
    ("counter", DataType::Counter),
    ("date", DataType::Date),
    ("decimal", DataType::Decimal),
    ("double", DataType::Double),
    ("duration", DataType::Duration),
    ("float", DataType::Float),
    ("inet", DataType::Inet),
    ("int", DataType::Int),
    ("smallint", DataType::Smallint),
    ("text", DataType::Text),
    ("time", DataType::Time),
    ("timestamp", DataType::Timestamp),
    ("timeuuid", DataType::Timeuuid),
    ("tinyint", DataType::Tinyint),
    ("uuid", DataType::Uuid),
    ("varint", DataType::Varint),
    ("varchar", DataType::Text),
];

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataType::List(t) => write!(f, "list<{t}>"),
            DataType::Set(t) => write!(f, "set<{t}>"),
            DataType::Map(k, v) => write!(f, "map<{k}, {v}>"),
            DataType::Vector(t, n) => write!(f, "vector<{t}, {n}>"),
            DataType::Frozen(t) => write!(f, "frozen<{t}>"),
            DataType::Udt(u) => u.put_name(f),
            DataType::Empty => f.write_str("empty"),
            DataType::Tuple(fields) => {
                f.write_str("frozen<tuple<")?;
                for (i, t) in fields.iter().enumerate() {
                    write!(f, "{}{t}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str(">>")
            }
            native => {
                let name = NATIVE.iter().find(|(_, t)| t == native).map_or("unknown", |(n, _)| n);
                f.write_str(name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_holds_durations_has_a_holder() {
        let list = |of| DataType::Frozen(Box::new(DataType::List(Box::new(of))));
        assert_eq!(DataType::Duration.holder_of_durations(), Some(DurationHolder::Itself));
        assert_eq!(list(list(DataType::Duration)).holder_of_durations(), Some(DurationHolder::Collections));
        let tuple = DataType::Tuple(vec![DataType::Int, list(DataType::Duration)].into());
        assert_eq!(tuple.holder_of_durations(), Some(DurationHolder::Tuples));
        assert_eq!(list(DataType::Int).holder_of_durations(), None);
        assert_eq!(DataType::Vector(Box::new(DataType::Duration), 2).holder_of_durations(), None);
    }

    #[test]
    fn a_type_reads_what_was_written_as_a_narrower_one() {
        let cases = [
            (DataType::Blob, DataType::Text, true),
            (DataType::Blob, DataType::Int, false),
            (DataType::Blob, DataType::List(Box::new(DataType::Int)), false),
            (DataType::Text, DataType::Ascii, true),
            (DataType::Ascii, DataType::Text, false),
            (DataType::Varint, DataType::Int, false),
            (DataType::Uuid, DataType::Timeuuid, true),
        ];
        for (now, was, reads) in cases {
            assert_eq!(now.reads_values_of(&was), reads, "{was} as {now}");
        }
    }
}
