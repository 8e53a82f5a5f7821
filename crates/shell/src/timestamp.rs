//! Timestamps, dates, times and durations as cqlsh writes and reads them.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};

/// The day that a date of 0 bytes stands for is 2^31 days before 1970-01-01.
const DATE_OFFSET: i64 = 1 << 31;
/// The day that is 0 without the offset.
const EPOCH: Date = Date::constant(1970, 1, 1);
const DAY_NANOS: i64 = 86_400_000_000_000;
const DAY_MILLIS: i64 = 86_400_000;

/// The form of timestamps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimestampFormat {
    /// In the words of `jiff`; `None` for `%Y-%m-%d %H:%M:%S.%f%z`, with milliseconds alone.
    own: Option<String>,
}

impl TimestampFormat {
    /// Takes a format of Python's `strftime`. The error says what is wrong with it.
    pub(crate) fn parse(format: &str) -> Result<TimestampFormat, String> {
        // Python writes six digits, of which cqlsh keeps three.
        let own = format.replace("%f", "%3f");
        strtime::format(&own, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC)).map_err(|error| error.to_string())?;
        Ok(TimestampFormat { own: Some(own) })
    }

    /// The text of milliseconds since 1970. Years that Python does not have are written as milliseconds.
    pub(crate) fn format(&self, millis: i64) -> String {
        let zoned = Timestamp::from_millisecond(millis).ok().map(|time| time.to_zoned(TimeZone::UTC));
        let Some(zoned) = zoned.filter(|zoned| (1..=9_999).contains(&zoned.year())) else {
            return millis.to_string();
        };
        match &self.own {
            Some(own) => strtime::format(own, &zoned).unwrap_or_else(|_| millis.to_string()),
            None => {
                let (date, time) = (zoned.date(), zoned.time());
                format!(
                    "{}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}+0000",
                    date.year(),
                    date.month(),
                    date.day(),
                    time.hour(),
                    time.minute(),
                    time.second(),
                    time.millisecond()
                )
            }
        }
    }

    /// Milliseconds since 1970: of the format, of CQL's, or as a number. Without a zone it is UTC.
    pub(crate) fn read(&self, text: &str) -> Option<i64> {
        let own = self.own.as_deref().and_then(|own| read_formatted(&own.replace("%3f", "%f"), text));
        own.or_else(|| read_timestamp(text)).or_else(|| text.trim().parse().ok())
    }
}

/// The form of timestamps in results.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TimestampView {
    /// In the words of `jiff`.
    format: String,
    pub(crate) zone: TimeZone,
}

impl Default for TimestampView {
    fn default() -> TimestampView {
        TimestampView { format: "%-Y-%m-%d %H:%M:%S.%6f%z".to_owned(), zone: TimeZone::UTC }
    }
}

impl TimestampView {
    /// Takes a format of Python's `strftime`. The error says what is wrong with it.
    pub(crate) fn parse(format: &str) -> Result<TimestampView, String> {
        let format = adapt_directives(format);
        strtime::format(&format, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC)).map_err(|error| error.to_string())?;
        Ok(TimestampView { format, zone: TimeZone::UTC })
    }

    /// The text of milliseconds since 1970. Years that Python does not have are written as milliseconds.
    pub(crate) fn format(&self, millis: i64) -> String {
        let zoned = Timestamp::from_millisecond(millis).ok().map(|time| time.to_zoned(self.zone.clone()));
        let zoned = zoned.filter(|zoned| (1..=9_999).contains(&zoned.year()));
        let text = zoned.and_then(|zoned| strtime::format(&self.format, &zoned).ok());
        text.unwrap_or_else(|| millis.to_string())
    }
}

/// A format of `strftime` in the words of `jiff`: microseconds have six digits, and years before 1000 no zeros in front,
/// as in Python with the GNU C library.
fn adapt_directives(format: &str) -> String {
    let mut out = String::with_capacity(format.len());
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        let length = 1 + from[1..].chars().next().map_or(0, char::len_utf8);
        out.push_str(before);
        out.push_str(match &from[..length] {
            "%f" => "%6f",
            "%Y" => "%-Y",
            directive => directive,
        });
        rest = &from[length..];
    }
    out + rest
}

fn read_formatted(format: &str, text: &str) -> Option<i64> {
    let parsed = BrokenDownTime::parse(format, text).ok()?;
    if let Ok(time) = parsed.to_timestamp() {
        return Some(time.as_millisecond());
    }
    let date = parsed.to_date().ok()?;
    let time = parsed.to_time().unwrap_or_default();
    millis_of(date.to_datetime(time), Offset::UTC)
}

fn millis_of(time: DateTime, offset: Offset) -> Option<i64> {
    offset.to_timestamp(time).ok().map(Timestamp::as_millisecond)
}

/// `yyyy-mm-dd[( |T)HH:MM[:SS[.fff]]][(+|-)HH[:]MM|Z]`.
fn read_timestamp(text: &str) -> Option<i64> {
    let text = text.trim();
    let date = text.get(..10)?;
    let day = read_date(date)? - DATE_OFFSET;
    let mut rest = text[10..].trim_start_matches(['T', ' ']);
    let mut millis = 0;
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(rest.len());
        millis = read_time(&rest[..end])? / 1_000_000;
        rest = &rest[end..];
    }
    Some(day * DAY_MILLIS + millis - read_offset(rest.trim())?)
}

/// Milliseconds of `+HH:MM`, `+HHMM`, `+HH`, `Z` or nothing.
fn read_offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.split_at_checked(1) {
        None => return Some(0),
        Some(("Z" | "z", "")) => return Some(0),
        Some(("+", digits)) => (1, digits),
        Some(("-", digits)) => (-1, digits),
        Some(_) => return None,
    };
    let digits = digits.replace(':', "");
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |text: &str| text.parse::<i64>().ok();
    let (hours, minutes) = match digits.len() {
        2 => (number(&digits)?, 0),
        4 => (number(&digits[..2])?, number(&digits[2..])?),
        _ => return None,
    };
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
}

/// A day as the protocol has it, 2^31 being 1970-01-01.
pub(crate) fn read_date(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(days) = text.parse::<i64>() {
        return u32::try_from(days + DATE_OFFSET).ok().map(i64::from);
    }
    let date: Date = text.parse().ok()?;
    Some(i64::from(EPOCH.until(date).ok()?.get_days()) + DATE_OFFSET)
}

/// A date; a day of a year that Python does not have as the number of days since 1970.
pub(crate) fn format_date(day: u32) -> String {
    let days = i64::from(day) - DATE_OFFSET;
    let date = Span::new().try_days(days).ok().and_then(|span| EPOCH.checked_add(span).ok());
    match date.filter(|date| (1..=9_999).contains(&date.year())) {
        Some(date) => format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day()),
        None => days.to_string(),
    }
}

/// Nanoseconds since midnight of `HH:MM[:SS[.fffffffff]]`.
pub(crate) fn read_time(text: &str) -> Option<i64> {
    let (clock, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let parts: Option<Vec<i64>> =
        clock.split(':').map(|part| (part.len() <= 2).then(|| part.parse::<u32>().ok().map(i64::from))?).collect();
    let (hours, minutes, seconds) = match parts?[..] {
        [hours, minutes, seconds] => (hours, minutes, seconds),
        [hours, minutes] if fraction.is_empty() => (hours, minutes, 0),
        _ => return None,
    };
    let is_fraction = fraction.len() <= 9 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if minutes > 59 || seconds > 59 || !is_fraction {
        return None;
    }
    let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000_000 + nanos).filter(|nanos| *nanos < DAY_NANOS)
}

/// Months, days and nanoseconds of a duration such as `-1y2mo3d4h5m6s7ms8us9ns`.
pub(crate) fn read_duration(text: &str) -> Option<(i32, i32, i64)> {
    let text = text.trim();
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (mut months, mut days, mut nanos) = (0_i64, 0_i64, 0_i64);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|digits| *digits > 0)?;
        let (number, behind) = rest.split_at(digits);
        let end = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let count = number.parse::<i64>().ok()?.checked_mul(sign)?;
        let (total, unit): (&mut i64, i64) = match behind[..end].to_lowercase().as_str() {
            "y" => (&mut months, 12),
            "mo" => (&mut months, 1),
            "w" => (&mut days, 7),
            "d" => (&mut days, 1),
            "h" => (&mut nanos, 3_600_000_000_000),
            "m" => (&mut nanos, 60_000_000_000),
            "s" => (&mut nanos, 1_000_000_000),
            "ms" => (&mut nanos, 1_000_000),
            "us" | "µs" => (&mut nanos, 1_000),
            "ns" => (&mut nanos, 1),
            _ => return None,
        };
        *total = total.checked_add(count.checked_mul(unit)?)?;
        rest = &behind[end..];
    }
    Some((i32::try_from(months).ok()?, i32::try_from(days).ok()?, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_written_and_read() {
        let default = TimestampFormat::default();
        let millis = 1_709_201_472_345;
        assert_eq!(default.format(millis), "2024-02-29 10:11:12.345+0000");
        assert_eq!(default.format(-99_999_999_999_999), "-99999999999999");
        for text in [
            "2024-02-29 10:11:12.345+0000",
            "2024-02-29T10:11:12.345Z",
            "2024-02-29 11:11:12.345+01:00",
            "2024-02-29 05:11:12.345000 -0500",
            "1709201472345",
        ] {
            assert_eq!(default.read(text), Some(millis), "{text}");
        }
        assert_eq!(default.read("2024-02-29"), Some(1_709_164_800_000));
        assert_eq!(default.read("2024-02-29 10:11"), Some(1_709_201_460_000));
        for text in ["", "x", "2024-02-30", "2024-02-29 25:00", "2024-02-29 10:11 CET", "29/02/2024"] {
            assert_eq!(default.read(text), None, "{text}");
        }
        let own = TimestampFormat::parse("%d/%m/%Y %H:%M:%S.%f").unwrap();
        assert_eq!(own.format(millis), "29/02/2024 10:11:12.345");
        assert_eq!(own.read("29/02/2024 10:11:12.345"), Some(millis));
        assert_eq!(own.read("2024-02-29 10:11:12.345+0000"), Some(millis));
        assert!(TimestampFormat::parse("%9").is_err());
    }

    #[test]
    fn timestamps_are_shown_in_a_zone_and_a_form() {
        let millis = 1_709_201_472_345;
        let mut view = TimestampView::default();
        assert_eq!(view.format(millis), "2024-02-29 10:11:12.345000+0000");
        assert_eq!(view.format(-99_999_999_999_999), "-99999999999999");
        assert_eq!(view.format(-62_135_596_800_000), "1-01-01 00:00:00.000000+0000");
        assert_eq!(TimestampView::parse("%%Y%Y%%").unwrap().format(-62_135_596_800_000), "%Y1%");
        view.zone = TimeZone::fixed(Offset::constant(1));
        assert_eq!(view.format(millis), "2024-02-29 11:11:12.345000+0100");
        assert_eq!(TimestampView::parse("%H:%M:%S.%f %Z").unwrap().format(millis), "10:11:12.345000 UTC");
        assert!(TimestampView::parse("%9").is_err());
    }

    #[test]
    fn dates_times_and_durations_are_written_and_read() {
        assert_eq!(read_date("1970-01-02"), Some((1 << 31) + 1));
        assert_eq!(format_date((1 << 31) + 1), "1970-01-02");
        assert_eq!(format_date(0), "-2147483648");
        assert_eq!(
            (read_date("9999-12-31"), read_date("0001-01-01")),
            (Some((1 << 31) + 2_932_896), Some((1 << 31) - 719_162))
        );
        assert_eq!(
            (format_date((1 << 31) + 2_932_896), format_date((1 << 31) + 2_932_897)),
            ("9999-12-31".into(), "2932897".into())
        );
        assert_eq!((read_date("-2147483648"), read_date("2024-2-30")), (Some(0), None));
        assert_eq!(read_time("10:11:12.000000001"), Some(36_672_000_000_001));
        assert_eq!((read_time("24:00:00"), read_time("10"), read_time("10:61:00")), (None, None, None));
        assert_eq!(read_duration("1y2mo1w3d4h5us"), Some((14, 10, 14_400_000_005_000)));
        assert_eq!(read_duration("-1mo2d"), Some((-1, -2, 0)));
        assert_eq!((read_duration("5"), read_duration("1x"), read_duration("")), (None, None, None));
    }
}
