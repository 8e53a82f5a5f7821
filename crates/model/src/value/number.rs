//! Numbers of arbitrary length: varint and decimal.

use crate::limits::NUMBER_BYTES_MAX;
use num_bigint::{BigInt, Sign};

/// The shortest two's complement form of a varint, without leading bytes that repeat the sign.
pub(super) fn shortest_varint(mut bytes: &[u8]) -> &[u8] {
    while let [first, second, ..] = bytes {
        let sign = if second & 0x80 == 0 { 0x00 } else { 0xff };
        if *first != sign {
            break;
        }
        bytes = &bytes[1..];
    }
    bytes
}

/// A decimal in a form that equal decimals share: `0.DIGITS x 10^exponent`, first and last digit not zero; zero has no
/// digits.
pub(super) struct Decimal {
    pub(super) negative: bool,
    pub(super) digits: Vec<u8>,
    pub(super) exponent: i64,
}

impl Decimal {
    /// Parses scale and unscaled value; `None` if there is no unscaled value, or it has more than [`NUMBER_BYTES_MAX`].
    pub(super) fn parse(bytes: &[u8]) -> Option<Decimal> {
        let (negative, mut digits, scale) = parse_digits(bytes)?;
        let exponent = digits.len() as i64 - i64::from(scale);
        while digits.last() == Some(&0) {
            digits.pop();
        }
        let exponent = if digits.is_empty() { 0 } else { exponent };
        Some(Decimal { negative: negative && !digits.is_empty(), digits, exponent })
    }

    /// The native encoding with the fewest digits.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut digits = self.digits.clone();
        let mut scale = digits.len() as i64 - self.exponent;
        // The scale has 32 bits; what exceeds them goes back into digits, at most as many as `parse` removed.
        while scale < i64::from(i32::MIN) && !digits.is_empty() {
            digits.push(0);
            scale += 1;
        }
        let sign = if digits.is_empty() {
            Sign::NoSign
        } else if self.negative {
            Sign::Minus
        } else {
            Sign::Plus
        };
        let unscaled = BigInt::from_radix_be(sign, &digits, 10).unwrap_or_default();
        let scale = if digits.is_empty() { 0 } else { scale as i32 };
        let mut out = scale.to_be_bytes().to_vec();
        out.extend_from_slice(&unscaled.to_signed_bytes_be());
        out
    }
}

/// Sign (true if negative), decimal digits (none for zero) and scale.
fn parse_digits(bytes: &[u8]) -> Option<(bool, Vec<u8>, i32)> {
    let (scale, unscaled) = bytes.split_first_chunk::<4>()?;
    if unscaled.is_empty() || unscaled.len() > NUMBER_BYTES_MAX {
        return None;
    }
    let (sign, digits) = BigInt::from_signed_bytes_be(unscaled).to_radix_be(10);
    let digits = if sign == Sign::NoSign { Vec::new() } else { digits };
    Some((sign == Sign::Minus, digits, i32::from_be_bytes(*scale)))
}

/// A decimal printed as Java's `BigDecimal.toString` does: plain unless the scale is negative or the exponent below -6.
pub(super) fn print_decimal(bytes: &[u8]) -> Option<String> {
    let (negative, digits, scale) = parse_digits(bytes)?;
    let digits: String =
        if digits.is_empty() { "0".to_owned() } else { digits.iter().map(|d| char::from(b'0' + d)).collect() };
    let adjusted = digits.len() as i64 - 1 - i64::from(scale);
    let body = if scale == 0 {
        digits
    } else if scale > 0 && adjusted >= -6 {
        insert_point(&digits, scale as usize)
    } else {
        let (head, tail) = digits.split_at(1);
        let dot = if tail.is_empty() { "" } else { "." };
        format!("{head}{dot}{tail}{}", if adjusted == 0 { String::new() } else { format!("E{adjusted:+}") })
    };
    Some(format!("{}{body}", if negative { "-" } else { "" }))
}

fn insert_point(digits: &str, scale: usize) -> String {
    match digits.len().checked_sub(scale) {
        None | Some(0) => format!("0.{}{digits}", "0".repeat(scale - digits.len())),
        Some(whole) => format!("{}.{}", &digits[..whole], &digits[whole..]),
    }
}

/// A varint in decimal digits; `None` if it has more than [`NUMBER_BYTES_MAX`].
pub(super) fn print_varint(bytes: &[u8]) -> Option<String> {
    (bytes.len() <= NUMBER_BYTES_MAX).then(|| BigInt::from_signed_bytes_be(bytes).to_string())
}
