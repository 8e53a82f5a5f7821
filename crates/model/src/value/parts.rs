//! The parts of composite values: elements, fields and dimensions.

use super::ValueError;
use crate::DataType;
use henge_base::Reader;
use smallvec::SmallVec;

/// Elements, alternating keys and values, fields, or dimensions; `None` is null.
pub(super) type Parts<'a> = SmallVec<[Option<&'a [u8]>; 8]>;

/// The length in bytes that all values of the type have; `None` if they differ.
pub(super) fn fixed_length(data_type: &DataType) -> Option<usize> {
    match data_type.unfrozen() {
        DataType::Boolean | DataType::Tinyint => Some(1),
        DataType::Smallint => Some(2),
        DataType::Int | DataType::Float | DataType::Date => Some(4),
        DataType::Bigint | DataType::Counter | DataType::Double | DataType::Time | DataType::Timestamp => Some(8),
        DataType::Uuid | DataType::Timeuuid => Some(16),
        _ => None,
    }
}

/// The length in bytes of an element that a vector stores without a length before it; `None` for those with one.
fn packed_length(data_type: &DataType) -> Option<usize> {
    match data_type.unfrozen() {
        // Vectors put a length before these although it is fixed, because Cassandra's types claim a variable length.
        DataType::Tinyint | DataType::Smallint | DataType::Date | DataType::Time | DataType::Counter => None,
        DataType::Vector(element, count) => packed_length(element)?.checked_mul(usize::try_from(*count).ok()?),
        other => fixed_length(other),
    }
}

/// True if values of the type consist of parts.
pub(super) fn is_composite(data_type: &DataType) -> bool {
    match data_type {
        DataType::Tuple(_) | DataType::Vector(..) => true,
        other => other.is_complex(),
    }
}

/// The type of the part at `index`.
pub(super) fn part_type(data_type: &DataType, index: usize) -> &DataType {
    match data_type {
        DataType::List(element) | DataType::Set(element) | DataType::Vector(element, _) => element,
        DataType::Map(key, _) if index.is_multiple_of(2) => key,
        DataType::Map(_, value) => value,
        DataType::Tuple(fields) => fields.get(index).unwrap_or(&DataType::Blob),
        DataType::Udt(udt) => udt.fields.get(index).map_or(&DataType::Blob, |(_, t)| t),
        _ => &DataType::Blob,
    }
}

/// Splits a composite value (of an unfrozen type) into its parts. Missing trailing fields of tuples and user types are
/// not added.
pub(super) fn parts<'a>(data_type: &DataType, bytes: &'a [u8]) -> Result<Parts<'a>, ValueError> {
    let mut reader = Reader::new(bytes);
    let parts = match data_type {
        DataType::List(_) | DataType::Set(_) => counted_parts(&mut reader, 1),
        DataType::Map(..) => counted_parts(&mut reader, 2),
        DataType::Tuple(fields) => field_parts(&mut reader, fields.len()),
        DataType::Udt(udt) => field_parts(&mut reader, udt.fields.len()),
        DataType::Vector(element, count) => vector_parts(&mut reader, element, *count as usize),
        _ => Some(Parts::new()),
    };
    let parts = parts.ok_or_else(|| ValueError::Truncated(kind_name(data_type)))?;
    match (reader.is_empty(), data_type) {
        (true, _) => Ok(parts),
        (false, DataType::Tuple(_)) => Err(ValueError::TrailingField("tuple")),
        (false, DataType::Udt(_)) => Err(ValueError::TrailingField("UDT")),
        (false, DataType::Vector(..)) => Err(ValueError::TrailingDimension(reader.rest().len(), kind_name(data_type))),
        (false, _) => Err(ValueError::Trailing(kind_name(data_type))),
    }
}

/// The parts of a collection, tuple or user type before the first one that is cut off.
pub(super) fn leading_parts<'a>(data_type: &DataType, bytes: &'a [u8]) -> Parts<'a> {
    let mut reader = Reader::new(bytes);
    let mut count = |per_entry| reader.i32().map_or(0, |count| usize::try_from(count).unwrap_or(0) * per_entry);
    let most = match data_type {
        DataType::List(_) | DataType::Set(_) => count(1),
        DataType::Map(..) => count(2),
        DataType::Tuple(fields) => fields.len(),
        DataType::Udt(udt) => udt.fields.len(),
        _ => 0,
    };
    let mut parts = Parts::new();
    while parts.len() < most
        && let Some(part) = read_part(&mut reader)
    {
        parts.push(part);
    }
    parts
}

/// The type's name in errors about its bytes; collections are named without the types of their elements.
fn kind_name(data_type: &DataType) -> String {
    match data_type {
        DataType::List(_) => "list".to_owned(),
        DataType::Set(_) => "set".to_owned(),
        DataType::Map(..) => "map".to_owned(),
        other => other.to_string(),
    }
}

fn counted_parts<'a>(reader: &mut Reader<'a>, per_entry: usize) -> Option<Parts<'a>> {
    let count = usize::try_from(reader.i32().ok()?).ok()?.checked_mul(per_entry)?;
    // Each element takes at least 4 bytes; a larger count is false and must not reserve memory.
    if count > reader.rest().len() / 4 {
        return None;
    }
    (0..count).map(|_| read_part(reader)).collect()
}

fn field_parts<'a>(reader: &mut Reader<'a>, most: usize) -> Option<Parts<'a>> {
    let mut parts = Parts::new();
    while parts.len() < most && !reader.is_empty() {
        parts.push(read_part(reader)?);
    }
    Some(parts)
}

fn read_part<'a>(reader: &mut Reader<'a>) -> Option<Option<&'a [u8]>> {
    match usize::try_from(reader.i32().ok()?) {
        Ok(length) => Some(Some(reader.take(length).ok()?)),
        Err(_) => Some(None),
    }
}

fn vector_parts<'a>(reader: &mut Reader<'a>, element: &DataType, count: usize) -> Option<Parts<'a>> {
    if count > reader.rest().len() {
        return None;
    }
    let packed = packed_length(element);
    let one = |_| match packed {
        Some(length) => reader.take(length).ok().map(Some),
        None => reader.vint_bytes().ok().map(Some),
    };
    (0..count).map(one).collect()
}

/// Appends a composite value made of its parts; the inverse of [`parts`].
pub(super) fn put_parts<'a>(
    data_type: &DataType,
    parts: impl ExactSizeIterator<Item = Option<&'a [u8]>>,
    out: &mut Vec<u8>,
) {
    match data_type {
        DataType::Vector(element, _) => {
            let packed = packed_length(element).is_some();
            for part in parts.flatten() {
                if !packed {
                    henge_base::put_vint(out, part.len() as u64);
                }
                out.extend_from_slice(part);
            }
            return;
        }
        DataType::List(_) | DataType::Set(_) => out.extend_from_slice(&(parts.len() as i32).to_be_bytes()),
        DataType::Map(..) => out.extend_from_slice(&(parts.len() as i32 / 2).to_be_bytes()),
        _ => {}
    }
    for part in parts {
        out.extend_from_slice(&part.map_or(-1, |p| p.len() as i32).to_be_bytes());
        out.extend_from_slice(part.unwrap_or_default());
    }
}
