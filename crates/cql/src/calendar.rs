//! Dates, times and durations converted between text and numbers, in the proleptic Gregorian calendar and UTC.

/// Milliseconds per day.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// Nanoseconds per day.
pub(crate) const DAY_NS: i64 = 86_400_000_000_000;

/// The number of days since 1970-01-01.
pub(crate) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that a leap day is the last day of its year.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The year, month and day of a number of days since 1970-01-01.
pub(crate) fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// Parses `yyyy-mm-dd` into days since 1970-01-01.
pub(crate) fn parse_date(text: &str) -> Option<i64> {
    let mut cursor = Cursor(text);
    let days = cursor.date()?;
    cursor.0.is_empty().then_some(days)
}

/// Parses `hh:mm:ss[.fraction]` into nanoseconds since midnight.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let mut cursor = Cursor(text);
    let (hours, minutes) = (cursor.digits(1, 2)?, cursor.after(':', 1, 2)?);
    let seconds = cursor.after(':', 1, 2)?;
    let fraction = if cursor.take('.') { cursor.fraction(9)? } else { 0 };
    let in_range = hours < 24 && minutes < 60 && seconds < 60 && cursor.0.is_empty();
    in_range.then_some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000_000 + fraction)
}

/// Parses a timestamp into milliseconds since 1970: a date with optional time and zone (by default UTC), or the number
/// itself.
pub(crate) fn parse_timestamp(text: &str) -> Option<i64> {
    if let Ok(milliseconds) = text.parse() {
        return Some(milliseconds);
    }
    let mut cursor = Cursor(text);
    let mut milliseconds = cursor.date()?.checked_mul(DAY_MS)?;
    if cursor.0.starts_with(['T', ' ']) && cursor.0[1..].starts_with(|c: char| c.is_ascii_digit()) {
        cursor.0 = &cursor.0[1..];
        milliseconds = milliseconds.checked_add(cursor.time_of_day()?)?;
    }
    milliseconds.checked_sub(cursor.zone()? * 60_000)
}

struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn take(&mut self, c: char) -> bool {
        match self.0.strip_prefix(c) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// Parses a number of `least` to `most` digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let count = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.0.split_at(count);
        self.0 = rest;
        if count < least { None } else { number.parse().ok() }
    }

    fn after(&mut self, separator: char, least: usize, most: usize) -> Option<i64> {
        if self.take(separator) { self.digits(least, most) } else { None }
    }

    /// Parses the digits after a point into units of `10^-places`.
    fn fraction(&mut self, places: usize) -> Option<i64> {
        let before = self.0.len();
        let number = self.digits(1, places)?;
        let digits = before - self.0.len();
        Some(number * 10i64.pow((places - digits) as u32))
    }

    fn date(&mut self) -> Option<i64> {
        let (negative, has_plus) = (self.take('-'), self.take('+'));
        let year = self.digits(if has_plus { 5 } else { 1 }, 9)?;
        let (month, day) = (self.after('-', 1, 2)?, self.after('-', 1, 2)?);
        let year = if negative { -year } else { year };
        let days = days_of(year, month, day);
        let exists =
            !(negative && has_plus) && (1..=12).contains(&month) && day >= 1 && date_of(days) == (year, month, day);
        exists.then_some(days)
    }

    /// Parses `HH:MM[:SS[.fff]]` into milliseconds.
    fn time_of_day(&mut self) -> Option<i64> {
        let (hours, minutes) = (self.digits(1, 2)?, self.after(':', 1, 2)?);
        let mut seconds = 0;
        let mut fraction = 0;
        if self.0.starts_with(':') {
            seconds = self.after(':', 1, 2)?;
            // Digits beyond milliseconds are dropped.
            if self.take('.') {
                fraction = self.fraction(9)? / 1_000_000;
            }
        }
        let in_range = hours < 24 && minutes < 60 && seconds < 60;
        in_range.then_some(((hours * 60 + minutes) * 60 + seconds) * 1_000 + fraction)
    }

    /// Parses `Z`, `UTC`, `GMT`, `+hh`, `+hhmm` or `+hh:mm` up to the end of the text into minutes east of UTC. An
    /// empty zone is UTC.
    fn zone(&mut self) -> Option<i64> {
        self.0 = self.0.trim_start_matches(' ');
        if ["", "Z", "z", "UTC", "GMT"].contains(&self.0) {
            return Some(0);
        }
        let sign = if self.take('+') {
            1
        } else if self.take('-') {
            -1
        } else {
            return None;
        };
        let hours = self.digits(2, 2)?;
        self.take(':');
        let minutes = if self.0.is_empty() { 0 } else { self.digits(2, 2)? };
        let in_range = hours <= 18 && minutes < 60 && self.0.is_empty();
        in_range.then_some(sign * (hours * 60 + minutes))
    }
}

/// Parses a duration literal of any form into months, days and nanoseconds.
pub(crate) fn parse_duration(text: &str) -> Option<(i32, i32, i64)> {
    let (negative, body) = match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let (months, days, nanos) = match body.strip_prefix('P') {
        _ if body.is_empty() => return None,
        Some(iso) if iso.contains('-') => iso_alternative(iso)?,
        Some(iso) => iso_designators(iso)?,
        None => units(body)?,
    };
    let sign = if negative { -1 } else { 1 };
    Some((
        i32::try_from(sign * months).ok()?,
        i32::try_from(sign * days).ok()?,
        i64::try_from(i128::from(sign) * nanos).ok()?,
    ))
}

type Parts = (i64, i64, i128);

/// The units, each with the months, days and nanoseconds that it stands for.
const UNITS: [(&str, Parts); 11] = [
    ("y", (12, 0, 0)),
    ("mo", (1, 0, 0)),
    ("w", (0, 7, 0)),
    ("d", (0, 1, 0)),
    ("h", (0, 0, 3_600_000_000_000)),
    ("m", (0, 0, 60_000_000_000)),
    ("s", (0, 0, 1_000_000_000)),
    ("ms", (0, 0, 1_000_000)),
    ("us", (0, 0, 1_000)),
    ("µs", (0, 0, 1_000)),
    ("ns", (0, 0, 1)),
];

/// Parses `1y2mo3w`: units in descending order, each at most once.
fn units(mut text: &str) -> Option<Parts> {
    let mut total = (0, 0, 0);
    let mut allowed = 0;
    while !text.is_empty() {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let rest = &text[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = rest[..letters].to_lowercase();
        let place = allowed + UNITS[allowed..].iter().position(|(name, _)| *name == unit)?;
        add(&mut total, text[..digits].parse().ok()?, UNITS[place].1)?;
        allowed = place + 1;
        text = &rest[letters..];
    }
    Some(total)
}

/// Parses `1Y2M3DT4H5M6S` or `3W`.
fn iso_designators(text: &str) -> Option<Parts> {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let date = date.replace('M', "mo").to_lowercase();
    units(&(date + &time.to_lowercase()))
}

/// Parses `0001-02-03T04:05:06`.
fn iso_alternative(text: &str) -> Option<Parts> {
    let mut cursor = Cursor(text);
    let mut total = (0, 0, 0);
    for (separator, width, unit) in [
        (None, 4, "y"),
        (Some('-'), 2, "mo"),
        (Some('-'), 2, "d"),
        (Some('T'), 2, "h"),
        (Some(':'), 2, "m"),
        (Some(':'), 2, "s"),
    ] {
        let number = match separator {
            None => cursor.digits(width, width)?,
            Some(c) => cursor.after(c, width, width)?,
        };
        let (_, parts) = UNITS.iter().find(|(name, _)| *name == unit)?;
        add(&mut total, number, *parts)?;
    }
    cursor.0.is_empty().then_some(total)
}

fn add(total: &mut Parts, count: i64, unit: Parts) -> Option<()> {
    total.0 = total.0.checked_add(count.checked_mul(unit.0)?)?;
    total.1 = total.1.checked_add(count.checked_mul(unit.1)?)?;
    total.2 += i128::from(count) * unit.2;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_go_both_ways() {
        assert_eq!(days_of(1970, 1, 1), 0);
        assert_eq!(parse_date("1970-01-02"), Some(1));
        assert_eq!(parse_date("2000-02-29"), Some(11_016));
        assert_eq!(parse_date("2001-02-29"), None);
        assert_eq!(parse_date("-5877641-06-23"), Some(-(1 << 31)));
        assert_eq!(parse_date("5881580-07-11"), Some((1 << 31) - 1));
        assert_eq!(parse_date("+5881580-07-11"), Some((1 << 31) - 1));
        assert_eq!(parse_date("+2000-01-01"), None);
        assert_eq!(parse_date("-+20000-01-01"), None);
        for days in (-1_000_000..1_000_000).step_by(997) {
            let (y, m, d) = date_of(days);
            assert_eq!(days_of(y, m, d), days);
        }
    }

    #[test]
    fn timestamps_take_zones() {
        let noon = 1_577_880_000_000;
        for text in [
            "2020-01-01 12:00",
            "2020-01-01T12:00:00Z",
            "2020-01-01 12:00:00.000 UTC",
            "2020-01-01T14:00:00+0200",
            "2020-01-01 07:00:00-05:00",
            "2020-01-01 13:00+01",
            "1577880000000",
        ] {
            assert_eq!(parse_timestamp(text), Some(noon), "{text}");
        }
        assert_eq!(parse_timestamp("2020-01-01"), Some(noon - DAY_MS / 2));
        assert_eq!(parse_timestamp("1970-01-01 00:00:00.123456"), Some(123));
        for text in ["", "2020-1", "2020-13-01", "2020-01-01 25:00", "2020-01-01 12:00 X", "99999999999999999999"] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_nanoseconds_of_the_day() {
        assert_eq!(parse_time("01:02:03.5"), Some(3_723_500_000_000));
        assert_eq!(parse_time("23:59:59.999999999"), Some(DAY_NS - 1));
        assert_eq!(parse_time("24:00:00"), None);
        assert_eq!(parse_time("12:00"), None);
    }

    #[test]
    fn durations_have_three_forms() {
        assert_eq!(parse_duration("1y2mo3w4d5h6m7s8ms9us10ns"), Some((14, 25, 18_367_008_009_010)));
        assert_eq!(parse_duration("-1mo"), Some((-1, 0, 0)));
        assert_eq!(parse_duration("P1Y2M3DT4H5M6S"), Some((14, 3, 14_706_000_000_000)));
        assert_eq!(parse_duration("P3W"), Some((0, 21, 0)));
        assert_eq!(parse_duration("P0001-02-03T04:05:06"), Some((14, 3, 14_706_000_000_000)));
        assert_eq!(parse_duration("1d1y"), None);
        assert_eq!(parse_duration("99999999999y"), None);
    }
}
