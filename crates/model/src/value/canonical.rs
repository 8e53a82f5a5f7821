//! The one encoding that stands for all values that are equal.

use super::number::Decimal;
use crate::DataType;
use henge_base::{Bytes, Reader};

/// The most zeros that are appended to a decimal's digits in place of a negative scale.
const ZEROS_MAX: i64 = 40;

pub(super) fn canonical(data_type: &DataType, bytes: &[u8]) -> Bytes {
    let as_it_is = || Bytes::copy_from_slice(bytes);
    if bytes.is_empty() || !has_several_encodings(data_type) {
        return as_it_is();
    }
    let mut key = Vec::new();
    if data_type.encode_key(bytes, &mut key).is_err() {
        return as_it_is();
    }
    let normal = data_type.decode_key(&mut Reader::new(&key)).unwrap_or_else(|_| as_it_is());
    match data_type {
        DataType::Decimal => without_exponent(&normal),
        _ => normal,
    }
}

/// True if equal values of the type may have different bytes.
fn has_several_encodings(data_type: &DataType) -> bool {
    use DataType::{Ascii, Bigint, Blob, Date, Inet, Int, Smallint, Text, Time, Timestamp, Timeuuid, Tinyint, Uuid};
    !matches!(
        data_type,
        Ascii | Bigint | Blob | Date | Inet | Int | Smallint | Text | Time | Timestamp | Timeuuid | Tinyint | Uuid
    )
}

/// A decimal with its negative scale replaced by zeros (1E+1 becomes 10), if they are at most [`ZEROS_MAX`].
fn without_exponent(bytes: &[u8]) -> Bytes {
    let Some(mut decimal) = Decimal::parse(bytes) else { return Bytes::copy_from_slice(bytes) };
    let zeros = decimal.exponent - decimal.digits.len() as i64;
    if (1..=ZEROS_MAX).contains(&zeros) {
        decimal.digits.resize(decimal.digits.len() + zeros as usize, 0);
        return decimal.bytes().into();
    }
    Bytes::copy_from_slice(bytes)
}
