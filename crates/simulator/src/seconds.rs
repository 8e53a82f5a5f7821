//! Simulated times as text: seconds with up to six decimals.

use std::fmt;

const SECOND: u64 = 1_000_000;
const DECIMALS: usize = 6;

/// Microseconds that are shown as seconds, such as `1.8 s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / SECOND, self.0 % SECOND);
        if part == 0 {
            return write!(f, "{whole} s");
        }
        let decimals = format!("{part:06}");
        write!(f, "{whole}.{} s", decimals.trim_end_matches('0'))
    }
}

/// Reads the number of [`Seconds`], without its unit, as microseconds. `None` if it is no such number.
pub(crate) fn parse_seconds(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !are_digits(whole) || !are_digits(part) || part.len() > DECIMALS || text.ends_with('.') {
        return None;
    }
    let part: u64 = format!("{part:0<6}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(SECOND)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_as_they_are_shown() {
        for (time, text) in [(0, "0 s"), (1, "0.000001 s"), (1_800_000, "1.8 s"), (3_605_000_250, "3605.00025 s")] {
            assert_eq!(Seconds(time).to_string(), text);
            assert_eq!(parse_seconds(text.trim_end_matches(" s")), Some(time));
        }
        for text in ["", ".", "1.", ".5", "-1", "+1", "1.0000001", "1e3", "99999999999999999999", "18446744073709"] {
            assert_eq!(
                parse_seconds(text),
                (text == "18446744073709").then_some(18_446_744_073_709_000_000),
                "{text:?}"
            );
        }
    }
}
