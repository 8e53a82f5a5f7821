//! Conversion of days to dates of the proleptic Gregorian calendar. Date libraries do not cover the range of CQL's
//! dates.

/// Milliseconds per day.
const DAY_MILLIS: i64 = 86_400_000;

/// Year, month (1-12) and day (1-31) of a day counted from 1970-01-01. Years below 1 are astronomical: 0 is 1 BC.
pub(super) fn civil_date(days: i64) -> (i64, i64, i64) {
    // Count from 0000-03-01, so that the leap day ends a year; 400 years are 146,097 days.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// `yyyy-mm-dd`; more digits or a sign where the year needs them.
pub(super) fn print_date(days: i64) -> String {
    let (year, month, day) = civil_date(days);
    let sign = match year {
        ..0 => "-",
        0..=9_999 => "",
        _ => "+",
    };
    format!("{sign}{:04}-{month:02}-{day:02}", year.abs())
}

/// `yyyy-mm-ddThh:mm:ss.mmmZ` of milliseconds since the epoch.
pub(super) fn print_timestamp(millis: i64) -> String {
    let (days, rest) = (millis.div_euclid(DAY_MILLIS), millis.rem_euclid(DAY_MILLIS));
    let (seconds, millis) = (rest / 1000, rest % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z", print_date(days))
}

/// `hh:mm:ss.nnnnnnnnn` of nanoseconds since midnight.
pub(super) fn print_time(nanos: i64) -> String {
    let (seconds, nanos) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    format!("{:02}:{:02}:{:02}.{nanos:09}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_at_the_edges() {
        assert_eq!(print_date(0), "1970-01-01");
        assert_eq!(print_date(-1), "1969-12-31");
        assert_eq!(print_date(11_016), "2000-02-29");
        assert_eq!(print_date(i64::from(i32::MAX)), "+5881580-07-11");
        assert_eq!(print_date(i64::from(i32::MIN)), "-5877641-06-23");
        assert_eq!(print_timestamp(1_234_567_890_123), "2009-02-13T23:31:30.123Z");
        assert_eq!(print_time(86_399_999_999_999), "23:59:59.999999999");
    }
}
