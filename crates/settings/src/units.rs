//! Durations and sizes as cassandra.yaml writes them: `10s`, `2000ms`, `3h`; `16MiB`.

use crate::InvalidValue;
use crate::spelling::did_you_mean;
use std::time::Duration;

/// Units with their microseconds.
const DURATIONS: [(&str, u64); 7] = [
    ("us", 1),
    ("µs", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("m", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
];
/// Units with their bytes.
const SIZES: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Reads a duration.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidValue> {
    let micros = parse_scaled(text, &DURATIONS).ok_or_else(|| InvalidValue::Duration { given: text.to_owned() })?;
    Ok(Duration::from_micros(micros))
}

/// Reads a size in bytes.
pub fn parse_size(text: &str) -> Result<u64, InvalidValue> {
    parse_scaled(text, &SIZES).ok_or_else(|| {
        let suggestion = did_you_mean(split(text).1, SIZES.map(|(name, _)| name));
        InvalidValue::Size { given: text.to_owned(), suggestion }
    })
}

/// A number and its unit.
fn split(text: &str) -> (&str, &str) {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    (number, unit.trim())
}

/// Nothing is as much in every unit: `0` needs none.
fn parse_scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let (number, unit) = split(text);
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_cassandras() {
        assert_eq!(parse_duration("2000ms"), Ok(Duration::from_secs(2)));
        assert_eq!(parse_duration("3h"), Ok(Duration::from_secs(10_800)));
        assert_eq!(parse_size("16MiB"), Ok(16 << 20));
        for wrong in ["", "10", "s", "-1s", "10 parsecs", "99999999999999999999d"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
        assert_eq!((parse_size("0"), parse_duration("0")), (Ok(0), Ok(Duration::ZERO)));
        assert!(parse_size("16MB").unwrap_err().to_string().ends_with("; did you mean MiB?"));
    }
}
