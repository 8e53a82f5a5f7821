//! A literal and a type make native bytes, or an error that says why they do not fit.

use crate::calendar;
use crate::error::Error;
use crate::limits;
use crate::statement::Constant;
use crate::tuple_text;
use henge_base::put_signed_vint;
use henge_model::DataType;
use num_bigint::BigInt;
use std::net::IpAddr;
use std::str::FromStr;

/// The bytes of `constant` as a value of `data_type`. `column` is what it is for, in messages.
pub(crate) fn encode(constant: &Constant, data_type: &DataType, column: &str) -> Result<Vec<u8>, Error> {
    if let DataType::Tuple(_) = data_type {
        return tuple_text::encode(constant, data_type);
    }
    let is_count = matches!((constant, data_type), (Constant::Integer(_), DataType::Duration));
    if !fits(constant, data_type) && !is_count {
        let (kind, text) = describe(constant);
        let message = format!("Invalid {kind} constant ({text}) for \"{column}\" of type {data_type}");
        return Err(Error::invalid(message));
    }
    match constant {
        Constant::String(text) => of_text(text, data_type),
        Constant::Integer(text) | Constant::Float(text) => of_number(text, data_type),
        Constant::Boolean(value) => Some(vec![u8::from(*value)]),
        Constant::Uuid(bytes) => of_uuid(bytes, data_type),
        Constant::Blob(bytes) => Some(bytes.clone()),
        Constant::Duration(text) => of_duration(text),
    }
    .ok_or_else(|| {
        let is_text = matches!(constant, Constant::String(_));
        Error::invalid(format!("{} (for \"{column}\")", no_value(&describe(constant).1, data_type, is_text)))
    })
}

/// The words for a text or number of the right form that is no value of the type all the same.
pub(crate) fn no_value(text: &str, data_type: &DataType, is_text: bool) -> String {
    match data_type {
        DataType::Ascii => "Invalid ASCII character in string literal".to_owned(),
        DataType::Bigint | DataType::Counter => format!("Unable to make long from '{text}'"),
        DataType::Smallint => format!("Unable to make short from '{text}'"),
        DataType::Tinyint => format!("Unable to make byte from '{text}'"),
        DataType::Time if is_text => format!("(TimeType) Unable to coerce '{text}' to a formatted time (long)"),
        DataType::Time => format!("Unable to make long (for time) from: '{text}'"),
        DataType::Date if is_text => format!("Unable to coerce '{text}' to a formatted date (long)"),
        DataType::Date => format!("Unable to make unsigned int (for date) from: '{text}'"),
        DataType::Timestamp => format!("Unable to parse a date/time from '{text}'"),
        DataType::Timeuuid => format!("TimeUUID supports only version 1 UUIDs, not '{text}'"),
        DataType::Uuid => format!("Unable to make UUID from '{text}'"),
        DataType::Inet => format!("Unable to make inet address from '{text}'"),
        DataType::Duration => format!("Unable to convert '{text}' to a duration"),
        other => format!("Unable to make {other} from '{text}'"),
    }
}

/// Whether literals of this form may be assigned to the type.
pub(crate) fn fits(constant: &Constant, data_type: &DataType) -> bool {
    use DataType::{
        Ascii, Bigint, Blob, Boolean, Counter, Date, Decimal, Double, Duration, Float, Inet, Int, Smallint, Text, Time,
        Timestamp, Timeuuid, Tinyint, Uuid, Varint,
    };
    // Every literal may be the text form of a tuple.
    if matches!(data_type, DataType::Tuple(_)) {
        return true;
    }
    match constant {
        Constant::String(_) => matches!(data_type, Ascii | Text | Inet | Date | Time | Timestamp),
        Constant::Integer(_) => matches!(
            data_type,
            Tinyint | Smallint | Int | Bigint | Varint | Counter | Float | Double | Decimal | Date | Time | Timestamp
        ),
        Constant::Float(_) => matches!(data_type, Float | Double | Decimal),
        Constant::Boolean(_) => *data_type == Boolean,
        Constant::Uuid(_) => matches!(data_type, Uuid | Timeuuid),
        Constant::Blob(_) => *data_type == Blob,
        Constant::Duration(_) => *data_type == Duration,
    }
}

/// The type a literal has where nothing else gives it one; a string has none.
pub(crate) fn natural_type(constant: &Constant) -> Option<DataType> {
    match constant {
        Constant::String(_) => None,
        Constant::Integer(text) if text.parse::<i32>().is_ok() => Some(DataType::Int),
        Constant::Integer(text) if text.parse::<i64>().is_ok() => Some(DataType::Bigint),
        Constant::Integer(_) => Some(DataType::Varint),
        Constant::Float(_) => Some(DataType::Double),
        Constant::Boolean(_) => Some(DataType::Boolean),
        Constant::Uuid(_) => Some(DataType::Uuid),
        Constant::Blob(_) => Some(DataType::Blob),
        Constant::Duration(_) => Some(DataType::Duration),
    }
}

/// A literal's kind and text for messages, as Cassandra names them.
pub(crate) fn describe(constant: &Constant) -> (&'static str, String) {
    match constant {
        Constant::String(text) => ("STRING", text.chars().take(100).collect()),
        Constant::Integer(text) => ("INTEGER", text.chars().take(100).collect()),
        Constant::Float(text) => ("FLOAT", text.chars().take(100).collect()),
        Constant::Boolean(value) => ("BOOLEAN", value.to_string()),
        Constant::Uuid(bytes) => ("UUID", uuid::Uuid::from_bytes(*bytes).to_string()),
        Constant::Blob(bytes) => ("HEX", format!("0x{}", hex(&bytes[..bytes.len().min(50)]))),
        Constant::Duration(text) => ("DURATION", text.clone()),
    }
}

/// A literal's value as text.
pub(crate) fn text_of(constant: &Constant) -> String {
    match constant {
        Constant::String(text) => text.clone(),
        Constant::Integer(text) | Constant::Float(text) | Constant::Duration(text) => text.clone(),
        Constant::Boolean(value) => value.to_string(),
        Constant::Uuid(bytes) => uuid::Uuid::from_bytes(*bytes).to_string(),
        Constant::Blob(bytes) => format!("0x{}", hex(bytes)),
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A value written in quotes.
pub(crate) fn of_text(text: &str, data_type: &DataType) -> Option<Vec<u8>> {
    match data_type {
        DataType::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
        DataType::Text => Some(text.as_bytes().to_vec()),
        // An IPv4 address written as IPv6 is the IPv4 address, as Java has it.
        DataType::Inet => match text.parse::<IpAddr>().ok()?.to_canonical() {
            IpAddr::V4(address) => Some(address.octets().to_vec()),
            IpAddr::V6(address) => Some(address.octets().to_vec()),
        },
        DataType::Date => date_bytes(calendar::parse_date(text).or_else(|| day_number(text))?),
        DataType::Time => time_bytes(calendar::parse_time(text).or_else(|| text.parse().ok())?),
        DataType::Timestamp => Some(calendar::parse_timestamp(text)?.to_be_bytes().to_vec()),
        _ => None,
    }
}

/// A value written in digits.
pub(crate) fn of_number(text: &str, data_type: &DataType) -> Option<Vec<u8>> {
    match data_type {
        DataType::Tinyint => Some(text.parse::<i8>().ok()?.to_be_bytes().to_vec()),
        DataType::Smallint => Some(text.parse::<i16>().ok()?.to_be_bytes().to_vec()),
        DataType::Int => Some(text.parse::<i32>().ok()?.to_be_bytes().to_vec()),
        DataType::Bigint | DataType::Counter | DataType::Timestamp => {
            Some(text.parse::<i64>().ok()?.to_be_bytes().to_vec())
        }
        DataType::Float => Some(text.parse::<f32>().ok()?.to_be_bytes().to_vec()),
        DataType::Double => Some(text.parse::<f64>().ok()?.to_be_bytes().to_vec()),
        DataType::Varint => Some(big(text)?.to_signed_bytes_be()),
        DataType::Decimal => decimal_bytes(text),
        DataType::Date => date_bytes(day_number(text)?),
        DataType::Time => time_bytes(text.parse().ok()?),
        _ => None,
    }
}

/// A duration in any of its forms.
pub(crate) fn of_duration(text: &str) -> Option<Vec<u8>> {
    calendar::parse_duration(text).map(duration_bytes)
}

/// A value of a native type, neither text nor boolean nor blob, from a text that is all of it. The empty text is the empty value.
pub(crate) fn of_string(text: &str, data_type: &DataType) -> Option<Vec<u8>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    match data_type {
        DataType::Inet | DataType::Date | DataType::Time | DataType::Timestamp => of_text(text, data_type),
        DataType::Uuid | DataType::Timeuuid => {
            let bytes = uuid::Uuid::parse_str(text).ok().filter(|_| text.len() == 36)?.into_bytes();
            data_type.validate(&bytes).ok().map(|()| bytes.to_vec())
        }
        DataType::Duration => of_duration(text),
        DataType::Float | DataType::Double if !is_number(text) => None,
        _ => of_number(text, data_type),
    }
}

/// Rust reads more words as numbers than Java does.
fn is_number(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['-', '+']);
    unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') || matches!(unsigned, "NaN" | "Infinity")
}

/// The bytes of hexadecimal digits, two for each.
pub(crate) fn of_hex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(digits.get(i..i + 2)?, 16).ok()).collect()
}

fn of_uuid(bytes: &[u8; 16], data_type: &DataType) -> Option<Vec<u8>> {
    let is_time_based = bytes[6] >> 4 == 1;
    (*data_type == DataType::Uuid || is_time_based).then(|| bytes.to_vec())
}

fn big(digits: &str) -> Option<BigInt> {
    if digits.len() > limits::DIGITS_MAX { None } else { BigInt::from_str(digits).ok() }
}

/// The scale in four bytes, then the unscaled number.
fn decimal_bytes(text: &str) -> Option<Vec<u8>> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let unscaled = big(&format!("{whole}{fraction}"))?;
    let exponent: i32 = exponent.parse().ok()?;
    let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    let mut bytes = scale.to_be_bytes().to_vec();
    bytes.extend(unscaled.to_signed_bytes_be());
    Some(bytes)
}

/// A day number, of which 2^31 is 1970-01-01, as days since then.
fn day_number(text: &str) -> Option<i64> {
    text.parse::<u32>().ok().map(|n| i64::from(n) - (1 << 31))
}

fn date_bytes(days: i64) -> Option<Vec<u8>> {
    Some(u32::try_from(days.checked_add(1 << 31)?).ok()?.to_be_bytes().to_vec())
}

fn time_bytes(nanos: i64) -> Option<Vec<u8>> {
    (0..calendar::DAY_NS).contains(&nanos).then(|| nanos.to_be_bytes().to_vec())
}

fn duration_bytes((months, days, nanos): (i32, i32, i64)) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_signed_vint(&mut bytes, i64::from(months));
    put_signed_vint(&mut bytes, i64::from(days));
    put_signed_vint(&mut bytes, nanos);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(constant: Constant, data_type: DataType) -> Result<String, String> {
        encode(&constant, &data_type, "c").map(|b| hex(&b)).map_err(|e| e.message)
    }

    fn integer(text: &str, data_type: DataType) -> Result<String, String> {
        bytes(Constant::Integer(text.to_owned()), data_type)
    }

    fn string(text: &str, data_type: DataType) -> Result<String, String> {
        bytes(Constant::String(text.to_owned()), data_type)
    }

    #[test]
    fn numbers_are_encoded_by_type_and_checked() {
        assert_eq!(integer("1", DataType::Int).as_deref(), Ok("00000001"));
        assert_eq!(integer("-129", DataType::Varint).as_deref(), Ok("ff7f"));
        assert_eq!(integer("0", DataType::Varint).as_deref(), Ok("00"));
        assert_eq!(integer("200", DataType::Tinyint), Err("Unable to make byte from '200' (for \"c\")".to_owned()));
        assert_eq!(bytes(Constant::Float("1.23".to_owned()), DataType::Decimal).as_deref(), Ok("000000027b"));
        assert_eq!(bytes(Constant::Float("-1e3".to_owned()), DataType::Decimal).as_deref(), Ok("fffffffdff"));
        assert_eq!(bytes(Constant::Float("-Infinity".to_owned()), DataType::Float).as_deref(), Ok("ff800000"));
        assert_eq!(bytes(Constant::Float("NaN".to_owned()), DataType::Double).as_deref(), Ok("7ff8000000000000"));
    }

    #[test]
    fn strings_become_text_dates_and_addresses() {
        assert_eq!(string("1970-01-02", DataType::Date).as_deref(), Ok("80000001"));
        assert_eq!(string("127.0.0.1", DataType::Inet).as_deref(), Ok("7f000001"));
        assert_eq!(string("::ffff:1.2.3.4", DataType::Inet).as_deref(), Ok("01020304"));
        assert_eq!(string("1970-01-01 00:00:01", DataType::Timestamp).as_deref(), Ok("00000000000003e8"));
        assert!(string("é", DataType::Ascii).is_err());
        assert_eq!(string("abc", DataType::Int), Err("Invalid STRING constant (abc) for \"c\" of type int".to_owned()));
    }

    #[test]
    fn durations_and_uuids() {
        assert_eq!(bytes(Constant::Duration("1mo2d3ns".to_owned()), DataType::Duration).as_deref(), Ok("020406"));
        assert_eq!(bytes(Constant::Duration("-1mo".to_owned()), DataType::Duration).as_deref(), Ok("010000"));
        assert!(bytes(Constant::Uuid([0x40; 16]), DataType::Timeuuid).is_err());
        assert!(bytes(Constant::Uuid([0x40; 16]), DataType::Uuid).is_ok());
    }
}
