//! Decimals: an unscaled integer and a scale, the number of its digits after the point. Operations return the digits
//! and scale of Java's `BigDecimal`, so that results print as in Cassandra.

use super::number_error::NumberError;
use crate::limits::{DECIMAL_DIGITS_MAX, EXPONENT_GAP_MAX};
use num_bigint::{BigInt, Sign};

/// Minimum significant digits of a quotient, and minimum digits after its point.
const QUOTIENT_DIGITS_MIN: i64 = 32;
/// Maximum digits of a quotient after its point.
const QUOTIENT_SCALE_MAX: i64 = 1_000;

/// The number `unscaled / 10^scale`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) unscaled: BigInt,
    /// Fits in 32 bits when encoded.
    pub(crate) scale: i64,
}

impl Decimal {
    /// Decodes native bytes; `None` if they are too short.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Decimal> {
        let (scale, unscaled) = bytes.split_first_chunk::<4>()?;
        let unscaled = BigInt::from_signed_bytes_be(unscaled);
        Some(Decimal { unscaled, scale: i64::from(i32::from_be_bytes(*scale)) })
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, NumberError> {
        let scale = i32::try_from(self.scale).map_err(|_| NumberError::ExponentOverflow)?;
        let mut out = scale.to_be_bytes().to_vec();
        out.extend(self.unscaled.to_signed_bytes_be());
        Ok(out)
    }

    pub(crate) fn whole(unscaled: BigInt) -> Decimal {
        Decimal { unscaled, scale: 0 }
    }

    /// Decimal digits of the unscaled number; 1 for zero.
    pub(crate) fn precision(&self) -> i64 {
        digits(&self.unscaled)
    }

    fn is_zero(&self) -> bool {
        self.unscaled.sign() == Sign::NoSign
    }

    pub(crate) fn absolute(self) -> Decimal {
        Decimal { unscaled: self.unscaled.magnitude().clone().into(), ..self }
    }

    pub(crate) fn negate(self) -> Decimal {
        Decimal { unscaled: -self.unscaled, ..self }
    }

    pub(crate) fn add(&self, other: &Decimal) -> Result<Decimal, NumberError> {
        let scale = self.scale.max(other.scale);
        let unscaled = self.unscaled_at(scale)? + other.unscaled_at(scale)?;
        Ok(Decimal { unscaled, scale }.round_to_digits(DECIMAL_DIGITS_MAX))
    }

    pub(crate) fn multiply(&self, other: &Decimal) -> Decimal {
        let product = Decimal { unscaled: &self.unscaled * &other.unscaled, scale: self.scale + other.scale };
        product.round_to_digits(DECIMAL_DIGITS_MAX)
    }

    /// The quotient to at least 32 digits, without trailing zeros.
    pub(crate) fn divide(&self, other: &Decimal) -> Result<Decimal, NumberError> {
        if other.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        let first_digit = (self.precision() - self.scale) - (other.precision() - other.scale);
        let scale = (QUOTIENT_DIGITS_MIN - first_digit).max(self.scale).max(other.scale).max(QUOTIENT_DIGITS_MIN);
        let scale = scale.min(QUOTIENT_SCALE_MAX);
        let power = scale - self.scale + other.scale;
        let (mut dividend, mut divisor) = (self.unscaled.clone(), other.unscaled.clone());
        if power >= 0 {
            dividend *= ten_to(power)?
        } else {
            divisor *= ten_to(-power)?
        }
        Ok(Decimal { unscaled: half_up(&dividend, &divisor), scale }.strip_zeros())
    }

    pub(crate) fn remainder(&self, other: &Decimal) -> Result<Decimal, NumberError> {
        if other.is_zero() {
            return Err(NumberError::RemainderByZero);
        }
        let common = self.scale.max(other.scale);
        let (dividend, divisor) = (self.unscaled_at(common)?, other.unscaled_at(common)?);
        let (quotient, rest) = (&dividend / &divisor, &dividend % &divisor);
        // The quotient is an integer, with as many trailing zeros as the difference of scales requires.
        let preferred = self.scale - other.scale;
        let of_quotient = match quotient.sign() {
            Sign::NoSign => preferred,
            _ => preferred.max(-trailing_zeros(&quotient)).min(preferred.max(0)),
        };
        let scale = self.scale.max(of_quotient + other.scale);
        let rest = Decimal { unscaled: rest, scale: common };
        rest.with_scale(scale)
    }

    /// The average of `count` values, given `self` as the average of all but the last: `self + (last - self) / count`.
    /// The quotient keeps the scale of the dividend and rounds half to even.
    pub(crate) fn average_with(&self, last: &Decimal, count: u64) -> Result<Decimal, NumberError> {
        let way = last.add(&self.clone().negate())?;
        let (part, rest) = (&way.unscaled / count, &way.unscaled % count);
        let twice: BigInt = rest * 2u8;
        let is_odd = part.bit(0);
        let up = match twice.magnitude().cmp(&count.into()) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => is_odd,
            std::cmp::Ordering::Greater => true,
        };
        let step = if way.unscaled.sign() == Sign::Minus { -1 } else { 1 };
        let part = if up { part + step } else { part };
        self.add(&Decimal { unscaled: part, scale: way.scale })
    }

    /// Rounds to an integer, half away from zero.
    pub(crate) fn round(&self) -> Result<Decimal, NumberError> {
        if self.scale <= 0 {
            return Ok(Decimal::whole(self.unscaled_at(0)?));
        }
        if self.scale > self.precision() + 1 {
            return Ok(Decimal::whole(BigInt::ZERO));
        }
        Ok(Decimal::whole(half_up(&self.unscaled, &ten_to(self.scale)?)))
    }

    /// The integer part, truncated towards zero.
    pub(crate) fn truncate(&self) -> Result<BigInt, NumberError> {
        match self.scale {
            scale if scale > self.precision() => Ok(BigInt::ZERO),
            scale if scale > 0 => Ok(&self.unscaled / ten_to(scale)?),
            _ => self.unscaled_at(0),
        }
    }

    /// The unscaled number at a scale that is at least the present one.
    fn unscaled_at(&self, scale: i64) -> Result<BigInt, NumberError> {
        if self.is_zero() { Ok(BigInt::ZERO) } else { Ok(&self.unscaled * ten_to(scale - self.scale)?) }
    }

    /// The same number at another scale, at which no digit is lost.
    fn with_scale(self, scale: i64) -> Result<Decimal, NumberError> {
        let unscaled = match scale - self.scale {
            more if more >= 0 => self.unscaled * ten_to(more)?,
            fewer => self.unscaled / ten_to(-fewer)?,
        };
        Ok(Decimal { unscaled, scale })
    }

    /// Rounds to at most `most` digits, half away from zero.
    pub(crate) fn round_to_digits(self, most: i64) -> Decimal {
        let surplus = self.precision() - most;
        if surplus <= 0 {
            return self;
        }
        // The power is no larger than the number itself, which has that many digits.
        let rounded = half_up(&self.unscaled, &BigInt::from(10).pow(u32::try_from(surplus).unwrap_or(u32::MAX)));
        // Rounding may add a digit: 99.9 becomes 100.
        Decimal { unscaled: rounded, scale: self.scale - surplus }.round_to_digits(most)
    }

    /// Strips trailing zeros.
    pub(crate) fn strip_zeros(self) -> Decimal {
        if self.is_zero() {
            return Decimal::whole(BigInt::ZERO);
        }
        let zeros = trailing_zeros(&self.unscaled);
        let power = BigInt::from(10).pow(u32::try_from(zeros).unwrap_or(0));
        Decimal { unscaled: self.unscaled / power, scale: self.scale - zeros }
    }
}

fn digits(number: &BigInt) -> i64 {
    number.magnitude().to_string().len() as i64
}

fn trailing_zeros(number: &BigInt) -> i64 {
    let text = number.magnitude().to_string();
    (text.len() - text.trim_end_matches('0').len()) as i64
}

/// A power of ten with a non-negative exponent; an error beyond `EXPONENT_GAP_MAX`, whose digits would fill memory.
fn ten_to(power: i64) -> Result<BigInt, NumberError> {
    match u32::try_from(power) {
        Ok(power) if i64::from(power) <= EXPONENT_GAP_MAX => Ok(BigInt::from(10).pow(power)),
        _ => Err(NumberError::ExponentGap),
    }
}

/// The quotient as an integer, rounded half away from zero.
fn half_up(dividend: &BigInt, divisor: &BigInt) -> BigInt {
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    let is_more = (rest * 2u8).magnitude() >= divisor.magnitude();
    match (is_more, (dividend.sign() == Sign::Minus) != (divisor.sign() == Sign::Minus)) {
        (false, _) => quotient,
        (true, false) => quotient + 1,
        (true, true) => quotient - 1,
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

    fn literal_of(decimal: Decimal) -> String {
        DataType::Decimal.literal(&decimal.to_bytes().unwrap())
    }

    #[test]
    fn quotients_have_32_digits_and_no_zeros_at_the_end() {
        let quotient = |a: &str, b: &str| literal_of(decimal(a).divide(&decimal(b)).unwrap());
        assert_eq!(quotient("3.75", "7"), "0.53571428571428571428571428571429");
        assert_eq!(quotient("3.75", "3e10"), "1.25E-10");
        assert_eq!(quotient("100", "1"), "1E+2");
        assert_eq!(quotient("-2", "3"), "-0.66666666666666666666666666666667");
        assert!(decimal("1").divide(&decimal("0")).is_err());
    }

    #[test]
    fn remainders_keep_their_scale() {
        let rest = |a: &str, b: &str| literal_of(decimal(a).remainder(&decimal(b)).unwrap());
        assert_eq!(rest("10", "0.003"), "0.001");
        assert_eq!(rest("1.50", "1"), "0.50");
        assert_eq!(rest("1e5", "7.0"), "5.0");
        assert_eq!(rest("1.5", "0.25"), "0.00");
        assert_eq!(rest("-7", "3"), "-1");
    }

    #[test]
    fn sums_far_apart_are_refused_rather_than_written_out() {
        assert_eq!(literal_of(decimal("1.10").add(&decimal("2")).unwrap()), "3.10");
        assert!(decimal("1e2000000000").add(&decimal("1")).is_err());
        assert!(decimal("1e-2000000000").divide(&decimal("1e2000000000")).is_err());
        assert_eq!(decimal("1e-2000000000").truncate(), Ok(BigInt::ZERO));
        assert!(decimal("1e2000000000").truncate().is_err());
    }

    #[test]
    fn products_are_rounded_to_ten_thousand_digits() {
        let long = Decimal::whole(BigInt::from(10).pow(9_999) - 1);
        assert_eq!(long.multiply(&long).precision(), 10_000);
        assert_eq!(literal_of(decimal("0.5").round().unwrap()), "1");
        assert_eq!(literal_of(decimal("-2.5").round().unwrap()), "-3");
        assert_eq!(literal_of(decimal("0.05").round().unwrap()), "0");
    }
}
