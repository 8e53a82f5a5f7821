//! Durations and sizes as cassandra.yaml writes them: `10s`, `2000ms`, `3h`; `16MiB`.

use std::time::Duration;

const DURATIONS: [(&str, u64); 6] =
    [("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000)];
const SIZES: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Reads a duration; the error says what one looks like.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let micros =
        scaled(text, &DURATIONS).ok_or_else(|| format!("{text:?} is no duration, such as 2000ms, 10s or 3h"))?;
    Ok(Duration::from_micros(micros))
}

/// Reads a size in bytes; the error says what one looks like.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    scaled(text, &SIZES).ok_or_else(|| format!("{text:?} is no size, such as 512KiB, 16MiB or 2GiB"))
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let (_, scale) = units.iter().find(|(name, _)| *name == unit.trim())?;
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
    }
}
