//! The conversions of `CAST`.

use super::failure::failure;
use super::number::Number;
use super::number_error::NumberError;
use super::{json, time};
use crate::error::Error;
use crate::text_form;
use henge_model::DataType;

/// A conversion with its source and target types.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cast {
    pub(super) from: DataType,
    pub(super) to: DataType,
}

/// A number that cannot be converted.
#[derive(Debug, thiserror::Error)]
enum CastError {
    #[error(transparent)]
    Number(#[from] NumberError),
    #[error("the value is empty")]
    Empty,
    #[error("a value that is not finite is no decimal")]
    NotFinite,
    #[error("the value is no decimal")]
    NoDecimal,
}

impl Cast {
    /// Converts the value. The empty value of types other than ascii becomes null.
    pub(crate) fn call(&self, value: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        if value.is_empty() && self.from != DataType::Ascii {
            return Ok(None);
        }
        let made = match self.to {
            DataType::Text | DataType::Ascii => Ok(text(&self.from, value).into_bytes()),
            DataType::Date => return time::milliseconds(&self.from, value).map(|at| Some(time::date(at))),
            DataType::Timestamp => {
                return time::milliseconds(&self.from, value).map(|at| Some(at.to_be_bytes().to_vec()));
            }
            _ => self.number(value),
        };
        let failed = |why: CastError| failure(&format!("cast_as_{}", self.to), &[&self.from], why);
        made.map(Some).map_err(failed)
    }

    fn number(&self, value: &[u8]) -> Result<Vec<u8>, CastError> {
        let number = Number::of_bytes(&self.from, value)?.ok_or(CastError::Empty)?;
        if self.to != DataType::Decimal && self.to != DataType::Varint {
            return Ok(number.to_bytes(&self.to)?);
        }
        let whole = match number {
            Number::Varint(value) => Number::Varint(value),
            Number::Integer(value) => Number::Varint(value.into()),
            // A number with a fraction becomes a varint by way of 64 bits, as in Cassandra.
            number if self.to == DataType::Varint => Number::Integer(number.to_i64()?),
            number if !number.is_finite() => return Err(CastError::NotFinite),
            _ => {
                return text_form::of_number(&self.from.literal(value), &self.to).ok_or(CastError::NoDecimal);
            }
        };
        Ok(whole.to_bytes(&self.to)?)
    }
}

/// The value as text, without quotes.
fn text(data_type: &DataType, value: &[u8]) -> String {
    let literal = data_type.literal(value);
    match data_type {
        DataType::Ascii => String::from_utf8_lossy(value).into_owned(),
        DataType::Inet => json::address(data_type, value),
        DataType::Timestamp => json::timestamp(value, 'T'),
        _ => literal.trim_matches('\'').to_owned(),
    }
}
