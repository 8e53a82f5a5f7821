//! Values read from a CSV file, in native encoding.

use super::composite::{is_null, split, split_pair, unquote};
use super::options::ValueStyle;
use super::parse_error::{ParseError, shorten};
use crate::timestamp::{read_date, read_duration, read_time};
use henge_base::{from_hex, put_signed_vint};
use henge_model::{DataType, UserType};
use num_bigint::BigInt;
use std::net::IpAddr;

/// Reads values of one style.
pub(crate) struct ValueParser<'a> {
    style: &'a ValueStyle,
    /// Null as it is written, where that differs from the option.
    written_null: String,
}

impl<'a> ValueParser<'a> {
    pub(crate) fn new(style: &'a ValueStyle) -> ValueParser<'a> {
        ValueParser { style, written_null: style.null.replace('\\', "\\\\") }
    }

    /// True of the text of null.
    pub(crate) fn is_null(&self, field: &str) -> bool {
        field == self.style.null || field == self.written_null
    }

    /// A field: null, or the value.
    pub(crate) fn parse(&self, data_type: &DataType, field: &str) -> Result<Option<Vec<u8>>, ParseError> {
        if self.is_null(field) {
            return Ok(None);
        }
        match self.value(data_type.unfrozen(), field) {
            // With a text for null, nothing is the empty value of a text, and null of other types.
            Err(_) if field.is_empty() => Ok(None),
            parsed => parsed.map(Some),
        }
    }

    fn value(&self, data_type: &DataType, text: &str) -> Result<Vec<u8>, ParseError> {
        match data_type {
            DataType::List(_) | DataType::Set(_) => self.elements(data_type, text, None),
            DataType::Vector(_, count) => self.elements(data_type, text, Some(*count as usize)),
            DataType::Tuple(_) => self.tuple(data_type, text),
            DataType::Map(..) => self.map(data_type, text),
            DataType::Udt(own) => self.fields(data_type, own, text),
            _ => {
                let bytes = self.scalar(data_type, text).filter(|bytes| data_type.validate(bytes).is_ok());
                bytes.ok_or_else(|| ParseError::Value { text: shorten(text), kind: data_type.to_string() })
            }
        }
    }

    fn scalar(&self, data_type: &DataType, text: &str) -> Option<Vec<u8>> {
        let numbers = &self.style.numbers;
        Some(match data_type {
            DataType::Ascii | DataType::Text => text.as_bytes().to_vec(),
            DataType::Blob if text.is_empty() => Vec::new(),
            DataType::Blob => from_hex(text.trim().strip_prefix("0x").or(text.trim().strip_prefix("0X"))?)?,
            DataType::Boolean => {
                let place = self.style.booleans.iter().position(|word| word.eq_ignore_ascii_case(text.trim()))?;
                vec![u8::from(place == 0)]
            }
            DataType::Tinyint => numbers.read_integer::<i8>(text)?.to_be_bytes().to_vec(),
            DataType::Smallint => numbers.read_integer::<i16>(text)?.to_be_bytes().to_vec(),
            DataType::Int => numbers.read_integer::<i32>(text)?.to_be_bytes().to_vec(),
            DataType::Bigint | DataType::Counter => numbers.read_integer::<i64>(text)?.to_be_bytes().to_vec(),
            DataType::Varint => numbers.read_integer::<BigInt>(text)?.to_signed_bytes_be(),
            DataType::Float => numbers.read_float::<f32>(text)?.to_be_bytes().to_vec(),
            DataType::Double => numbers.read_float::<f64>(text)?.to_be_bytes().to_vec(),
            DataType::Decimal => numbers.read_decimal(text)?,
            DataType::Uuid | DataType::Timeuuid => read_uuid(text)?,
            DataType::Inet => match text.trim().parse().ok()? {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            },
            DataType::Date => u32::try_from(read_date(text)?).ok()?.to_be_bytes().to_vec(),
            DataType::Time => read_time(text)?.to_be_bytes().to_vec(),
            DataType::Timestamp => self.style.timestamps.read(text)?.to_be_bytes().to_vec(),
            DataType::Duration => {
                let (months, days, nanos) = read_duration(text)?;
                let mut out = Vec::new();
                [i64::from(months), i64::from(days), nanos].iter().for_each(|part| put_signed_vint(&mut out, *part));
                out
            }
            _ => return None,
        })
    }

    /// The elements of a list, set or vector.
    fn elements(&self, data_type: &DataType, text: &str, count: Option<usize>) -> Result<Vec<u8>, ParseError> {
        let written = split(text, ',')?;
        if let Some(expected) = count.filter(|count| *count != written.len()) {
            return Err(ParseError::Count { text: shorten(text), found: written.len(), expected });
        }
        let parts: Result<Vec<Option<Vec<u8>>>, ParseError> =
            written.iter().map(|part| self.mandatory(data_type.part_type(0), part, data_type).map(Some)).collect();
        Ok(data_type.sort_elements(&data_type.join_parts(&parts?)).into_owned())
    }

    fn map(&self, data_type: &DataType, text: &str) -> Result<Vec<u8>, ParseError> {
        let mut parts = Vec::new();
        for entry in split(text, ',')? {
            let (key, value) = split_pair(entry)?;
            parts.push(Some(self.mandatory(data_type.part_type(0), key, data_type)?));
            parts.push(Some(self.mandatory(data_type.part_type(1), value, data_type)?));
        }
        Ok(data_type.sort_elements(&data_type.join_parts(&parts)).into_owned())
    }

    /// A part that cannot be null. As cqlsh does, nothing is taken for an empty text.
    fn mandatory(&self, data_type: &DataType, text: &str, holder: &DataType) -> Result<Vec<u8>, ParseError> {
        let data_type = data_type.unfrozen();
        let has_empty = matches!(data_type, DataType::Ascii | DataType::Text | DataType::Blob);
        match is_null(text, &self.style.null) {
            true if !has_empty => Err(ParseError::Null { text: shorten(text), kind: holder.to_string() }),
            _ => self.value(data_type, &unquote(text)),
        }
    }

    fn optional(&self, data_type: &DataType, text: &str) -> Result<Option<Vec<u8>>, ParseError> {
        match is_null(text, &self.style.null) {
            true => Ok(None),
            false => self.value(data_type.unfrozen(), &unquote(text)).map(Some),
        }
    }

    fn tuple(&self, data_type: &DataType, text: &str) -> Result<Vec<u8>, ParseError> {
        let DataType::Tuple(types) = data_type else { return Ok(Vec::new()) };
        let written = split(text, ',')?;
        if written.len() > types.len() {
            return Err(ParseError::Count { text: shorten(text), found: written.len(), expected: types.len() });
        }
        let parts: Result<Vec<Option<Vec<u8>>>, ParseError> =
            written.iter().zip(types.iter()).map(|(part, data_type)| self.optional(data_type, part)).collect();
        let mut parts = parts?;
        parts.resize(types.len(), None);
        Ok(data_type.join_parts(&parts))
    }

    /// The fields of a user type, in any order. One that is missing is null.
    fn fields(&self, data_type: &DataType, own: &UserType, text: &str) -> Result<Vec<u8>, ParseError> {
        let mut parts = vec![None; own.fields.len()];
        for entry in split(text, ',')? {
            let (name, value) = split_pair(entry)?;
            let name = unquote(name);
            let (at, field) = own.field(&name).ok_or_else(|| ParseError::Field {
                text: shorten(text),
                field: name.to_string(),
                kind: own.name.clone(),
            })?;
            parts[at] = self.optional(field, value)?;
        }
        Ok(data_type.join_parts(&parts))
    }
}

fn read_uuid(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    (groups == [8, 4, 4, 4, 12]).then(|| from_hex(&text.replace('-', "")))?
}
