//! Whether bytes are a value.

use super::ValueError;
use super::parts::{fixed_length, is_composite, part_type, parts};
use crate::DataType;
use henge_base::Reader;

/// Nanoseconds of a day.
const DAY_NANOS: i64 = 86_400_000_000_000;

pub(super) fn validate(data_type: &DataType, bytes: &[u8]) -> Result<(), ValueError> {
    let data_type = data_type.unfrozen();
    if is_composite(data_type) {
        return composite(data_type, bytes);
    }
    match data_type {
        DataType::Ascii if !bytes.is_ascii() => Err(ValueError::Encoding("ascii")),
        DataType::Text if std::str::from_utf8(bytes).is_err() => Err(ValueError::Encoding("UTF-8")),
        DataType::Ascii | DataType::Text | DataType::Blob | DataType::Varint => Ok(()),
        DataType::Tinyint | DataType::Smallint | DataType::Date => exact(data_type, bytes),
        DataType::Time => time(bytes),
        DataType::Duration => duration(bytes).map(|_| ()),
        _ if bytes.is_empty() => Ok(()),
        DataType::Empty => length(data_type, bytes, false, "0"),
        DataType::Inet => length(data_type, bytes, matches!(bytes.len(), 4 | 16), "4 or 16"),
        DataType::Decimal => length(data_type, bytes, bytes.len() > 4, "5 or more"),
        DataType::Timeuuid => timeuuid(bytes),
        _ => exact(data_type, bytes),
    }
}

fn length(data_type: &DataType, bytes: &[u8], ok: bool, expected: &'static str) -> Result<(), ValueError> {
    match ok {
        true => Ok(()),
        false => Err(ValueError::Length { data_type: data_type.to_string(), expected, actual: bytes.len() }),
    }
}

/// Fails unless a value of a fixed-length type has that length.
pub(super) fn exact(data_type: &DataType, bytes: &[u8]) -> Result<(), ValueError> {
    let (wanted, words) = match fixed_length(data_type) {
        Some(1) => (1, "1"),
        Some(2) => (2, "2"),
        Some(4) => (4, "4"),
        Some(8) => (8, "8"),
        _ => (16, "16"),
    };
    length(data_type, bytes, bytes.len() == wanted, words)
}

fn time(bytes: &[u8]) -> Result<(), ValueError> {
    exact(&DataType::Time, bytes)?;
    match Reader::new(bytes).i64() {
        Ok(nanos) if (0..DAY_NANOS).contains(&nanos) => Ok(()),
        _ => Err(ValueError::Content("a time lies between 0 and 86399999999999 nanoseconds")),
    }
}

fn timeuuid(bytes: &[u8]) -> Result<(), ValueError> {
    exact(&DataType::Timeuuid, bytes)?;
    match bytes[6] >> 4 {
        1 => Ok(()),
        _ => Err(ValueError::Content("a timeuuid is a UUID of version 1")),
    }
}

/// Months, days and nanoseconds of a duration.
pub(super) fn duration(bytes: &[u8]) -> Result<(i32, i32, i64), ValueError> {
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

fn composite(data_type: &DataType, bytes: &[u8]) -> Result<(), ValueError> {
    let nullable = matches!(data_type, DataType::Tuple(_) | DataType::Udt(_));
    for (i, part) in parts(data_type, bytes)?.into_iter().enumerate() {
        match part {
            Some(part) => validate(part_type(data_type, i), part)?,
            None if nullable => {}
            None => return Err(ValueError::Content("null is not allowed inside a collection")),
        }
    }
    Ok(())
}
