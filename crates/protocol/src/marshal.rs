//! Types as Cassandra's class names, which custom type options carry.

use crate::limits::TYPE_DEPTH_MAX;
use henge_model::{DataType, UserType};

const PACKAGE: &str = "org.apache.cassandra.db.marshal.";

const NATIVE: [(&str, DataType); 21] = [
    ("AsciiType", DataType::Ascii),
    ("LongType", DataType::Bigint),
    ("BytesType", DataType::Blob),
    ("BooleanType", DataType::Boolean),
    ("CounterColumnType", DataType::Counter),
    ("SimpleDateType", DataType::Date),
    ("DecimalType", DataType::Decimal),
    ("DoubleType", DataType::Double),
    ("DurationType", DataType::Duration),
    ("FloatType", DataType::Float),
    ("InetAddressType", DataType::Inet),
    ("Int32Type", DataType::Int),
    ("ShortType", DataType::Smallint),
    ("UTF8Type", DataType::Text),
    ("TimeType", DataType::Time),
    ("TimestampType", DataType::Timestamp),
    ("TimeUUIDType", DataType::Timeuuid),
    ("ByteType", DataType::Tinyint),
    ("UUIDType", DataType::Uuid),
    ("IntegerType", DataType::Varint),
    ("EmptyType", DataType::Empty),
];

/// The class name of a type.
pub(crate) fn class_name(data_type: &DataType) -> String {
    let mut name = String::new();
    push_class(&mut name, data_type, false);
    name
}

/// Appends the class name. `frozen` is true inside a frozen type or a tuple, where everything is frozen and not marked
/// so.
fn push_class(name: &mut String, data_type: &DataType, frozen: bool) {
    match data_type {
        DataType::Frozen(inner) if frozen || !inner.is_complex() => push_class(name, inner, true),
        DataType::Frozen(inner) => {
            push_call(name, "FrozenType", |name| push_class(name, inner, true));
        }
        DataType::List(t) => push_call(name, "ListType", |name| push_class(name, t, frozen)),
        DataType::Set(t) => push_call(name, "SetType", |name| push_class(name, t, frozen)),
        DataType::Map(k, v) => push_call(name, "MapType", |name| push_classes(name, [&**k, &**v], frozen)),
        DataType::Tuple(fields) => push_call(name, "TupleType", |name| push_classes(name, fields.iter(), true)),
        DataType::Vector(t, n) => push_call(name, "VectorType", |name| {
            push_class(name, t, frozen);
            name.push_str(&format!(" , {n}"));
        }),
        DataType::Udt(user) => push_call(name, "UserType", |name| push_user_type(name, user, frozen)),
        native => {
            let class = NATIVE.iter().find(|(_, t)| t == native).map_or("BytesType", |(class, _)| class);
            name.push_str(PACKAGE);
            name.push_str(class);
        }
    }
}

fn push_call(name: &mut String, class: &str, parameters: impl FnOnce(&mut String)) {
    name.push_str(PACKAGE);
    name.push_str(class);
    name.push('(');
    parameters(name);
    name.push(')');
}

fn push_classes<'t>(name: &mut String, types: impl IntoIterator<Item = &'t DataType>, frozen: bool) {
    for (i, data_type) in types.into_iter().enumerate() {
        if i > 0 {
            name.push(',');
        }
        push_class(name, data_type, frozen);
    }
}

fn push_user_type(name: &mut String, user: &UserType, frozen: bool) {
    name.push_str(&format!("{},{}", user.keyspace, hex(&user.name)));
    for (field, data_type) in &user.fields {
        name.push_str(&format!(",{}:", hex(field)));
        push_class(name, data_type, frozen);
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Option<String> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok().filter(|_| pair.len() == 2);
    String::from_utf8(digits.map(byte).collect::<Option<_>>()?).ok()
}

/// The type of a class name; `None` if the class is unknown.
pub(crate) fn parse_class(name: &str) -> Option<DataType> {
    let mut parser = Parser { rest: name };
    let data_type = parser.parse_type(TYPE_DEPTH_MAX)?;
    parser.rest.trim().is_empty().then_some(data_type)
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn parse_type(&mut self, depth: u32) -> Option<DataType> {
        let depth = depth.checked_sub(1)?;
        let word = self.take_word();
        let class = word.strip_prefix(PACKAGE).unwrap_or(word);
        if let Some((_, native)) = NATIVE.iter().find(|(n, _)| *n == class) {
            return Some(native.clone());
        }
        self.expect('(')?;
        let data_type = match class {
            "FrozenType" => freeze(self.parse_type(depth)?),
            "ReversedType" => self.parse_type(depth)?,
            "ListType" => DataType::List(Box::new(self.parse_type(depth)?)),
            "SetType" => DataType::Set(Box::new(self.parse_type(depth)?)),
            "MapType" => {
                let key = self.parse_type(depth)?;
                self.expect(',')?;
                DataType::Map(Box::new(key), Box::new(self.parse_type(depth)?))
            }
            "TupleType" => DataType::Tuple(self.parse_types(depth)?.into()),
            "VectorType" => {
                let element = self.parse_type(depth)?;
                self.expect(',')?;
                DataType::Vector(Box::new(element), self.take_word().parse().ok()?)
            }
            "UserType" => DataType::Udt(self.parse_user_type(depth)?),
            _ => return None,
        };
        self.expect(')')?;
        Some(data_type)
    }

    fn parse_types(&mut self, depth: u32) -> Option<Vec<DataType>> {
        let mut classes = vec![self.parse_type(depth)?];
        while self.expect(',').is_some() {
            classes.push(self.parse_type(depth)?);
        }
        Some(classes)
    }

    fn parse_user_type(&mut self, depth: u32) -> Option<UserType> {
        let keyspace = self.take_word().to_owned();
        self.expect(',')?;
        let name = unhex(self.take_word())?;
        let mut fields = Vec::new();
        while self.expect(',').is_some() {
            let field = unhex(self.take_word())?;
            self.expect(':')?;
            fields.push((field, self.parse_type(depth)?));
        }
        Some(UserType { keyspace, name, fields: fields.into() })
    }

    /// Takes the word before the next parenthesis, comma or colon, without blanks around it.
    fn take_word(&mut self) -> &'a str {
        let end = self.rest.find(['(', ')', ',', ':']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.trim()
    }

    fn expect(&mut self, sign: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(sign)?;
        Some(())
    }
}

/// Marks a type as frozen. Tuples and vectors stay as they are: they are always frozen.
fn freeze(inner: DataType) -> DataType {
    if inner.is_complex() { DataType::Frozen(Box::new(inner)) } else { inner }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_printed_as_cassandra_prints_it() {
        let vector = DataType::Vector(Box::new(DataType::Float), 3);
        let name = "org.apache.cassandra.db.marshal.VectorType(org.apache.cassandra.db.marshal.FloatType , 3)";
        assert_eq!(class_name(&vector), name);
        assert_eq!(parse_class(name), Some(vector.clone()));
        assert_eq!(parse_class("VectorType(FloatType,3)"), Some(vector));
    }

    #[test]
    fn nested_names_come_back() {
        let user = UserType {
            keyspace: "ks".to_owned(),
            name: "Adresse é".to_owned(),
            fields: vec![("street".to_owned(), DataType::Text), ("no".to_owned(), DataType::Int)].into(),
        };
        let list = DataType::Frozen(Box::new(DataType::List(Box::new(DataType::Udt(user)))));
        let vector = DataType::Vector(Box::new(DataType::Tuple(vec![DataType::Inet, DataType::Varint].into())), 2);
        let map = DataType::Map(Box::new(DataType::Duration), Box::new(vector));
        for data_type in [list, map] {
            assert_eq!(parse_class(&class_name(&data_type)), Some(data_type));
        }
    }

    #[test]
    fn nonsense_is_none() {
        let deep = format!("{}{}", "ListType(".repeat(10_000), ")".repeat(10_000));
        for name in
            ["", "(", "ListType", "ListType(", "ListType(Int32Type", "Int32Type)", "UserType(k,zz)", "Odd", &deep]
        {
            assert_eq!(parse_class(name), None, "{name:.20}");
        }
    }
}
