//! Values of native types, decoded from text.

use crate::calendar;
use crate::limits;
use henge_base::put_signed_vint;
use henge_model::DataType;
use num_bigint::BigInt;
use std::net::IpAddr;
use std::str::FromStr;

/// The value of a quoted literal.
pub(crate) fn of_text(text: &str, data_type: &DataType) -> Option<Vec<u8>> {
    match data_type {
        DataType::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
        DataType::Text => Some(text.as_bytes().to_vec()),
        DataType::Inet | DataType::Timestamp if text.is_empty() => Some(Vec::new()),
        // An IPv4-mapped IPv6 address becomes the IPv4 address, as in Java.
        DataType::Inet => match text.parse::<IpAddr>().ok()?.to_canonical() {
            IpAddr::V4(address) => Some(address.octets().to_vec()),
            IpAddr::V6(address) => Some(address.octets().to_vec()),
        },
        DataType::Date => date_bytes(calendar::parse_date(text).or_else(|| day_number(text))?),
        DataType::Time => time_bytes(calendar::parse_time(text).or_else(|| whole_number(text)?.parse().ok())?),
        DataType::Timestamp => Some(calendar::parse_timestamp(text)?.to_be_bytes().to_vec()),
        _ => None,
    }
}

/// The value of a number literal.
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
        DataType::Time => time_bytes(whole_number(text)?.parse().ok()?),
        _ => None,
    }
}

/// A duration in any of its forms.
pub(crate) fn of_duration(text: &str) -> Option<Vec<u8>> {
    calendar::parse_duration(text).map(duration_bytes)
}

/// The text, if it has digits alone, and maybe a minus before them.
pub(crate) fn whole_number(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then_some(text)
}

/// The message for a text that is no date, whether it is written as one or as a number of days.
pub(crate) fn no_date(text: &str) -> String {
    match whole_number(text) {
        Some(_) => format!("Unable to make unsigned int (for date) from: '{text}'"),
        None => format!("Unable to coerce '{text}' to a formatted date (long)"),
    }
}

/// The message for a text that is no time of the day, whether it is written as one or as a number of nanoseconds.
pub(crate) fn no_time(text: &str) -> String {
    match whole_number(text) {
        Some(_) => format!("Unable to make long (for time) from: '{text}'"),
        None => format!("(TimeType) Unable to coerce '{text}' to a formatted time (long)"),
    }
}

/// The message for a text that is no duration. As in Cassandra it does not show the sign.
pub(crate) fn no_duration(text: &str) -> String {
    format!("Unable to convert '{}' to a duration", text.strip_prefix('-').unwrap_or(text))
}

/// The value of a whole text, for native types other than text, boolean and blob. The empty text is the empty value of most types.
pub(crate) fn of_string(text: &str, data_type: &DataType) -> Option<Vec<u8>> {
    if text.is_empty() && !matches!(data_type, DataType::Date | DataType::Time | DataType::Varint) {
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

/// True for texts that Java reads as a number; Rust accepts more words.
fn is_number(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['-', '+']);
    unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') || matches!(unsigned, "NaN" | "Infinity")
}

/// The bytes of hexadecimal digits, two per byte; `None` if they are malformed.
pub(crate) fn of_hex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(digits.get(i..i + 2)?, 16).ok()).collect()
}

pub(crate) fn of_uuid(bytes: &[u8; 16], data_type: &DataType) -> Option<Vec<u8>> {
    let is_time_based = bytes[6] >> 4 == 1;
    (*data_type == DataType::Uuid || is_time_based).then(|| bytes.to_vec())
}

fn big(digits: &str) -> Option<BigInt> {
    if digits.len() > limits::DIGITS_MAX { None } else { BigInt::from_str(digits).ok() }
}

/// The encoded decimal: four bytes of scale, then the unscaled number.
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

/// The days since 1970-01-01 of a day number, in which 2^31 is that day.
fn day_number(text: &str) -> Option<i64> {
    whole_number(text)?.parse::<u32>().ok().map(|n| i64::from(n) - (1 << 31))
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
