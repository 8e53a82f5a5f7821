//! Values printed as JSON, for `SELECT JSON` and `toJson`.

use crate::calendar::{DAY_MS, date_of};
use crate::collection::parts;
use henge_base::hex;
use henge_model::DataType;
use std::fmt::Write;
use std::net::Ipv6Addr;

/// The JSON of a value. Bytes that are not a value of the type become a string.
pub(crate) fn json(data_type: &DataType, bytes: &[u8]) -> String {
    let data_type = data_type.unfrozen();
    match data_type {
        DataType::Ascii | DataType::Text => quote(&String::from_utf8_lossy(bytes)),
        DataType::Blob => format!("\"0x{}\"", hex(bytes)),
        _ if bytes.is_empty() => "\"\"".to_owned(),
        DataType::Boolean => (bytes != [0]).to_string(),
        DataType::Inet => quote(&address(data_type, bytes)),
        DataType::Float | DataType::Double => number(data_type.literal(bytes)),
        DataType::Timestamp => format!("\"{}\"", timestamp(bytes, ' ')),
        DataType::Tinyint
        | DataType::Smallint
        | DataType::Int
        | DataType::Bigint
        | DataType::Counter
        | DataType::Varint
        | DataType::Decimal => data_type.literal(bytes),
        DataType::List(_) | DataType::Set(_) | DataType::Tuple(_) | DataType::Vector(..) => array(data_type, bytes),
        DataType::Map(..) => object(data_type, bytes),
        DataType::Udt(user) => {
            let values = parts(data_type, bytes).unwrap_or_default();
            let fields = user.fields.iter().zip(values);
            object_text(fields.map(|((name, _), (t, v))| (field_name(name), value(t, v))))
        }
        // Printed like CQL literals, but in JSON's quotes.
        _ => quote(data_type.literal(bytes).trim_matches('\'')),
    }
}

/// A row as one JSON object: the name, type and value of each column.
pub(crate) fn row<'a>(columns: impl Iterator<Item = (&'a str, &'a DataType, Option<&'a [u8]>)>) -> String {
    object_text(columns.map(|(name, data_type, bytes)| (field_name(name), value(data_type, bytes))))
}

fn value(data_type: &DataType, bytes: Option<&[u8]>) -> String {
    bytes.map_or_else(|| "null".to_owned(), |b| json(data_type, b))
}

fn array(data_type: &DataType, bytes: &[u8]) -> String {
    let all: Vec<String> = parts(data_type, bytes).unwrap_or_default().into_iter().map(|(t, v)| value(t, v)).collect();
    format!("[{}]", all.join(", "))
}

/// A map as an object. Keys are converted to strings.
fn object(data_type: &DataType, bytes: &[u8]) -> String {
    let all = parts(data_type, bytes).unwrap_or_default();
    object_text(all.chunks(2).filter_map(|pair| match pair {
        [(kt, k), (vt, v)] => {
            let key = value(kt, *k);
            Some((if key.starts_with('"') { key } else { quote(&key) }, value(vt, *v)))
        }
        _ => None,
    }))
}

fn object_text(entries: impl Iterator<Item = (String, String)>) -> String {
    let all: Vec<String> = entries.map(|(k, v)| format!("{k}: {v}")).collect();
    format!("{{{}}}", all.join(", "))
}

/// A column name; one with upper-case letters keeps CQL's quotes inside JSON's.
fn field_name(name: &str) -> String {
    if name.chars().any(char::is_uppercase) { quote(&format!("\"{name}\"")) } else { quote(name) }
}

/// A number; null for NaN and infinity, which JSON cannot express.
fn number(literal: String) -> String {
    if literal.contains(['N', 'I']) { "null".to_owned() } else { literal }
}

/// A moment with a year of its era, which is not named, as Cassandra prints it.
pub(crate) fn timestamp(bytes: &[u8], before_time: char) -> String {
    let milliseconds = bytes.try_into().map_or(0, i64::from_be_bytes);
    let (year, month, day) = date_of(milliseconds.div_euclid(DAY_MS));
    let of_day = milliseconds.rem_euclid(DAY_MS);
    let (seconds, fraction) = (of_day / 1_000, of_day % 1_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let of_era = if year > 0 { year } else { 1 - year };
    let sign = if of_era > 9_999 { "+" } else { "" };
    let seconds = seconds % 60;
    format!("{sign}{of_era:04}-{month:02}-{day:02}{before_time}{hours:02}:{minutes:02}:{seconds:02}.{fraction:03}Z")
}

/// An address as Java prints it: IPv6 with all eight groups.
pub(crate) fn address(data_type: &DataType, bytes: &[u8]) -> String {
    let Ok(v6) = <[u8; 16]>::try_from(bytes) else {
        return data_type.literal(bytes).trim_matches('\'').to_owned();
    };
    let parts: Vec<String> = Ipv6Addr::from(v6).segments().iter().map(|part| format!("{part:x}")).collect();
    parts.join(":")
}

fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_escaped_as_cassandra_does() {
        // What SELECT toJson(v) of Apache Cassandra 5.0 answers.
        let text = "\u{8}\u{c}\u{f}\u{1f}\u{7f}\u{80}\t\n\r/\"\\é";
        assert_eq!(quote(text), "\"\\b\\f\\u000F\\u001F\u{7f}\u{80}\\t\\n\\r/\\\"\\\\é\"");
    }

    #[test]
    fn values_print_as_json() {
        assert_eq!(json(&DataType::Text, b"a\"b\n"), "\"a\\\"b\\n\"");
        assert_eq!(json(&DataType::Blob, &[1, 0xff]), "\"0x01ff\"");
        assert_eq!(json(&DataType::Timestamp, &1_577_880_000_123i64.to_be_bytes()), "\"2020-01-01 12:00:00.123Z\"");
        let at = |milliseconds: i64| json(&DataType::Timestamp, &milliseconds.to_be_bytes());
        assert_eq!(at(253_402_300_800_000), "\"+10000-01-01 00:00:00.000Z\"");
        assert_eq!(at(-62_135_596_800_001), "\"0001-12-31 23:59:59.999Z\"");
        assert_eq!(at(i64::MIN), "\"+292275056-05-16 16:47:04.192Z\"");
        let map = DataType::Map(Box::new(DataType::Text), Box::new(DataType::Int));
        let bytes = [0, 0, 0, 1, 0, 0, 0, 1, b'k', 0, 0, 0, 4, 0, 0, 0, 7];
        assert_eq!(json(&map, &bytes), "{\"k\": 7}");
    }
}
