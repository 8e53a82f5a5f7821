//! `abs`, `exp`, `log`, `log10` and `round` of every number type. The result has the type of the argument.

use super::failure::failure;
use super::logarithm;
use super::number::Number;
use super::number_error::NumberError;
use crate::error::Error;
use henge_model::DataType;

/// A mathematical function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Math {
    Abs,
    Exp,
    Log,
    Log10,
    Round,
}

impl Math {
    fn name(self) -> &'static str {
        match self {
            Math::Abs => "abs",
            Math::Exp => "exp",
            Math::Log => "log",
            Math::Log10 => "log10",
            Math::Round => "round",
        }
    }

    /// The result; `None` for the empty value.
    pub(super) fn call(self, data_type: &DataType, value: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let made = Number::of_bytes(data_type, value).and_then(|number| match number {
            None => Ok(None),
            Some(number) => self.of(number)?.to_bytes(data_type).map(Some),
        });
        made.map_err(|why| failure(self.name(), &[data_type], why))
    }

    fn of(self, number: Number) -> Result<Number, NumberError> {
        Ok(match (self, number) {
            (Math::Abs, Number::Integer(value)) => Number::Integer(value.wrapping_abs()),
            (Math::Abs, Number::Varint(value)) => Number::Varint(value.magnitude().clone().into()),
            (Math::Abs, Number::Float(value)) => Number::Float(value.abs()),
            (Math::Abs, Number::Double(value)) => Number::Double(value.abs()),
            (Math::Abs, Number::Decimal(value)) => Number::Decimal(value.absolute()),
            (Math::Round, Number::Float(value)) => Number::Float(round(f64::from(value)) as i32 as f32),
            (Math::Round, Number::Double(value)) => Number::Double(round(value) as i64 as f64),
            (Math::Round, Number::Decimal(value)) => Number::Decimal(value.round()?),
            (Math::Round, whole) => whole,
            (_, number @ (Number::Varint(_) | Number::Decimal(_))) => {
                let value = number.to_decimal()?;
                Number::Decimal(match self {
                    Math::Exp => logarithm::exp(&value)?,
                    Math::Log10 => logarithm::log10(&value)?,
                    _ => logarithm::log(&value)?,
                })
            }
            (_, number) => {
                let value = number.to_f64();
                Number::Double(match self {
                    Math::Exp => value.exp(),
                    Math::Log10 => value.log10(),
                    _ => value.ln(),
                })
            }
        })
    }
}

/// Rounds to an integer, half upwards. The caller converts NaN to 0 and clamps to its range.
fn round(value: f64) -> f64 {
    let below = value.floor();
    if value - below >= 0.5 { below + 1.0 } else { below }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_form::of_number;

    fn result(math: Math, data_type: &DataType, text: &str) -> String {
        let value = of_number(text, data_type).unwrap();
        data_type.literal(&math.call(data_type, &value).unwrap().unwrap())
    }

    #[test]
    fn whole_numbers_stay_whole() {
        assert_eq!(result(Math::Abs, &DataType::Tinyint, "-128"), "-128");
        assert_eq!(result(Math::Exp, &DataType::Smallint, "100"), "-1");
        assert_eq!(result(Math::Log, &DataType::Int, "0"), "-2147483648");
        assert_eq!(result(Math::Exp, &DataType::Varint, "40"), "235385266837019985");
    }

    #[test]
    fn halves_are_rounded_up_but_away_from_zero_in_decimals() {
        assert_eq!(result(Math::Round, &DataType::Double, "-2.5"), "-2.0");
        assert_eq!(result(Math::Round, &DataType::Double, "0.49999999999999994"), "0.0");
        assert_eq!(result(Math::Round, &DataType::Float, "NaN"), "0.0");
        assert_eq!(result(Math::Round, &DataType::Decimal, "-2.5"), "-3");
    }

    #[test]
    fn no_logarithm_of_nothing() {
        assert!(Math::Log.call(&DataType::Decimal, &of_number("0", &DataType::Decimal).unwrap()).is_err());
        assert_eq!(result(Math::Log, &DataType::Double, "0"), "-Infinity");
    }
}
