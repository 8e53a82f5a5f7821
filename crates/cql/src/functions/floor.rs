//! `floor`: the start of the interval that contains a time, with intervals of one length following one another.

use super::arithmetic::{after, duration};
use super::time;
use crate::calendar::{DAY_MS, DAY_NS, date_of};
use crate::error::Error;
use henge_model::DataType;

/// The start of the interval. Arguments: a time of type `from`, the length, and the start of the first interval, which
/// defaults to the epoch.
pub(super) fn floor(from: &DataType, arguments: &[Option<&[u8]>]) -> Result<Option<Vec<u8>>, Error> {
    let mut given = Vec::with_capacity(arguments.len());
    for argument in arguments {
        match argument {
            Some(value) if !value.is_empty() => given.push(*value),
            _ => return Ok(None),
        }
    }
    let [moment, length, ..] = given[..] else { return Ok(None) };
    let shown = DataType::Duration.literal(length);
    let (months, days, nanos) = duration(length).ok_or_else(|| Error::invalid("not a valid duration"))?;
    if months < 0 || days < 0 || nanos < 0 {
        return Err(Error::invalid("Negative durations are not supported by the floor function"));
    }
    if *from == DataType::Time {
        return of_day(moment, [months, days, nanos]).map(Some);
    }
    let too_fine = |of: &str, precision: &str| {
        let message =
            format!("The floor{of} cannot be computed for the {shown} duration as precision is below {precision}");
        Err(Error::invalid(message))
    };
    if *from == DataType::Date && nanos != 0 {
        return too_fine(" on date values", "1 day");
    }
    if nanos % 1_000_000 != 0 {
        return too_fine("", "1 millisecond");
    }
    let at = time::milliseconds(from, moment)?;
    // The start has the type of the result.
    let start_type = if *from == DataType::Date { DataType::Date } else { DataType::Timestamp };
    let start = given.get(2).map_or(Ok(0), |start| time::milliseconds(&start_type, start))?;
    if start > at {
        return Err(Error::invalid("The floor function starting time is greater than the provided time"));
    }
    let begun = beginning(at, start, months, days * DAY_MS + nanos / 1_000_000);
    Ok(Some(if *from == DataType::Date { time::date(begun) } else { begun.to_be_bytes().to_vec() }))
}

fn of_day(moment: &[u8], [months, days, nanos]: [i64; 3]) -> Result<Vec<u8>, Error> {
    if months != 0 || days != 0 || nanos > DAY_NS {
        let message = "For time values, the floor can only be computed for durations smaller that a day";
        return Err(Error::invalid(message));
    }
    let at = moment.try_into().map(i64::from_be_bytes).map_err(|_| Error::invalid("not a valid time"))?;
    let begun = if nanos == 0 { at } else { at - at.rem_euclid(nanos) };
    Ok(begun.to_be_bytes().to_vec())
}

/// The last of `start + n * length` that is not after `at`. Months are added on the calendar, so their lengths differ.
fn beginning(at: i64, start: i64, months: i64, milliseconds: i64) -> i64 {
    let passed = i128::from(at) - i128::from(start);
    if months == 0 {
        let length = i128::from(milliseconds);
        let rest = if length == 0 { 0 } else { passed % length };
        return at.wrapping_sub(i64::try_from(rest).unwrap_or(0));
    }
    let nth = |n: i64| after(start, n.saturating_mul(months), 0, n.saturating_mul(milliseconds));
    let month_of = |at: i64| {
        let (year, month, _) = date_of(at.div_euclid(DAY_MS));
        year * 12 + month
    };
    // Upper bound of the number of intervals, for a binary search.
    let (mut enough, mut too_many) = (0, (month_of(at) - month_of(start)) / months + 1);
    while too_many - enough > 1 {
        let middle = enough + (too_many - enough) / 2;
        if i128::from(nth(middle)) <= i128::from(at) && nth(middle) >= start {
            enough = middle;
        } else {
            too_many = middle;
        }
    }
    nth(enough)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::literal;
    use crate::statement::Constant;
    use crate::text_form;

    fn floor_text(data_type: &DataType, moment: &str, length: &str, start: Option<&str>) -> Result<String, String> {
        let text = |text: &str| text_form::of_text(text, data_type).unwrap();
        let length = literal::encode(&Constant::Duration(length.to_owned()), &DataType::Duration, "d").unwrap();
        let (moment, start) = (text(moment), start.map(text));
        let mut arguments = vec![Some(&moment[..]), Some(&length[..])];
        arguments.extend(start.as_ref().map(|start| Some(&start[..])));
        match floor(data_type, &arguments) {
            Ok(value) => Ok(data_type.literal(&value.unwrap())),
            Err(e) => Err(e.message),
        }
    }

    #[test]
    fn moments_go_back_to_where_their_stretch_begins() {
        let at = |length: &str| floor_text(&DataType::Timestamp, "2016-09-27 19:07:17", length, None).unwrap();
        assert_eq!(at("1h"), "'2016-09-27T19:00:00.000Z'");
        assert_eq!(at("1mo"), "'2016-09-01T00:00:00.000Z'");
        assert_eq!(at("1mo2d"), "'2016-09-18T00:00:00.000Z'");
        assert_eq!(at("1mo2h"), "'2016-09-16T14:00:00.000Z'");
        assert_eq!(at("0ns"), "'2016-09-27T19:07:17.000Z'");
        let dated = |start| floor_text(&DataType::Date, "2016-09-19", "1mo", Some(start)).unwrap();
        assert_eq!(dated("2016-08-20"), "'2016-08-20'");
        assert_eq!(dated("2016-08-10"), "'2016-09-10'");
        assert_eq!(floor_text(&DataType::Time, "11:23:19", "7m", None).as_deref(), Ok("'11:19:00.000000000'"));
    }

    #[test]
    fn lengths_that_make_no_sense_are_refused() {
        assert!(floor_text(&DataType::Timestamp, "2016-09-27", "1ns", None).is_err());
        assert!(floor_text(&DataType::Timestamp, "2016-09-27", "-1h", None).is_err());
        assert!(floor_text(&DataType::Timestamp, "1969-01-01", "1h", None).is_err());
        assert!(floor_text(&DataType::Date, "2016-09-27", "24h", None).is_err());
        assert!(floor_text(&DataType::Time, "11:00:00", "25h", None).is_err());
        assert!(floor_text(&DataType::Timestamp, "9223372036854775807", "1mo", Some("0")).is_ok());
    }
}
