//! Exponentials and logarithms of decimals, to as many digits as the argument has and at least 32. They are computed in
//! fixed-point integers with guard digits.

use super::decimal::Decimal;
use super::number_error::NumberError;
use crate::limits::EXP_ARGUMENT_MAX;
use num_bigint::{BigInt, Sign};

/// Minimum digits of a result.
const DIGITS_MIN: i64 = 32;
/// Maximum digits of a result. The work grows with their square.
const DIGITS_MAX: i64 = 1_000;
/// Guard digits, computed beyond those of the result.
const GUARD_DIGITS: i64 = 12;

/// A fixed-point number: `value * 10^-digits`.
struct FixedPoint {
    value: BigInt,
    digits: i64,
}

fn one(digits: i64) -> BigInt {
    // Digits are never negative, and bounded by the caller.
    BigInt::from(10).pow(u32::try_from(digits).unwrap_or(0))
}

fn digits_of(argument: &Decimal) -> i64 {
    argument.precision().clamp(DIGITS_MIN, DIGITS_MAX)
}

impl FixedPoint {
    /// The decimal truncated to `digits` digits after the point.
    fn of(decimal: &Decimal, digits: i64) -> Result<FixedPoint, NumberError> {
        let scaled = Decimal { unscaled: decimal.unscaled.clone(), scale: decimal.scale - digits };
        Ok(FixedPoint { value: scaled.truncate()?, digits })
    }

    /// The reciprocal.
    fn inverse(&self, digits: i64) -> Decimal {
        let places = self.value.magnitude().to_string().len() as i64 + digits + GUARD_DIGITS;
        Decimal { unscaled: one(places) / &self.value, scale: places - self.digits }.round_to_digits(digits)
    }

    fn to_decimal(&self, digits: i64) -> Decimal {
        Decimal { unscaled: self.value.clone(), scale: self.digits }.round_to_digits(digits)
    }
}

/// e to the power of the argument.
pub(super) fn exp(argument: &Decimal) -> Result<Decimal, NumberError> {
    let digits = digits_of(argument);
    if argument.unscaled.sign() == Sign::NoSign {
        return Ok(Decimal::whole(BigInt::from(1)));
    }
    let whole = argument.truncate()?;
    if whole.magnitude() > &EXP_ARGUMENT_MAX.into() {
        return Err(NumberError::ExpArgument);
    }
    let is_negative = argument.unscaled.sign() == Sign::Minus;
    let exponential = exp_of(&FixedPoint::of(&argument.clone().absolute(), digits + GUARD_DIGITS)?);
    Ok(strip_if_exact(if is_negative { exponential.inverse(digits) } else { exponential.to_decimal(digits) }))
}

/// Strips trailing zeros if they are more than half of the digits, which means that the result is exact.
fn strip_if_exact(result: Decimal) -> Decimal {
    if result.unscaled.sign() == Sign::NoSign {
        return Decimal::whole(BigInt::from(0));
    }
    let stripped = result.clone().strip_zeros();
    if stripped.precision() * 2 < result.precision() { stripped } else { result }
}

/// The Taylor series of the argument divided by a power of two, then squared as often.
fn exp_of(argument: &FixedPoint) -> FixedPoint {
    let halvings = 8 + argument.value.bits().saturating_sub(one(argument.digits).bits());
    let spare = i64::try_from(halvings).unwrap_or(0) + 4;
    let places = argument.digits + spare;
    let unit = one(places);
    let small = (&argument.value * one(spare)) >> halvings;
    let (mut term, mut sum) = (unit.clone(), unit.clone());
    let mut n = 1u32;
    loop {
        term = term * &small / &unit / n;
        if term.sign() == Sign::NoSign || term == BigInt::from(-1) {
            break;
        }
        sum += &term;
        n += 1;
    }
    for _ in 0..halvings {
        sum = &sum * &sum / &unit;
    }
    FixedPoint { value: sum, digits: places }
}

/// The natural logarithm.
pub(super) fn log(argument: &Decimal) -> Result<Decimal, NumberError> {
    if argument.unscaled.sign() != Sign::Plus {
        return Err(NumberError::LogArgument);
    }
    let digits = digits_of(argument);
    let result = log_to(argument, digits + GUARD_DIGITS)?;
    Ok(strip_if_exact(result.to_decimal(digits)))
}

/// The logarithm to base ten.
pub(super) fn log10(argument: &Decimal) -> Result<Decimal, NumberError> {
    if argument.unscaled.sign() != Sign::Plus {
        return Err(NumberError::Log10Argument);
    }
    let digits = digits_of(argument);
    let places = digits + GUARD_DIGITS;
    let of_argument = log_to(argument, places)?;
    let of_ten = log_to(&Decimal::whole(BigInt::from(10)), places)?;
    let value = of_argument.value * one(places) / of_ten.value;
    // A result that differs from an integer only in the last four guard digits is that integer.
    let nearest = (&value + one(places) / 2u8) / one(places) * one(places);
    let near = (&value - &nearest).magnitude() < one(4).magnitude();
    let result = FixedPoint { value: if near { nearest } else { value }, digits: places };
    Ok(strip_if_exact(result.to_decimal(digits)))
}

/// The natural logarithm to `places` digits after the point, as `ln m + e ln 10` of `m * 10^e` with `1 <= m < 10`.
fn log_to(argument: &Decimal, places: i64) -> Result<FixedPoint, NumberError> {
    let places = places + 12;
    let exponent = argument.precision() - argument.scale - 1;
    let mantissa = Decimal { unscaled: argument.unscaled.clone(), scale: argument.scale + exponent };
    let unit = one(places);
    let mut mantissa = FixedPoint::of(&mantissa, places)?.value;
    // `m` is halved until it is near one: ln m = ln (m / 2^n) + n ln 2.
    let mut halvings = 0i64;
    while mantissa > &unit * 3 / 2 {
        mantissa /= 2;
        halvings += 1;
    }
    let two = inverse_hyperbolic(&unit, &(&unit * 3), &unit) * 2;
    let ten = &two * 3 + inverse_hyperbolic(&unit, &(&unit * 9), &unit) * 2;
    let near = inverse_hyperbolic(&(&mantissa - &unit), &(&mantissa + &unit), &unit) * 2;
    let value = near + two * halvings + ten * exponent;
    Ok(FixedPoint { value: value / one(12), digits: places - 12 })
}

/// The inverse hyperbolic tangent of `above / below`, a fraction well below one, in multiples of `1 / unit`.
fn inverse_hyperbolic(above: &BigInt, below: &BigInt, unit: &BigInt) -> BigInt {
    let first = above * unit / below;
    let square = &first * &first / unit;
    let (mut power, mut sum, mut n) = (first.clone(), first, 3u32);
    loop {
        power = power * &square / unit;
        if power.sign() == Sign::NoSign {
            return sum;
        }
        sum += &power / n;
        n += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_form::of_number;
    use henge_model::DataType;

    fn decimal(text: &str) -> Decimal {
        Decimal::of_bytes(&of_number(text, &DataType::Decimal).unwrap()).unwrap()
    }

    fn result_text(result: Result<Decimal, NumberError>) -> String {
        DataType::Decimal.literal(&result.unwrap().to_bytes().unwrap())
    }

    #[test]
    fn results_have_32_digits() {
        assert_eq!(result_text(exp(&decimal("10.50"))), "36315.502674246637738912026901317");
        assert_eq!(result_text(exp(&decimal("1e-5"))), "1.0000100000500001666670833341667");
        assert_eq!(result_text(exp(&decimal("0"))), "1");
        assert_eq!(result_text(exp(&decimal("-100"))), "3.7200759760208359629596958038631E-44");
        assert_eq!(result_text(log(&decimal("10.50"))), "2.3513752571634776870833658589075");
        assert_eq!(result_text(log(&decimal("1e-5"))), "-11.512925464970228420089957273422");
        assert_eq!(result_text(log10(&decimal("10.50"))), "1.0211892990699380727935052671233");
        assert_eq!(result_text(log10(&decimal("1e-5"))), "-5");
        assert_eq!(result_text(log10(&decimal("123456789.987654321"))), "8.0915149806436263205069926630572");
    }

    #[test]
    fn what_would_fill_memory_is_refused() {
        assert_eq!(result_text(exp(&decimal("20000"))), "7.7560047259868610458320406792635E+8685");
        assert!(exp(&decimal("1e9")).is_err());
        assert!(exp(&decimal("1e2000000000")).is_err());
        assert!(log(&decimal("-1")).is_err());
        assert_eq!(log(&decimal("1e2000000000")).unwrap().precision(), 32);
    }
}
