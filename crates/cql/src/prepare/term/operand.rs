//! Operands of arithmetic: the types that each may take, and the types that an operation settles on.

use crate::functions::arithmetic::result_type;
use crate::literal;
use crate::prepare::term::assignable::assignable;
use crate::statement::{ArithmeticOperator, Constant};
use henge_model::DataType;
use num_bigint::BigInt;
use std::str::FromStr;

/// The degree to which a value can have a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// The value cannot have the type.
    No,
    /// The value can be converted to the type.
    Weak,
    /// The value has exactly the type.
    Exact,
}

/// The types of operands, in the order in which they are tried.
pub(crate) const OPERAND_TYPES: [DataType; 14] = [
    DataType::Tinyint,
    DataType::Smallint,
    DataType::Int,
    DataType::Bigint,
    DataType::Float,
    DataType::Double,
    DataType::Decimal,
    DataType::Varint,
    DataType::Counter,
    DataType::Timestamp,
    DataType::Date,
    DataType::Text,
    DataType::Ascii,
    DataType::Duration,
];

/// The fit of an operand for each of [`OPERAND_TYPES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape([Fit; OPERAND_TYPES.len()]);

/// The reason for which the types of an operation cannot be determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperandTypeError {
    /// No operation takes such operands.
    Unsupported,
    /// Several types fit equally well.
    Ambiguous,
}

impl Shape {
    fn by(fit: impl Fn(&DataType) -> Fit) -> Shape {
        Shape(OPERAND_TYPES.each_ref().map(fit))
    }

    /// The shape of a bind marker or null, which can have any type but counter.
    pub(crate) fn any() -> Shape {
        Shape::by(|t| if *t == DataType::Counter { Fit::No } else { Fit::Weak })
    }

    /// The shape of a term that cannot be an operand.
    pub(crate) fn none() -> Shape {
        Shape::by(|_| Fit::No)
    }

    /// The shape of a value with a type of its own.
    pub(crate) fn of_type(data_type: &DataType) -> Shape {
        Shape::by(|t| fit_of_type(data_type, t))
    }

    /// The shape of a literal, which has a preferred type.
    pub(crate) fn of_literal(constant: &Constant) -> Shape {
        let preferred = preferred_type(constant);
        Shape::by(|t| match t {
            t if *t == preferred => Fit::Exact,
            DataType::Counter => Fit::No,
            t if literal::fits(constant, t) => Fit::Weak,
            _ => Fit::No,
        })
    }

    /// The shape of an operation; `settle` gives its result for a required type. An operation that does not settle fits
    /// every type, so that the error is reported for it and not for the operation around it.
    pub(crate) fn of_operation(settle: impl Fn(&DataType) -> Result<DataType, OperandTypeError>) -> Shape {
        Shape::by(|t| settle(t).map_or(Fit::Weak, |result| fit_of_type(&result, t)))
    }

    #[cfg(test)]
    fn fit(&self, data_type: &DataType) -> Fit {
        let place = OPERAND_TYPES.iter().position(|t| t == data_type);
        place.and_then(|place| self.0.get(place).copied()).unwrap_or(Fit::No)
    }
}

fn fit_of_type(from: &DataType, to: &DataType) -> Fit {
    match from.unfrozen() == to {
        true => Fit::Exact,
        false if assignable(from, to, "").is_ok() => Fit::Weak,
        false => Fit::No,
    }
}

/// The smallest of the usual types that holds a literal.
pub(crate) fn preferred_type(constant: &Constant) -> DataType {
    match constant {
        Constant::String(text) if text.is_ascii() => DataType::Ascii,
        Constant::Float(text) if !is_double(text) => DataType::Decimal,
        constant => literal::natural_type(constant).unwrap_or(DataType::Text),
    }
}

/// True if the number is written as a double prints it, so that a double loses nothing.
fn is_double(text: &str) -> bool {
    let Ok(double) = text.parse::<f64>() else { return false };
    if !double.is_finite() {
        return !text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) || text == "-NaN" || text == "-Infinity";
    }
    digits(text).is_some_and(|written| Some(written) == digits(&format!("{double:e}")))
}

/// The number as digits without trailing zeros, and an exponent.
fn digits(text: &str) -> Option<(BigInt, i64)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let kept = all.trim_end_matches('0');
    let exponent = exponent.parse::<i32>().ok().map(i64::from)? - fraction.len() as i64;
    let number = BigInt::from_str(if kept.is_empty() || kept == "-" { "0" } else { kept }).ok()?;
    let is_zero = number == BigInt::ZERO;
    let exponent = if is_zero { 0 } else { exponent + (all.len() - kept.len()) as i64 };
    Some((number, exponent))
}

/// The types of both operands of an operation whose result can be assigned to `wanted`. If `by_wanted` is true, that
/// type decides between equal fits.
pub(crate) fn settle(
    operator: ArithmeticOperator,
    [left, right]: [&Shape; 2],
    wanted: Option<&DataType>,
    by_wanted: bool,
) -> Result<[DataType; 2], OperandTypeError> {
    let mut weak = Vec::new();
    for (i, a) in OPERAND_TYPES.iter().enumerate() {
        for (j, b) in OPERAND_TYPES.iter().enumerate() {
            let fit = left.0[i].min(right.0[j]);
            if fit == Fit::No {
                continue;
            }
            let Some(result) = result_type(operator, a, b) else { continue };
            if wanted.is_some_and(|wanted| fit_of_type(&result, wanted.unfrozen()) == Fit::No) {
                continue;
            }
            if fit == Fit::Exact {
                return Ok([a.clone(), b.clone()]);
            }
            weak.push([a, b]);
        }
    }
    let chosen = match (&weak[..], wanted) {
        ([], _) => return Err(OperandTypeError::Unsupported),
        ([only], _) => Some(only),
        (several, Some(wanted)) if by_wanted => several.iter().find(|[a, b]| *a == wanted && *b == wanted),
        _ => None,
    };
    chosen.map(|[a, b]| [(*a).clone(), (*b).clone()]).ok_or(OperandTypeError::Ambiguous)
}

/// The type of a negated operand.
pub(crate) fn settle_negation(operand: &Shape, wanted: Option<&DataType>) -> Result<DataType, OperandTypeError> {
    let mut weak = Vec::new();
    for (data_type, fit) in OPERAND_TYPES.iter().zip(operand.0) {
        let is_number = result_type(ArithmeticOperator::Subtract, data_type, data_type).is_some();
        let wrong = wanted.is_some_and(|wanted| fit_of_type(data_type, wanted.unfrozen()) == Fit::No);
        if fit == Fit::No || !is_number || wrong {
            continue;
        }
        if fit == Fit::Exact {
            return Ok(data_type.clone());
        }
        weak.push(data_type);
    }
    match &weak[..] {
        [] => Err(OperandTypeError::Unsupported),
        [only] => Ok(DataType::clone(only)),
        _ => Err(OperandTypeError::Ambiguous),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::ArithmeticOperator::Add;

    fn literal(text: &str) -> Shape {
        let is_float = text.contains(['.', 'e', 'N', 'I']);
        let text = text.to_owned();
        Shape::of_literal(&if is_float { Constant::Float(text) } else { Constant::Integer(text) })
    }

    #[test]
    fn literals_prefer_the_smallest_type() {
        let preferred = |text: &str| preferred_type(&Constant::Float(text.to_owned()));
        assert_eq!(preferred("1.5"), DataType::Double);
        assert_eq!(preferred("-1e100"), DataType::Double);
        assert_eq!(preferred("NaN"), DataType::Double);
        assert_eq!(preferred("0.10"), DataType::Double);
        assert_eq!(preferred("1.12345678901234567890"), DataType::Decimal);
        assert_eq!(preferred("1e400"), DataType::Decimal);
        assert_eq!(literal("3000000000").fit(&DataType::Bigint), Fit::Exact);
    }

    #[test]
    fn what_is_wanted_decides_between_literals() {
        let both = [&literal("1"), &literal("2")];
        assert_eq!(settle(Add, both, None, true), Ok([DataType::Int, DataType::Int]));
        assert_eq!(settle(Add, both, Some(&DataType::Tinyint), true), Ok([DataType::Tinyint, DataType::Tinyint]));
        assert_eq!(settle(Add, both, Some(&DataType::Uuid), true), Err(OperandTypeError::Unsupported));
        let with_marker = [&literal("1"), &Shape::any()];
        assert_eq!(settle(Add, with_marker, Some(&DataType::Int), false), Err(OperandTypeError::Ambiguous));
        let dated =
            [&Shape::of_literal(&Constant::String("2020-01-01".to_owned())), &Shape::of_type(&DataType::Duration)];
        assert_eq!(settle(Add, dated, Some(&DataType::Date), true), Ok([DataType::Date, DataType::Duration]));
    }

    #[test]
    fn a_sum_fits_what_it_can_come_to() {
        let sum = Shape::of_operation(|wanted| {
            let operands = settle(Add, [&literal("1"), &literal("2")], Some(wanted), true)?;
            result_type(Add, &operands[0], &operands[1]).ok_or(OperandTypeError::Unsupported)
        });
        assert_eq!(sum.fit(&DataType::Bigint), Fit::Exact);
        assert_eq!(settle_negation(&sum, Some(&DataType::Bigint)), Ok(DataType::Bigint));
    }
}
