//! `+ - * / %` and negation: the operand types that are allowed, and the results.

use super::failure::failure;
use super::number::{Number, is_number};
use super::number_error::NumberError;
use crate::calendar::{DAY_MS, date_of, days_of};
use crate::error::Error;
use crate::limits::EXPRESSION_BYTES_MAX;
use crate::statement::ArithmeticOperator::{self, Add, Divide, Multiply, Remainder, Subtract};
use henge_base::Reader;
use henge_model::DataType;

/// An operation with its operand and result types.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arithmetic {
    pub(crate) operator: ArithmeticOperator,
    pub(crate) left: DataType,
    pub(crate) right: DataType,
    pub(crate) result: DataType,
}

/// The type of the result of an operation on values of these types; `None` if there is no such operation.
pub(crate) fn result_type(operator: ArithmeticOperator, left: &DataType, right: &DataType) -> Option<DataType> {
    match (operator, left, right) {
        (_, left, right) if is_number(left) && is_number(right) => Some(of_numbers(left, right)),
        (Add | Subtract, DataType::Timestamp | DataType::Date, DataType::Duration) => Some(left.clone()),
        (Add, DataType::Ascii, DataType::Ascii) => Some(DataType::Ascii),
        (Add, DataType::Ascii | DataType::Text, DataType::Ascii | DataType::Text) => Some(DataType::Text),
        _ => None,
    }
}

/// The wider type of both; a floating-point or decimal type if one of them is.
fn of_numbers(left: &DataType, right: &DataType) -> DataType {
    let is_float = |t: &DataType| matches!(t, DataType::Float | DataType::Double | DataType::Decimal);
    match (is_float(left) || is_float(right), width(left).max(width(right))) {
        (true, 4) => DataType::Float,
        (true, 8) => DataType::Double,
        (true, _) => DataType::Decimal,
        (false, 1) => DataType::Tinyint,
        (false, 2) => DataType::Smallint,
        (false, 4) => DataType::Int,
        (false, 8) => DataType::Bigint,
        (false, _) => DataType::Varint,
    }
}

/// The size of a number type in bytes. Types of variable length count as the widest.
fn width(data_type: &DataType) -> u8 {
    match data_type {
        DataType::Tinyint => 1,
        DataType::Smallint => 2,
        DataType::Int | DataType::Float => 4,
        DataType::Bigint | DataType::Counter | DataType::Double => 8,
        _ => u8::MAX,
    }
}

/// An operation without a result.
#[derive(Debug, thiserror::Error)]
enum ArithmeticError {
    #[error(transparent)]
    Number(#[from] NumberError),
    #[error("the text would have more than {EXPRESSION_BYTES_MAX} bytes")]
    TextTooLong,
    #[error("not a valid duration")]
    NoDuration,
    #[error("The duration must have a {unit} precision. Was: {duration}")]
    Precision { unit: &'static str, duration: String },
    #[error("not a valid timestamp")]
    NoTimestamp,
    #[error("not a valid date")]
    NoDate,
    #[error("the result is no date of the calendar")]
    BeyondCalendar,
}

impl Arithmetic {
    /// The result for two values; `None` if one of them is null or empty.
    pub(crate) fn call(&self, left: Option<&[u8]>, right: Option<&[u8]>) -> Result<Option<Vec<u8>>, Error> {
        let (Some(left), Some(right)) = (left, right) else { return Ok(None) };
        let made = match self.left {
            DataType::Timestamp | DataType::Date => self.shift_time(left, right),
            DataType::Ascii | DataType::Text if left.len() + right.len() > EXPRESSION_BYTES_MAX => {
                Err(ArithmeticError::TextTooLong)
            }
            DataType::Ascii | DataType::Text => Ok(Some([left, right].concat())),
            _ => self.of_numbers(left, right),
        };
        made.map_err(|why| {
            let message =
                format!("the operation '{} {} {}' failed: {why}", self.left, self.operator.sign(), self.right);
            failure(function_name(self.operator), &[&self.left, &self.right], message)
        })
    }

    fn of_numbers(&self, left: &[u8], right: &[u8]) -> Result<Option<Vec<u8>>, ArithmeticError> {
        let (left, right) = (Number::of_bytes(&self.left, left)?, Number::of_bytes(&self.right, right)?);
        let (Some(left), Some(right)) = (left, right) else { return Ok(None) };
        let result = match self.result {
            DataType::Float => Number::Float(of_f32(self.operator, left.to_f32(), right.to_f32())),
            DataType::Double => Number::Double(of_f64(self.operator, left.to_f64(), right.to_f64())),
            DataType::Decimal => of_decimals(self.operator, &left, &right)?,
            DataType::Varint => of_varints(self.operator, &left, &right)?,
            _ => Number::Integer(of_integers(self.operator, left.to_i64()?, right.to_i64()?)?),
        };
        Ok(Some(result.to_bytes(&self.result)?))
    }

    /// A timestamp or date moved forward or back by a duration.
    fn shift_time(&self, from: &[u8], by: &[u8]) -> Result<Option<Vec<u8>>, ArithmeticError> {
        if from.is_empty() || by.is_empty() {
            return Ok(None);
        }
        let (months, days, nanos) = duration(by).ok_or(ArithmeticError::NoDuration)?;
        let sign = if self.operator == Subtract { -1 } else { 1 };
        let later = |at: i64| after(at, sign * months, sign * days, sign.wrapping_mul(nanos) / 1_000_000);
        if self.left == DataType::Timestamp {
            if nanos % 1_000_000 != 0 {
                return Err(ArithmeticError::Precision {
                    unit: "millisecond",
                    duration: DataType::Duration.literal(by),
                });
            }
            let at = from.try_into().map(i64::from_be_bytes).map_err(|_| ArithmeticError::NoTimestamp)?;
            return Ok(Some(later(at).to_be_bytes().to_vec()));
        }
        if nanos != 0 {
            return Err(ArithmeticError::Precision { unit: "day", duration: DataType::Duration.literal(by) });
        }
        let day = from.try_into().map(u32::from_be_bytes).map_err(|_| ArithmeticError::NoDate)?;
        let at = (i64::from(day) - (1 << 31)) * DAY_MS;
        let day = later(at).div_euclid(DAY_MS) + (1 << 31);
        let day = u32::try_from(day).map_err(|_| ArithmeticError::BeyondCalendar)?;
        Ok(Some(day.to_be_bytes().to_vec()))
    }
}

/// The name under which Cassandra reports failures of the operation.
pub(crate) fn function_name(operator: ArithmeticOperator) -> &'static str {
    match operator {
        Add => "_add",
        Subtract => "_substract",
        Multiply => "_multiply",
        Divide => "_divide",
        Remainder => "_modulo",
    }
}

/// Decodes a duration into months, days and nanoseconds.
pub(crate) fn duration(bytes: &[u8]) -> Option<(i64, i64, i64)> {
    let mut reader = Reader::new(bytes);
    let mut next = || reader.signed_vint().ok();
    let (months, days, nanos) = (next()?, next()?, next()?);
    Some((i64::from(i32::try_from(months).ok()?), i64::from(i32::try_from(days).ok()?), nanos))
}

/// Adds months, days and milliseconds to a time in milliseconds. If the month lacks the day, its last day is used.
pub(crate) fn after(at: i64, months: i64, days: i64, milliseconds: i64) -> i64 {
    let (mut day, of_day) = (at.div_euclid(DAY_MS), at.rem_euclid(DAY_MS));
    if months != 0 {
        let (year, month, of_month) = date_of(day);
        let months = year * 12 + (month - 1) + months;
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
        let next_month = days_of(year + month / 12, month % 12 + 1, 1);
        day = (days_of(year, month, 1) + of_month - 1).min(next_month - 1);
    }
    (day + days).wrapping_mul(DAY_MS).wrapping_add(of_day).wrapping_add(milliseconds)
}

fn of_integers(operator: ArithmeticOperator, left: i64, right: i64) -> Result<i64, NumberError> {
    Ok(match operator {
        Add => left.wrapping_add(right),
        Subtract => left.wrapping_sub(right),
        Multiply => left.wrapping_mul(right),
        Divide | Remainder if right == 0 => return Err(NumberError::IntegerByZero),
        Divide => left.wrapping_div(right),
        Remainder => left.wrapping_rem(right),
    })
}

fn of_f32(operator: ArithmeticOperator, left: f32, right: f32) -> f32 {
    match operator {
        Add => left + right,
        Subtract => left - right,
        Multiply => left * right,
        Divide => left / right,
        Remainder => left % right,
    }
}

fn of_f64(operator: ArithmeticOperator, left: f64, right: f64) -> f64 {
    match operator {
        Add => left + right,
        Subtract => left - right,
        Multiply => left * right,
        Divide => left / right,
        Remainder => left % right,
    }
}

fn of_varints(operator: ArithmeticOperator, left: &Number, right: &Number) -> Result<Number, NumberError> {
    let (left, right) = (left.to_varint()?, right.to_varint()?);
    let by_zero = right.sign() == num_bigint::Sign::NoSign;
    Ok(Number::Varint(match operator {
        Add => left + right,
        Subtract => left - right,
        Multiply => left * right,
        Divide | Remainder if by_zero => return Err(NumberError::DivisionByZero),
        Divide => left / right,
        Remainder => left % right,
    }))
}

fn of_decimals(operator: ArithmeticOperator, left: &Number, right: &Number) -> Result<Number, NumberError> {
    let (left, right) = (left.to_decimal()?, right.to_decimal()?);
    Ok(Number::Decimal(match operator {
        Add => left.add(&right)?,
        Subtract => left.add(&right.negate())?,
        Multiply => left.multiply(&right),
        Divide => left.divide(&right)?,
        Remainder => left.remainder(&right)?,
    }))
}

/// The number with the opposite sign.
pub(crate) fn negate(data_type: &DataType, value: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let made = Number::of_bytes(data_type, value).and_then(|number| {
        let opposite = match number {
            None => return Ok(None),
            Some(Number::Integer(value)) => Number::Integer(value.wrapping_neg()),
            Some(Number::Varint(value)) => Number::Varint(-value),
            Some(Number::Float(value)) => Number::Float(-value),
            Some(Number::Double(value)) => Number::Double(-value),
            Some(Number::Decimal(value)) => Number::Decimal(value.negate()),
        };
        opposite.to_bytes(data_type).map(Some)
    });
    made.map_err(|why| failure("_negate", &[data_type], format!("the operation '-{data_type}' failed: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::literal;
    use crate::statement::Constant;
    use crate::text_form;

    fn bytes(text: &str, data_type: &DataType) -> Vec<u8> {
        let quoted = matches!(data_type, DataType::Timestamp | DataType::Date);
        let constant = match data_type {
            DataType::Duration => Constant::Duration(text.to_owned()),
            _ if quoted => Constant::String(text.to_owned()),
            _ => Constant::Float(text.to_owned()),
        };
        match constant {
            Constant::Float(text) => text_form::of_number(&text, data_type).unwrap(),
            other => literal::encode(&other, data_type, "c").unwrap(),
        }
    }

    fn result(operator: ArithmeticOperator, left: (&str, DataType), right: (&str, DataType)) -> Result<String, String> {
        let result = result_type(operator, &left.1, &right.1).unwrap();
        let (a, b) = (bytes(left.0, &left.1), bytes(right.0, &right.1));
        let operation = Arithmetic { operator, left: left.1, right: right.1, result: result.clone() };
        let made = operation.call(Some(&a), Some(&b)).map_err(|e| e.message)?;
        Ok(result.literal(&made.unwrap()))
    }

    #[test]
    fn the_wider_type_wins() {
        use DataType::{Bigint, Decimal, Double, Float, Int, Tinyint, Varint};
        assert_eq!(result_type(Add, &Int, &Bigint), Some(Bigint));
        assert_eq!(result_type(Add, &Int, &Float), Some(Float));
        assert_eq!(result_type(Add, &Bigint, &Float), Some(Double));
        assert_eq!(result_type(Add, &Varint, &Float), Some(Decimal));
        assert_eq!(result_type(Add, &Tinyint, &Tinyint), Some(Tinyint));
        assert_eq!(result_type(Add, &DataType::Uuid, &Int), None);
        assert_eq!(result_type(Multiply, &DataType::Date, &DataType::Duration), None);
    }

    #[test]
    fn whole_numbers_wrap_and_refuse_zero() {
        let int = |text| (text, DataType::Int);
        assert_eq!(result(Add, int("2147483647"), int("1")).as_deref(), Ok("-2147483648"));
        assert_eq!(result(Divide, int("-7"), int("2")).as_deref(), Ok("-3"));
        assert_eq!(result(Remainder, int("-7"), int("3")).as_deref(), Ok("-1"));
        assert_eq!(result(Divide, int("1"), int("0")), Err("the operation 'int / int' failed: / by zero".to_owned()));
        assert_eq!(result(Divide, int("1"), ("0", DataType::Double)).as_deref(), Ok("Infinity"));
    }

    #[test]
    fn times_move_by_months_days_and_milliseconds() {
        let at = |text| (text, DataType::Timestamp);
        let by = |text| (text, DataType::Duration);
        let moved = |text| result(Add, at("2020-01-31 10:00:00"), by(text)).unwrap();
        assert_eq!(moved("1mo"), "'2020-02-29T10:00:00.000Z'");
        assert_eq!(moved("1d2h"), "'2020-02-01T12:00:00.000Z'");
        assert_eq!(moved("-1mo1ms"), "'2019-12-31T09:59:59.999Z'");
        assert!(result(Add, at("2020-01-31"), by("1ns")).is_err());
        assert!(result(Add, ("2020-01-31", DataType::Date), by("1h")).is_err());
        assert_eq!(result(Subtract, ("2020-03-31", DataType::Date), by("1mo")).as_deref(), Ok("'2020-02-29'"));
        assert!(result(Add, ("5881580-07-11", DataType::Date), by("1d")).is_err());
    }

    #[test]
    fn null_makes_null() {
        let sum = Arithmetic { operator: Add, left: DataType::Int, right: DataType::Int, result: DataType::Int };
        assert_eq!(sum.call(None, Some(&[0, 0, 0, 1])), Ok(None));
        assert_eq!(sum.call(Some(b""), Some(&[0, 0, 0, 1])), Ok(None));
    }
}
