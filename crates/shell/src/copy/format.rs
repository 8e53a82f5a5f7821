//! Values as cqlsh writes them into a CSV file.

use super::options::ValueStyle;
use crate::timestamp::format_date;
use crate::value::sort_as_python;
use henge_model::DataType;
use std::fmt::{self, Write};

/// A column, and the form of its values.
pub(crate) struct ValueFormat<'a> {
    data_type: &'a DataType,
    style: &'a ValueStyle,
    /// The text of null.
    null: String,
    /// Digits of floating point numbers; in a collection those of a float.
    digits: usize,
}

impl<'a> ValueFormat<'a> {
    pub(crate) fn new(data_type: &'a DataType, style: &'a ValueStyle) -> ValueFormat<'a> {
        let digits = match data_type.unfrozen() {
            DataType::Double => style.numbers.double_digits,
            _ => style.numbers.float_digits,
        };
        ValueFormat { data_type, style, null: write_text(&style.null, style), digits }
    }

    /// The text of a value. The empty value of a type that is no text is null.
    pub(crate) fn format(&self, value: Option<&[u8]>) -> String {
        let data_type = self.data_type.unfrozen();
        let value = value.filter(|bytes| !bytes.is_empty() || has_empty(data_type));
        match (value, data_type) {
            (None, _) => self.null.clone(),
            (Some(bytes), DataType::Ascii | DataType::Text) => write_text(&String::from_utf8_lossy(bytes), self.style),
            (Some(bytes), DataType::Inet | DataType::Timestamp) => self.format_bare(data_type, bytes),
            (Some(bytes), _) => self.format_part(data_type, Some(bytes)),
        }
    }

    /// A part of a composite value, whose texts, addresses and timestamps are in quotes.
    fn format_part(&self, data_type: &DataType, value: Option<&[u8]>) -> String {
        let data_type = data_type.unfrozen();
        let Some(bytes) = value.filter(|bytes| !bytes.is_empty() || has_empty(data_type)) else {
            return "None".to_owned();
        };
        match data_type {
            DataType::Ascii | DataType::Text => {
                format!("'{}'", write_text(&String::from_utf8_lossy(bytes), self.style).replace('\'', "''"))
            }
            DataType::Inet | DataType::Timestamp => format!("'{}'", self.format_bare(data_type, bytes)),
            DataType::List(_) | DataType::Vector(..) => self.format_parts(data_type, bytes, ["[", "]"]),
            DataType::Set(_) => self.format_parts(data_type, bytes, ["{", "}"]),
            DataType::Tuple(_) => self.format_parts(data_type, bytes, ["(", ")"]),
            DataType::Map(..) => self.format_map(data_type, bytes),
            DataType::Udt(_) => self.format_fields(data_type, bytes),
            _ => self.format_bare(data_type, bytes),
        }
    }

    fn format_bare(&self, data_type: &DataType, bytes: &[u8]) -> String {
        let numbers = &self.style.numbers;
        let literal = || data_type.literal(bytes);
        match data_type {
            DataType::Boolean => self.style.booleans[usize::from(bytes == [0])].clone(),
            DataType::Tinyint
            | DataType::Smallint
            | DataType::Int
            | DataType::Bigint
            | DataType::Counter
            | DataType::Varint => numbers.format_integer(literal()),
            DataType::Float => {
                bytes.try_into().map_or_else(|_| literal(), |bytes| self.format_float(f32::from_be_bytes(bytes)))
            }
            DataType::Double => {
                bytes.try_into().map_or_else(|_| literal(), |bytes| self.format_float(f64::from_be_bytes(bytes)))
            }
            DataType::Decimal if self.style.is_exact => numbers.format_exact(&literal()),
            DataType::Decimal => numbers.format_decimal(literal(), self.digits),
            DataType::Timestamp => bytes
                .try_into()
                .map_or_else(|_| literal(), |bytes| self.style.timestamps.format(i64::from_be_bytes(bytes))),
            DataType::Date => {
                bytes.try_into().map_or_else(|_| literal(), |bytes| format_date(u32::from_be_bytes(bytes)))
            }
            _ => literal().trim_matches('\'').to_owned(),
        }
    }

    fn format_float<T: Into<f64> + Copy + fmt::Display + fmt::LowerExp>(&self, number: T) -> String {
        let numbers = &self.style.numbers;
        match self.style.is_exact {
            true => numbers.format_exact(&shortest(number)),
            false => numbers.format_float(number.into(), self.digits),
        }
    }

    fn format_parts(&self, data_type: &DataType, bytes: &[u8], [open, close]: [&str; 2]) -> String {
        let Ok(mut parts) = data_type.split_parts(bytes) else { return data_type.literal(bytes) };
        if let DataType::Set(element) = data_type {
            sort_as_python(element, &mut parts);
        }
        let texts: Vec<String> =
            parts.iter().enumerate().map(|(at, part)| self.format_part(data_type.part_type(at), *part)).collect();
        format!("{open}{}{close}", texts.join(", "))
    }

    fn format_map(&self, data_type: &DataType, bytes: &[u8]) -> String {
        let Ok(parts) = data_type.split_parts(bytes) else { return data_type.literal(bytes) };
        let (key, value) = (data_type.part_type(0), data_type.part_type(1));
        let mut keys: Vec<Option<&[u8]>> = parts.iter().step_by(2).copied().collect();
        sort_as_python(key, &mut keys);
        let pair = |wanted: &Option<&[u8]>| {
            let at = parts.iter().step_by(2).position(|part| part == wanted).unwrap_or_default();
            let value_part = parts.get(2 * at + 1).copied().flatten();
            format!("{}: {}", self.format_part(key, *wanted), self.format_part(value, value_part))
        };
        format!("{{{}}}", keys.iter().map(pair).collect::<Vec<_>>().join(", "))
    }

    fn format_fields(&self, data_type: &DataType, bytes: &[u8]) -> String {
        let (DataType::Udt(own), Ok(parts)) = (data_type, data_type.split_parts(bytes)) else {
            return data_type.literal(bytes);
        };
        let mut out = String::from("{");
        for (at, (name, field)) in own.fields.iter().enumerate() {
            let text = match parts.get(at).copied().flatten() {
                Some(bytes) => self.format_part(field, Some(bytes)),
                None => self.style.null.clone(),
            };
            let separator = if at == 0 { "" } else { ", " };
            let _ = write!(out, "{separator}{}: {text}", write_text(name, self.style)); // Writing to a string cannot fail.
        }
        out.push('}');
        out
    }
}

/// True of types that have a value without bytes, which is not null to cqlsh.
fn has_empty(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Ascii | DataType::Text | DataType::Blob)
        || matches!(data_type, DataType::Tuple(_) | DataType::Udt(_))
}

/// A text as it is written.
fn write_text(text: &str, style: &ValueStyle) -> String {
    if style.is_exact { text.to_owned() } else { escape_text(text) }
}

/// The fewest digits that are read as the same number.
fn shortest<T: Into<f64> + Copy + fmt::Display + fmt::LowerExp>(number: T) -> String {
    match number.into() {
        wide if wide.is_nan() => "NaN".to_owned(),
        wide if wide.is_infinite() => if wide > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        wide if wide != 0.0 && !(1e-5..1e15).contains(&wide.abs()) => format!("{number:e}"),
        _ => number.to_string(),
    }
}

/// A text with backslashes doubled and control characters as Python's `repr` shows them.
fn escape_text(text: &str) -> String {
    if !text.contains(|c: char| c == '\\' || c == '\u{a0}' || c.is_control()) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || c == '\u{a0}' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
