//! CQL types.

use crate::UserType;
use serde::{Deserialize, Serialize};
use std::fmt;

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
    Tuple(Vec<DataType>),
    Vector(Box<DataType>, u32),
    Udt(UserType),
    /// A collection, tuple or user type stored as one value.
    Frozen(Box<DataType>),
    /// A type whose only value has no bytes: that of the hidden column of compact tables without one of their own.
    Empty,
}

impl DataType {
    /// The native type of a CQL name (`text`, `varchar`, `int`, ...), if there is one. Names are lower-case.
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

    /// Whether a column of this type holds several cells: a collection or user type that is not frozen.
    pub fn is_complex(&self) -> bool {
        matches!(self, DataType::List(_) | DataType::Set(_) | DataType::Map(..) | DataType::Udt(_))
    }
}

/// Every native type with the name it is printed by; `varchar` is a second name for `text`.
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
