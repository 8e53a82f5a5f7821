//! Validation of native encodings.

use super::ValueError;
use super::parts::{fixed_length, is_composite, leading_parts, part_type, parts};
use crate::DataType;
use henge_base::Reader;

/// Nanoseconds per day.
const DAY_NANOS: i64 = 86_400_000_000_000;

pub(super) fn validate(data_type: &DataType, bytes: &[u8]) -> Result<(), ValueError> {
    let data_type = data_type.unfrozen();
    if is_composite(data_type) {
        return validate_composite(data_type, bytes);
    }
    match data_type {
        DataType::Ascii => validate_ascii(bytes),
        DataType::Text => std::str::from_utf8(bytes).map(|_| ()).map_err(|_| ValueError::Utf8),
        DataType::Blob | DataType::Varint => Ok(()),
        DataType::Tinyint | DataType::Smallint | DataType::Date => check_length(data_type, bytes),
        DataType::Time => validate_time(bytes),
        DataType::Duration => decode_duration(bytes).map(|_| ()),
        _ if bytes.is_empty() => Ok(()),
        DataType::Empty => require_length(bytes, false, "0 bytes"),
        DataType::Inet => require_length(bytes, matches!(bytes.len(), 4 | 16), "4 or 16 byte inetaddress"),
        DataType::Decimal => require_length(bytes, bytes.len() > 4, "0 or at least 4 bytes"),
        DataType::Timeuuid => validate_timeuuid(bytes),
        _ => check_length(data_type, bytes),
    }
}

fn validate_ascii(bytes: &[u8]) -> Result<(), ValueError> {
    match bytes.is_ascii() {
        true => Ok(()),
        false => Err(ValueError::Ascii(bytes.iter().find(|byte| !byte.is_ascii()).map_or(0, |byte| *byte as i8))),
    }
}

fn require_length(bytes: &[u8], fits: bool, expected: &'static str) -> Result<(), ValueError> {
    match fits {
        true => Ok(()),
        false => Err(ValueError::Length { expected, actual: bytes.len() }),
    }
}

/// Fails unless the bytes have the length of the fixed-length type.
pub(super) fn check_length(data_type: &DataType, bytes: &[u8]) -> Result<(), ValueError> {
    let expected = match data_type {
        DataType::Boolean => "1 or 0 byte value",
        DataType::Tinyint => "1 byte for a tinyint",
        DataType::Smallint => "2 bytes for a smallint",
        DataType::Int => "4 or 0 byte int",
        DataType::Float => "4 or 0 byte value for a float",
        DataType::Date => "4 byte long for date",
        DataType::Double => "8 or 0 byte value for a double",
        DataType::Time => "8 byte long for time",
        DataType::Timestamp => "8 or 0 byte long for date",
        DataType::Uuid | DataType::Timeuuid if bytes.len() != 16 => return Err(ValueError::UuidLength(bytes.len())),
        _ => "8 or 0 byte long",
    };
    require_length(bytes, fixed_length(data_type) == Some(bytes.len()), expected)
}

fn validate_time(bytes: &[u8]) -> Result<(), ValueError> {
    check_length(&DataType::Time, bytes)?;
    match Reader::new(bytes).i64() {
        Ok(nanos) if (0..DAY_NANOS).contains(&nanos) => Ok(()),
        _ => Err(ValueError::Content("a time lies between 0 and 86399999999999 nanoseconds")),
    }
}

fn validate_timeuuid(bytes: &[u8]) -> Result<(), ValueError> {
    check_length(&DataType::Timeuuid, bytes)?;
    match bytes[6] >> 4 {
        1 => Ok(()),
        version => Err(ValueError::TimeuuidVersion(version)),
    }
}

/// Months, days and nanoseconds of a duration.
pub(super) fn decode_duration(bytes: &[u8]) -> Result<(i32, i32, i64), ValueError> {
    let mut reader = Reader::new(bytes);
    let mut next = || reader.signed_vint().map_err(|_| ValueError::Truncated("duration".to_owned()));
    let (months, days, nanos) = (next()?, next()?, next()?);
    let small = |v: i64| i32::try_from(v).map_err(|_| ValueError::Content("months and days of a duration fit 32 bits"));
    let signs = [months.signum(), days.signum(), nanos.signum()];
    if signs.contains(&1) && signs.contains(&-1) {
        return Err(ValueError::Content("the parts of a duration have one sign"));
    }
    match reader.is_empty() {
        true => Ok((small(months)?, small(days)?, nanos)),
        false => Err(ValueError::Trailing("duration".to_owned())),
    }
}

fn validate_composite(data_type: &DataType, bytes: &[u8]) -> Result<(), ValueError> {
    if bytes.is_empty() && matches!(data_type, DataType::Vector(..)) {
        return Err(ValueError::Content("Invalid empty vector value"));
    }
    let nullable = matches!(data_type, DataType::Tuple(_) | DataType::Udt(_));
    // As Cassandra validates elements while it reads them, what is wrong with one comes before a missing one.
    let (parts, fault) = match parts(data_type, bytes) {
        Ok(parts) => (parts, None),
        Err(fault) => (leading_parts(data_type, bytes), Some(fault)),
    };
    let mut has_null = false;
    for (i, part) in parts.into_iter().enumerate() {
        match part {
            Some(part) => validate(part_type(data_type, i), part)?,
            // A list is read to its end first.
            None if nullable || matches!(data_type, DataType::List(_)) => has_null = true,
            None => return Err(ValueError::NullElement),
        }
    }
    match fault {
        Some(fault) => Err(fault),
        None if has_null && !nullable => Err(ValueError::NullElement),
        None => Ok(()),
    }
}
