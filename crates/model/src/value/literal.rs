//! Printing of values as CQL literals.

use super::parts::{is_composite, part_type, parts};
use super::validate::{decode_duration, validate};
use super::{calendar, number};
use crate::DataType;
use henge_base::Reader;
use std::fmt::{LowerExp, Write};
use std::net::IpAddr;
use std::str::FromStr;

/// Nanoseconds per unit of a duration, largest unit first.
const DURATION_UNITS: [(u64, &str); 6] =
    [(3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"), (1_000_000, "ms"), (1000, "us"), (1, "ns")];

pub(super) fn literal(data_type: &DataType, bytes: &[u8]) -> String {
    let data_type = data_type.unfrozen();
    if validate(data_type, bytes).is_err() {
        return blob_literal(bytes);
    }
    match data_type {
        DataType::Ascii | DataType::Text => quote(&String::from_utf8_lossy(bytes)),
        DataType::Blob => blob_literal(bytes),
        composite if is_composite(composite) => parts_literal(composite, bytes).unwrap_or_else(|| blob_literal(bytes)),
        // The empty value of a number has no literal; types that do not allow it have failed validation.
        _ if bytes.is_empty() => blob_literal(bytes),
        other => scalar_literal(other, bytes).unwrap_or_else(|| blob_literal(bytes)),
    }
}

fn scalar_literal(data_type: &DataType, bytes: &[u8]) -> Option<String> {
    let mut reader = Reader::new(bytes);
    Some(match data_type {
        DataType::Boolean => (reader.u8().ok()? != 0).to_string(),
        DataType::Tinyint => (reader.u8().ok()? as i8).to_string(),
        DataType::Smallint => (reader.u16().ok()? as i16).to_string(),
        DataType::Int => reader.i32().ok()?.to_string(),
        DataType::Bigint | DataType::Counter => reader.i64().ok()?.to_string(),
        DataType::Float => {
            print_float(f64::from(f32::from_be_bytes(reader.array().ok()?)), |v| shortest_digits(v as f32))
        }
        DataType::Double => print_float(f64::from_be_bytes(reader.array().ok()?), shortest_digits),
        DataType::Varint => number::print_varint(bytes)?,
        DataType::Decimal => number::print_decimal(bytes)?,
        DataType::Uuid | DataType::Timeuuid => uuid::Uuid::from_slice(bytes).ok()?.to_string(),
        DataType::Inet => quote(&decode_address(bytes)?.to_string()),
        DataType::Date => quote(&calendar::print_date(i64::from(reader.u32().ok()?) - (1 << 31))),
        DataType::Time => quote(&calendar::print_time(reader.i64().ok()?)),
        DataType::Timestamp => quote(&calendar::print_timestamp(reader.i64().ok()?)),
        DataType::Duration => print_duration(decode_duration(bytes).ok()?),
        _ => return None,
    })
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn blob_literal(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 + 2 * bytes.len());
    out.push_str("0x");
    for b in bytes {
        let _ = write!(out, "{b:02x}"); // Writing to a string cannot fail.
    }
    out
}

fn decode_address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
    }
}

/// Prints a floating point number as Java does: plain from 10^-3 up to 10^7, always with a fraction. `shortest` gives
/// the fewest digits that read back as the same number, in scientific notation.
fn print_float(value: f64, shortest: impl Fn(f64) -> String) -> String {
    if !value.is_finite() {
        let name = if value.is_nan() { "NaN" } else { "Infinity" };
        return format!("{}{name}", if value < 0.0 { "-" } else { "" });
    }
    let text = shortest(value);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |m| ("-", m));
    let digits = mantissa.replace('.', "");
    let (whole, fraction, suffix) = match exponent {
        -3..=-1 => ("0".to_owned(), format!("{}{digits}", "0".repeat((-1 - exponent) as usize)), String::new()),
        0..=6 => {
            let (whole, fraction) = digits.split_at(digits.len().min(exponent as usize + 1));
            (format!("{whole:0<width$}", width = exponent as usize + 1), fraction.to_owned(), String::new())
        }
        _ => (digits[..1].to_owned(), digits[1..].to_owned(), format!("E{exponent}")),
    };
    format!("{sign}{whole}.{}{suffix}", if fraction.is_empty() { "0" } else { &fraction })
}

/// The fewest digits that read back as the same number, in scientific notation; of two equally near, the one with an
/// even last digit.
fn shortest_digits<T: LowerExp + FromStr + PartialEq + Copy>(value: T) -> String {
    let text = format!("{value:e}");
    let mantissa = text.split('e').next().unwrap_or_default().trim_start_matches('-');
    // With a given number of digits, Rust rounds halves to even.
    let even = format!("{value:.*e}", mantissa.len().saturating_sub(2));
    if even.parse::<T>().is_ok_and(|read| read == value) { even } else { text }
}

fn print_duration((months, days, nanos): (i32, i32, i64)) -> String {
    let negative = months < 0 || days < 0 || nanos < 0;
    let mut out = String::from(if negative { "-" } else { "" });
    let months = months.unsigned_abs();
    let mut rest = nanos.unsigned_abs();
    let calendar = [(months / 12, "y"), (months % 12, "mo"), (days.unsigned_abs(), "d")];
    for (count, unit) in calendar.into_iter().filter(|(count, _)| *count > 0) {
        let _ = write!(out, "{count}{unit}");
    }
    for (size, unit) in DURATION_UNITS {
        if rest >= size {
            let _ = write!(out, "{}{unit}", rest / size);
            rest %= size;
        }
    }
    if out.is_empty() { "0ns".to_owned() } else { out }
}

fn parts_literal(data_type: &DataType, bytes: &[u8]) -> Option<String> {
    let parts = parts(data_type, bytes).ok()?;
    let (open, close) = match data_type {
        DataType::List(_) | DataType::Vector(..) => ('[', ']'),
        DataType::Tuple(_) => ('(', ')'),
        _ => ('{', '}'),
    };
    let mut out = String::from(open);
    for (i, part) in parts.iter().enumerate() {
        let after_key = matches!(data_type, DataType::Map(..)) && i % 2 == 1;
        out.push_str(if i == 0 {
            ""
        } else if after_key {
            ": "
        } else {
            ", "
        });
        if let DataType::Udt(udt) = data_type {
            let _ = write!(out, "{}: ", udt.fields.get(i).map_or("", |(name, _)| name));
        }
        match part {
            Some(part) => out.push_str(&literal(part_type(data_type, i), part)),
            None => out.push_str("null"),
        }
    }
    out.push(close);
    Some(out)
}
