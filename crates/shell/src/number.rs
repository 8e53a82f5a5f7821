//! Numbers as cqlsh writes and reads them.

use num_bigint::BigInt;
use std::str::FromStr;

/// The most characters of a number that is read: the work grows with the square of the length.
const NUMBER_CHARS_MAX: usize = 10_000;

/// The form of numbers.
#[derive(Clone, Debug)]
pub(crate) struct NumberStyle {
    pub(crate) decimal_separator: String,
    /// Empty for none.
    pub(crate) thousands_separator: String,
    /// Significant digits of a float, and of whatever is in a collection.
    pub(crate) float_digits: usize,
    /// Those of a double.
    pub(crate) double_digits: usize,
}

impl NumberStyle {
    /// A whole number, whose digits are given, with its thousands set apart.
    pub(crate) fn format_integer(&self, digits: String) -> String {
        if self.thousands_separator.is_empty() {
            return digits;
        }
        let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |digits| ("-", digits));
        let mut out = sign.to_owned();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                out.push_str(&self.thousands_separator);
            }
            out.push(digit);
        }
        out
    }

    /// A decimal, whose literal is given. With separators of its own, cqlsh makes it a float.
    pub(crate) fn format_decimal(&self, literal: String, digits: usize) -> String {
        let is_plain = self.thousands_separator.is_empty() && matches!(self.decimal_separator.as_str(), "." | "");
        match literal.parse() {
            Ok(number) if !is_plain => self.format_float(number, digits),
            _ => literal,
        }
    }

    /// A number, whose text is given, with its point as it is written here.
    pub(crate) fn format_exact(&self, text: &str) -> String {
        if self.decimal_separator.is_empty() { text.to_owned() } else { text.replace('.', &self.decimal_separator) }
    }

    /// A floating point number with so many digits.
    pub(crate) fn format_float(&self, number: f64, digits: usize) -> String {
        if number.is_nan() {
            return "NaN".to_owned();
        }
        if number.is_infinite() {
            return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
        }
        if !self.thousands_separator.is_empty() {
            return self.format_thousands(number, digits);
        }
        let text = format_general(number, widen(number, digits));
        if self.decimal_separator.is_empty() { text } else { text.replace('.', &self.decimal_separator) }
    }

    fn format_thousands(&self, number: f64, digits: usize) -> String {
        let whole = format!("{:.0}", number.trunc());
        let fraction = format!("{:.digits$}", number.fract().abs());
        let fraction = fraction.get(2..).unwrap_or_default().trim_end_matches('0');
        let whole = self.format_integer(whole);
        let separator = if self.decimal_separator.is_empty() { "." } else { &self.decimal_separator };
        if fraction.is_empty() { whole } else { format!("{whole}{separator}{fraction}") }
    }

    /// The digits of a whole number, in a form that Rust reads.
    pub(crate) fn read_integer<T: FromStr>(&self, text: &str) -> Option<T> {
        (text.len() <= NUMBER_CHARS_MAX).then(|| self.without_thousands(text).trim().parse().ok())?
    }

    pub(crate) fn read_float<T: FromStr>(&self, text: &str) -> Option<T> {
        self.plain(text).trim().parse().ok()
    }

    /// A decimal in native encoding: the scale, then the digits.
    pub(crate) fn read_decimal(&self, text: &str) -> Option<Vec<u8>> {
        let plain = Some(self.plain(text)).filter(|plain| plain.len() <= NUMBER_CHARS_MAX)?;
        let (mantissa, exponent) = match plain.trim().split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (plain.trim(), 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let has_digits = whole.ends_with(|c: char| c.is_ascii_digit()) || !fraction.is_empty();
        if !has_digits || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits: BigInt = format!("{whole}{fraction}").parse().ok()?;
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        let mut out = scale.to_be_bytes().to_vec();
        out.extend_from_slice(&digits.to_signed_bytes_be());
        Some(out)
    }

    fn plain(&self, text: &str) -> String {
        let text = self.without_thousands(text);
        match self.decimal_separator.as_str() {
            "" | "." => text,
            separator => text.replace(separator, "."),
        }
    }

    fn without_thousands(&self, text: &str) -> String {
        match self.thousands_separator.as_str() {
            "" => text.to_owned(),
            separator => text.replace(separator, ""),
        }
    }
}

/// The digits of a number that is printed without an exponent: cqlsh counts those behind its point.
fn widen(number: f64, digits: usize) -> usize {
    let magnitude = number.abs();
    if magnitude <= f64::EPSILON {
        return digits;
    }
    let exponent = magnitude.log10().trunc();
    if exponent < -4.0 || exponent >= digits as f64 {
        return digits;
    }
    (digits as f64 + exponent + 1.0).max(0.0) as usize
}

/// A number with so many significant digits, as C's `%g` prints it.
fn format_general(number: f64, digits: usize) -> String {
    let digits = digits.max(1);
    let rounded = format!("{number:.*e}", digits - 1);
    let (mantissa, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent >= -4 && (exponent < 0 || (exponent as usize) < digits) {
        let places = digits as i64 - 1 - i64::from(exponent);
        return trim_zeros(&format!("{number:.*}", places.max(0) as usize)).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim_zeros(mantissa), exponent.abs())
}

fn trim_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(decimal: &str, thousands: &str) -> NumberStyle {
        NumberStyle {
            decimal_separator: decimal.to_owned(),
            thousands_separator: thousands.to_owned(),
            float_digits: 5,
            double_digits: 12,
        }
    }

    /// The expected texts are those of cqlsh 6.2.2.
    #[test]
    fn floats_are_written_as_cqlsh_writes_them() {
        let plain = style(".", "");
        for (number, text) in [
            (1.123_456_789, "1.12346"),
            (1e20, "1e+20"),
            (12_345_678.9, "1.2346e+07"),
            (12_345.678_912_3, "12345.67891"),
            (0.000_012_34, "1.2e-05"),
            (0.5, "0.5"),
            (0.0, "0"),
            (-2.0, "-2"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(plain.format_float(number, 5), text);
        }
        assert_eq!(style(",", ".").format_float(-1_234_567.25, 5), "-1.234.567,25");
        assert_eq!(style(",", ".").format_float(-1e-8, 5), "-0");
        assert_eq!(style(",", "").format_decimal("123.4500".to_owned(), 5), "123,45");
        assert_eq!(plain.format_decimal("123.4500".to_owned(), 5), "123.4500");
        assert_eq!(style(".", "'").format_integer("-1234567".to_owned()), "-1'234'567");
    }

    #[test]
    fn numbers_are_read_with_their_separators() {
        let german = style(",", ".");
        assert_eq!(german.read_float("1.234,5"), Some(1234.5));
        assert_eq!(german.read_integer(" 1.234 "), Some(1234));
        assert_eq!(style(".", "").read_integer::<i32>("y"), None);
        for (text, bytes) in [
            ("123.4500", Some(vec![0, 0, 0, 4, 0x12, 0xd6, 0x44])),
            ("-1", Some(vec![0, 0, 0, 0, 0xff])),
            ("1E+5", Some(vec![0xff, 0xff, 0xff, 0xfb, 1])),
            (".5", Some(vec![0, 0, 0, 1, 5])),
            ("", None),
            ("-", None),
            ("1.-5", None),
            ("x", None),
        ] {
            assert_eq!(style(".", "").read_decimal(text), bytes, "{text}");
        }
    }
}
