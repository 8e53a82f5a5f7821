//! Numbers of all types, converted into one another like Java's `Number`.

use super::decimal::Decimal;
use super::number_error::NumberError;
use crate::limits::NUMBER_BYTES_MAX;
use crate::text_form;
use henge_model::DataType;
use num_bigint::BigInt;

/// A number in the representation of its type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Number {
    /// An integer of 8, 16, 32 or 64 bits.
    Integer(i64),
    Varint(BigInt),
    Float(f32),
    Double(f64),
    Decimal(Decimal),
}

/// True if values of the type are numbers.
pub(crate) fn is_number(data_type: &DataType) -> bool {
    use DataType::{Bigint, Counter, Decimal, Double, Float, Int, Smallint, Tinyint, Varint};
    matches!(data_type, Tinyint | Smallint | Int | Bigint | Counter | Varint | Float | Double | Decimal)
}

impl Number {
    /// Decodes native bytes; `None` for the empty value.
    pub(crate) fn of_bytes(data_type: &DataType, bytes: &[u8]) -> Result<Option<Number>, NumberError> {
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.len() > NUMBER_BYTES_MAX {
            return Err(NumberError::ArgumentTooLong { data_type: data_type.clone(), bytes: bytes.len() });
        }
        Ok(match data_type {
            DataType::Float => bytes.try_into().ok().map(|b| Number::Float(f32::from_be_bytes(b))),
            DataType::Double => bytes.try_into().ok().map(|b| Number::Double(f64::from_be_bytes(b))),
            DataType::Varint => Some(Number::Varint(BigInt::from_signed_bytes_be(bytes))),
            DataType::Decimal => Decimal::of_bytes(bytes).map(Number::Decimal),
            _ => integer(bytes).map(Number::Integer),
        })
    }

    /// Encodes the number as a value of a type, truncated or rounded to it.
    pub(crate) fn to_bytes(&self, data_type: &DataType) -> Result<Vec<u8>, NumberError> {
        let bytes = match data_type {
            DataType::Tinyint => (self.to_i32()? as i8).to_be_bytes().to_vec(),
            DataType::Smallint => (self.to_i32()? as i16).to_be_bytes().to_vec(),
            DataType::Int => self.to_i32()?.to_be_bytes().to_vec(),
            DataType::Float => self.to_f32().to_be_bytes().to_vec(),
            DataType::Double => self.to_f64().to_be_bytes().to_vec(),
            DataType::Varint => self.to_varint()?.to_signed_bytes_be(),
            DataType::Decimal => self.to_decimal()?.to_bytes()?,
            _ => self.to_i64()?.to_be_bytes().to_vec(),
        };
        if bytes.len() > NUMBER_BYTES_MAX {
            return Err(NumberError::ResultTooLong { bytes: bytes.len() });
        }
        Ok(bytes)
    }

    /// As 32 bits: the low bits of an integer, the nearest value to a float.
    fn to_i32(&self) -> Result<i32, NumberError> {
        Ok(match self {
            Number::Float(value) => *value as i32,
            Number::Double(value) => *value as i32,
            other => other.to_i64()? as i32,
        })
    }

    pub(crate) fn to_i64(&self) -> Result<i64, NumberError> {
        Ok(match self {
            Number::Integer(value) => *value,
            Number::Varint(value) => low_bits(value),
            Number::Float(value) => *value as i64,
            Number::Double(value) => *value as i64,
            Number::Decimal(value) => low_bits(&value.truncate()?),
        })
    }

    pub(crate) fn to_f32(&self) -> f32 {
        match self {
            Number::Integer(value) => *value as f32,
            Number::Float(value) => *value,
            Number::Double(value) => *value as f32,
            Number::Varint(value) => value.to_string().parse().unwrap_or(f32::NAN),
            Number::Decimal(value) => scientific(value).parse().unwrap_or(f32::NAN),
        }
    }

    pub(crate) fn to_f64(&self) -> f64 {
        match self {
            Number::Integer(value) => *value as f64,
            Number::Float(value) => f64::from(*value),
            Number::Double(value) => *value,
            Number::Varint(value) => value.to_string().parse().unwrap_or(f64::NAN),
            Number::Decimal(value) => scientific(value).parse().unwrap_or(f64::NAN),
        }
    }

    pub(crate) fn to_varint(&self) -> Result<BigInt, NumberError> {
        match self {
            Number::Varint(value) => Ok(value.clone()),
            Number::Decimal(value) => value.truncate(),
            other => other.to_i64().map(BigInt::from),
        }
    }

    /// As a decimal. Integers other than varints go through a double, as in Cassandra.
    pub(crate) fn to_decimal(&self) -> Result<Decimal, NumberError> {
        match self {
            Number::Decimal(value) => Ok(value.clone()),
            Number::Varint(value) => Ok(Decimal::whole(value.clone())),
            other => decimal_of(other.to_f64()),
        }
    }

    /// True unless it is infinite or NaN.
    pub(crate) fn is_finite(&self) -> bool {
        match self {
            Number::Float(value) => value.is_finite(),
            Number::Double(value) => value.is_finite(),
            _ => true,
        }
    }
}

/// The decimal that the double prints as.
pub(crate) fn decimal_of(value: f64) -> Result<Decimal, NumberError> {
    if value.is_nan() {
        return Err(NumberError::NanToDecimal);
    }
    if value.is_infinite() {
        return Err(NumberError::InfiniteToDecimal);
    }
    let text = DataType::Double.literal(&value.to_be_bytes());
    let bytes = text_form::of_number(&text, &DataType::Decimal);
    bytes.and_then(|bytes| Decimal::of_bytes(&bytes)).ok_or(NumberError::NoDecimal(text))
}

/// Decodes an integer of at most 8 bytes.
fn integer(bytes: &[u8]) -> Option<i64> {
    let negative = bytes.first()? >> 7 == 1;
    let mut all = [if negative { 0xff } else { 0 }; 8];
    all.get_mut(8usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(i64::from_be_bytes(all))
}

fn low_bits(value: &BigInt) -> i64 {
    let mut bytes = value.to_signed_bytes_le();
    let fill = if value.sign() == num_bigint::Sign::Minus { 0xff } else { 0 };
    bytes.resize(8.max(bytes.len()), fill);
    bytes.first_chunk::<8>().map_or(0, |low| i64::from_le_bytes(*low))
}

fn scientific(value: &Decimal) -> String {
    format!("{}e{}", value.unscaled, -value.scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert_text(from: &DataType, text: &str, to: &DataType) -> String {
        let bytes = text_form::of_number(text, from).unwrap();
        to.literal(&Number::of_bytes(from, &bytes).unwrap().unwrap().to_bytes(to).unwrap())
    }

    #[test]
    fn numbers_turn_into_one_another_as_in_java() {
        assert_eq!(convert_text(&DataType::Double, "300.7", &DataType::Tinyint), "44");
        assert_eq!(convert_text(&DataType::Double, "1e30", &DataType::Int), "2147483647");
        assert_eq!(convert_text(&DataType::Varint, "18446744073709551617", &DataType::Bigint), "1");
        assert_eq!(convert_text(&DataType::Varint, "-1", &DataType::Bigint), "-1");
        assert_eq!(convert_text(&DataType::Decimal, "-1.9", &DataType::Varint), "-1");
        assert_eq!(convert_text(&DataType::Int, "7", &DataType::Decimal), "7.0");
        assert_eq!(convert_text(&DataType::Decimal, "1e400", &DataType::Double), "Infinity");
    }

    #[test]
    fn the_empty_value_is_no_number() {
        assert_eq!(Number::of_bytes(&DataType::Int, b""), Ok(None));
        assert!(Number::of_bytes(&DataType::Varint, &[1; 20_000]).is_err());
        assert!(Number::Double(f64::NAN).to_bytes(&DataType::Decimal).is_err());
    }
}
