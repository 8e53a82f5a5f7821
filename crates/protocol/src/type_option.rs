//! Types in result and bind metadata: a number, then parameters.

use crate::limits::TYPE_DEPTH_MAX;
use crate::marshal::{class_name, parse_class};
use crate::primitive::{ReadNotation, put_short, put_string};
use crate::{ProtocolError, Version};
use henge_base::Reader;
use henge_model::{DataType, UserType};

const CUSTOM: u16 = 0x0000;
const LIST: u16 = 0x0020;
const MAP: u16 = 0x0021;
const SET: u16 = 0x0022;
const UDT: u16 = 0x0030;
const TUPLE: u16 = 0x0031;

const NATIVE: [(u16, DataType); 20] = [
    (0x0001, DataType::Ascii),
    (0x0002, DataType::Bigint),
    (0x0003, DataType::Blob),
    (0x0004, DataType::Boolean),
    (0x0005, DataType::Counter),
    (0x0006, DataType::Decimal),
    (0x0007, DataType::Double),
    (0x0008, DataType::Float),
    (0x0009, DataType::Int),
    (0x000b, DataType::Timestamp),
    (0x000c, DataType::Uuid),
    (0x000d, DataType::Text),
    (0x000e, DataType::Varint),
    (0x000f, DataType::Timeuuid),
    (0x0010, DataType::Inet),
    (0x0011, DataType::Date),
    (0x0012, DataType::Time),
    (0x0013, DataType::Smallint),
    (0x0014, DataType::Tinyint),
    (0x0015, DataType::Duration),
];

/// True if the type's encoding differs between version 5 and older ones, as that of durations does.
pub(crate) fn varies_by_version(data_type: &DataType) -> bool {
    match data_type {
        DataType::Duration => true,
        DataType::List(t) | DataType::Set(t) | DataType::Frozen(t) => varies_by_version(t),
        DataType::Map(k, v) => varies_by_version(k) || varies_by_version(v),
        DataType::Tuple(fields) => fields.iter().any(varies_by_version),
        DataType::Udt(user) => user.fields.iter().any(|(_, t)| varies_by_version(t)),
        _ => false,
    }
}

/// Appends a type. `frozen` is left out, for the protocol cannot express it.
pub(crate) fn put_type(out: &mut Vec<u8>, version: Version, data_type: &DataType) {
    match data_type {
        DataType::Frozen(inner) => put_type(out, version, inner),
        DataType::List(element) => {
            put_short(out, LIST);
            put_type(out, version, element);
        }
        DataType::Set(element) => {
            put_short(out, SET);
            put_type(out, version, element);
        }
        DataType::Map(key, value) => {
            put_short(out, MAP);
            put_type(out, version, key);
            put_type(out, version, value);
        }
        DataType::Tuple(fields) => {
            put_short(out, TUPLE);
            put_short(out, fields.len() as u16);
            fields.iter().for_each(|field| put_type(out, version, field));
        }
        DataType::Udt(user) => put_user_type(out, version, user),
        DataType::Vector(..) => put_custom(out, data_type),
        DataType::Duration if version < Version::V5 => put_custom(out, data_type),
        native => match NATIVE.iter().find(|(_, t)| t == native) {
            Some((id, _)) => put_short(out, *id),
            None => put_custom(out, native),
        },
    }
}

fn put_custom(out: &mut Vec<u8>, data_type: &DataType) {
    put_short(out, CUSTOM);
    put_string(out, &class_name(data_type));
}

fn put_user_type(out: &mut Vec<u8>, version: Version, user: &UserType) {
    put_short(out, UDT);
    put_string(out, &user.keyspace);
    put_string(out, &user.name);
    put_short(out, user.fields.len() as u16);
    for (name, data_type) in &user.fields {
        put_string(out, name);
        put_type(out, version, data_type);
    }
}

/// Reads a type. An unknown custom class is read as a blob.
pub(crate) fn read_type(reader: &mut Reader<'_>) -> Result<DataType, ProtocolError> {
    read_nested(reader, TYPE_DEPTH_MAX)
}

fn read_nested(reader: &mut Reader<'_>, depth: u32) -> Result<DataType, ProtocolError> {
    let depth = depth.checked_sub(1).ok_or_else(|| ProtocolError::new("A type is nested too deeply"))?;
    Ok(match reader.u16()? {
        CUSTOM => parse_class(reader.string()?).unwrap_or(DataType::Blob),
        LIST => DataType::List(Box::new(read_nested(reader, depth)?)),
        SET => DataType::Set(Box::new(read_nested(reader, depth)?)),
        MAP => DataType::Map(Box::new(read_nested(reader, depth)?), Box::new(read_nested(reader, depth)?)),
        TUPLE => {
            let count = reader.u16()?;
            DataType::Tuple((0..count).map(|_| read_nested(reader, depth)).collect::<Result<_, _>>()?)
        }
        UDT => DataType::Udt(read_user_type(reader, depth)?),
        id => match NATIVE.iter().find(|(n, _)| *n == id) {
            Some((_, native)) => native.clone(),
            None => return Err(ProtocolError::new(format!("Unknown type id {id:#06x}"))),
        },
    })
}

fn read_user_type(reader: &mut Reader<'_>, depth: u32) -> Result<UserType, ProtocolError> {
    let (keyspace, name) = (reader.string()?.to_owned(), reader.string()?.to_owned());
    let count = reader.u16()?;
    let field = |reader: &mut Reader<'_>| Ok((reader.string()?.to_owned(), read_nested(reader, depth)?));
    let fields = (0..count).map(|_| field(reader)).collect::<Result<_, ProtocolError>>()?;
    Ok(UserType { keyspace, name, fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(version: Version, data_type: &DataType) -> Vec<u8> {
        let mut out = Vec::new();
        put_type(&mut out, version, data_type);
        out
    }

    #[test]
    fn durations_are_custom_before_version_5() {
        let list = DataType::List(Box::new(DataType::Duration));
        assert_eq!(bytes(Version::V5, &list), [0, 0x20, 0, 0x15]);
        let old = bytes(Version::V4, &list);
        assert!(old.ends_with(b"org.apache.cassandra.db.marshal.DurationType"));
        assert_eq!(read_type(&mut Reader::new(&old)), Ok(list.clone()));
        assert!(varies_by_version(&DataType::Frozen(Box::new(list))));
    }

    #[test]
    fn every_native_type_has_its_number() {
        for (id, native) in &NATIVE {
            assert_eq!(bytes(Version::V5, native), id.to_be_bytes());
        }
        assert!(read_type(&mut Reader::new(&[0, 0x0a])).is_err());
    }

    #[test]
    fn bottomless_types_are_refused() {
        let deep = [0, 0x20].repeat(100_000);
        assert!(read_type(&mut Reader::new(&deep)).is_err());
    }
}
