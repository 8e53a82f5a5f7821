//! Collections, tuples and vectors, encoded from their parts and decoded into them.

use crate::error::Error;
use henge_base::{Reader, put_vint};
use henge_model::DataType;
use std::borrow::Cow;

/// Encodes a value of `data_type` from its parts. A map's parts alternate between keys and values. Only tuples and user
/// types may have null parts.
pub(crate) fn build(data_type: &DataType, parts: &[Option<Cow<'_, [u8]>>]) -> Result<Vec<u8>, Error> {
    let data_type = data_type.unfrozen();
    if let DataType::Tuple(_) | DataType::Udt(_) = data_type {
        let mut out = Vec::new();
        parts.iter().for_each(|part| put_part(part.as_deref(), &mut out));
        return Ok(out);
    }
    let place = if matches!(data_type, DataType::Vector(..)) { "vectors" } else { "collections" };
    let null = || Error::invalid(format!("null is not supported inside {place}"));
    let parts: Vec<&[u8]> = parts.iter().map(|p| p.as_deref().ok_or_else(null)).collect::<Result<_, _>>()?;
    let each = if matches!(data_type, DataType::Map(..)) { 2 } else { 1 };
    Ok(match data_type {
        DataType::Vector(element, _) => vector(element, &parts),
        DataType::Set(_) | DataType::Map(..) => {
            let given = encode_counted(&parts, parts.len() / each);
            data_type.sort_elements(&given).into_owned()
        }
        _ => encode_counted(&parts, parts.len()),
    })
}

fn encode_counted(parts: &[&[u8]], count: usize) -> Vec<u8> {
    let mut out = i32::try_from(count).unwrap_or(i32::MAX).to_be_bytes().to_vec();
    parts.iter().for_each(|part| put_part(Some(part), &mut out));
    out
}

fn put_part(part: Option<&[u8]>, out: &mut Vec<u8>) {
    match part {
        None => out.extend((-1i32).to_be_bytes()),
        Some(bytes) => {
            out.extend(i32::try_from(bytes.len()).unwrap_or(i32::MAX).to_be_bytes());
            out.extend(bytes);
        }
    }
}

fn vector(element: &DataType, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        if fixed_length(element).is_none() {
            put_vint(&mut out, part.len() as u64);
        }
        out.extend_from_slice(part);
    }
    out
}

/// The length of a vector's element, if it is fixed; encoded vectors then omit it.
fn fixed_length(element: &DataType) -> Option<usize> {
    match element.unfrozen() {
        DataType::Boolean => Some(1),
        DataType::Int | DataType::Float => Some(4),
        DataType::Bigint | DataType::Double | DataType::Timestamp => Some(8),
        DataType::Uuid | DataType::Timeuuid => Some(16),
        DataType::Vector(inner, n) => fixed_length(inner).map(|len| len * *n as usize),
        _ => None,
    }
}

/// A part with its type; `None` is null.
pub(crate) type Part<'t, 'a> = (&'t DataType, Option<&'a [u8]>);

/// Decodes a value into its parts and their types; `None` if the bytes are not a value of the type.
pub(crate) fn parts<'a, 't>(data_type: &'t DataType, bytes: &'a [u8]) -> Option<Vec<Part<'t, 'a>>> {
    let mut reader = Reader::new(bytes);
    let mut parts = Vec::new();
    match data_type.unfrozen() {
        DataType::List(element) | DataType::Set(element) => {
            for _ in 0..reader.i32().ok()? {
                parts.push((&**element, part(&mut reader)?));
            }
        }
        DataType::Map(key, value) => {
            for _ in 0..reader.i32().ok()? {
                parts.push((&**key, part(&mut reader)?));
                parts.push((&**value, part(&mut reader)?));
            }
        }
        DataType::Tuple(types) => {
            for element in types.iter() {
                parts.push((element, if reader.is_empty() { None } else { part(&mut reader)? }));
            }
        }
        DataType::Udt(user) => {
            for (_, element) in &user.fields {
                parts.push((element, if reader.is_empty() { None } else { part(&mut reader)? }));
            }
        }
        DataType::Vector(element, n) => {
            for _ in 0..*n {
                let taken = match fixed_length(element) {
                    Some(len) => reader.take(len),
                    None => reader.vint_bytes(),
                };
                parts.push((&**element, Some(taken.ok()?)));
            }
        }
        _ => return None,
    }
    reader.is_empty().then_some(parts)
}

fn part<'a>(reader: &mut Reader<'a>) -> Option<Option<&'a [u8]>> {
    henge_base::count_steps(1);
    match reader.i32().ok()? {
        len if len < 0 => Some(None),
        len => reader.take(len as usize).ok().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::hex;

    fn build_hex(data_type: &DataType, parts: &[&[u8]]) -> String {
        let owned: Vec<_> = parts.iter().map(|p| Some(Cow::Borrowed(*p))).collect();
        hex(&build(data_type, &owned).unwrap())
    }

    #[test]
    fn sets_and_maps_are_sorted_and_hold_nothing_twice() {
        let set = DataType::Set(Box::new(DataType::Text));
        assert_eq!(build_hex(&set, &[b"b", b"a", b"b"]), "00000002000000016100000001".to_owned() + "62");
        let map = DataType::Map(Box::new(DataType::Text), Box::new(DataType::Text));
        assert_eq!(build_hex(&map, &[b"k", b"1", b"k", b"2"]), "00000001000000016b0000000132");
    }

    #[test]
    fn vectors_write_lengths_only_where_they_vary() {
        let of = |t, n| DataType::Vector(Box::new(t), n);
        assert_eq!(build_hex(&of(DataType::Float, 2), &[&[0x3f, 0x80, 0, 0], &[0x40, 0, 0, 0]]), "3f80000040000000");
        assert_eq!(build_hex(&of(DataType::Smallint, 2), &[&[0, 1], &[0, 2]]), "020001020002");
        assert_eq!(build_hex(&of(DataType::Text, 2), &[b"a", b"bc"]), "0161026263");
    }

    #[test]
    fn parts_are_what_was_built() {
        let list = DataType::List(Box::new(DataType::Int));
        let bytes = build(&list, &[Some(Cow::Borrowed(&[0, 0, 0, 1])), Some(Cow::Borrowed(&[0, 0, 0, 2]))]).unwrap();
        let found = parts(&list, &bytes).unwrap();
        assert_eq!(found.iter().map(|p| p.1.unwrap()[3]).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(parts(&list, &bytes[..7]), None);
        assert_eq!(parts(&list, &[0x7f, 0xff, 0xff, 0xff]), None);
    }
}
