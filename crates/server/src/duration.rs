//! Durations and sizes as cassandra.yaml writes them: `10s`, `2000ms`, `3h`; `16MiB`.

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

/// Reads a duration; the error says what one looks like.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    scaled(text, &DURATIONS).map(Duration::from_micros).ok_or_else(|| {
        format!("invalid duration {text:?}: expected a number and one of us, ms, s, m, h, d, such as 2000ms, 10s or 3h")
    })
}

/// Reads a size in bytes; the error says what one looks like.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    scaled(text, &SIZES).ok_or_else(|| {
        let near = did_you_mean(split(text).1, SIZES.map(|(name, _)| name));
        format!("invalid size {text:?}: expected a number and one of B, KiB, MiB, GiB, such as 512KiB or 16MiB{near}")
    })
}

/// A duration as one would write it, in the largest unit that fits.
pub(crate) fn written(duration: Duration) -> String {
    let micros = duration.as_micros() as u64;
    let (unit, scale) = DURATIONS
        .iter()
        .rev()
        .find(|(_, scale)| micros.is_multiple_of(*scale) && micros >= *scale)
        .unwrap_or(&("s", 1));
    format!("{}{unit}", micros / scale)
}

/// A number and its unit.
fn split(text: &str) -> (&str, &str) {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    (number, unit.trim())
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = split(text);
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_cassandras() {
        assert_eq!(duration("2000ms"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("3h"), Ok(Duration::from_secs(10_800)));
        assert_eq!(size("16MiB"), Ok(16 << 20));
        for wrong in ["", "10", "s", "-1s", "10 parsecs", "99999999999999999999d"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        assert!(size("16MB").unwrap_err().ends_with("; did you mean MiB?"));
    }

    #[test]
    fn durations_are_written_in_the_largest_unit_that_fits() {
        assert_eq!(
            ["10ms", "1s", "90m", "365d", "1500ms"].map(|text| written(duration(text).unwrap())),
            ["10ms", "1s", "90m", "365d", "1500ms"]
        );
        assert_eq!(written(Duration::ZERO), "0s");
    }
}
