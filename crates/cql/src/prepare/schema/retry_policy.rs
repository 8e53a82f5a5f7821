//! `speculative_retry` and `additional_write_policy`: what Cassandra takes, printed as it prints it.

use crate::error::Error;

/// ALWAYS, NEVER (also called NONE), a percentile, whole milliseconds, or MIN or MAX of one of each.
pub(crate) fn retry_policy(text: &str) -> Result<String, Error> {
    // Cassandra's words, whichever option is wrong.
    let wrong = |why: &str| Error::config(format!("Invalid value {text} for option 'speculative_retry'{why}"));
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "always" => return Ok("ALWAYS".to_owned()),
        "never" | "none" => return Ok("NEVER".to_owned()),
        _ => {}
    }
    if let Some((function, first, second)) = function(&lower) {
        let (first, second) = (threshold(first), threshold(second.trim_start()));
        let (first, second) = first.zip(second).ok_or_else(|| wrong(""))?;
        let same =
            |kind| wrong(&format!(": MIN()/MAX() arguments should be of different types, but both are of type {kind}"));
        return match (first, second) {
            (Threshold::Percentile(p), Threshold::Fixed(ms)) | (Threshold::Fixed(ms), Threshold::Percentile(p)) => {
                Ok(format!("{function}({p}p,{ms}ms)"))
            }
            (Threshold::Percentile(_), Threshold::Percentile(_)) => Err(same("PERCENTILE")),
            (Threshold::Fixed(_), Threshold::Fixed(_)) => Err(same("FIXED")),
        };
    }
    match threshold(&lower) {
        Some(Threshold::Percentile(p)) => Ok(format!("{p}p")),
        Some(Threshold::Fixed(ms)) => Ok(format!("{ms}ms")),
        None if percentile(&lower).is_some() => {
            let between = "must be between (0.0 and 100.0)";
            Err(Error::config(format!("Invalid value {text} for PERCENTILE option 'speculative_retry': {between}")))
        }
        None => Err(wrong("")),
    }
}

/// A time to wait.
enum Threshold {
    /// Rounded to four digits behind the point.
    Percentile(f64),
    /// Milliseconds.
    Fixed(i32),
}

/// A function and its two arguments; white space may follow the comma, or stand before it.
fn function(text: &str) -> Option<(&'static str, &str, &str)> {
    let (name, rest) =
        [("MIN", "min("), ("MAX", "max(")].iter().find_map(|(name, start)| Some((*name, text.strip_prefix(start)?)))?;
    let (first, second) = rest.strip_suffix(')')?.split_once(',')?;
    Some((name, first.trim_end(), second))
}

fn threshold(text: &str) -> Option<Threshold> {
    if let Some(digits) = text.strip_suffix("ms") {
        // The cast saturates.
        return number(digits).map(|milliseconds| Threshold::Fixed(milliseconds as i32));
    }
    let value = percentile(text)?;
    (value > 0.0 && value < 100.0).then(|| Threshold::Percentile((value * 10_000.0).round() / 10_000.0))
}

fn percentile(text: &str) -> Option<f64> {
    number(text.strip_suffix("percentile").or_else(|| text.strip_suffix('p'))?)
}

/// Digits with at most one point: neither signs nor exponents.
fn number(text: &str) -> Option<f64> {
    let fits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    fits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_and_printed_as_by_cassandra() {
        let table = "
            NONE NEVER|never NEVER|always ALWAYS|50ms 50ms|50MS 50ms|10.9ms 10ms|0ms 0ms|99999999999ms 2147483647ms|.5ms 0ms|5.ms 5ms
            00050ms 50ms|99p 99p|99PERCENTILE 99p|95.50p 95.5p|99.99999p 100p|.5p 0.5p|07p 7p|95.00005p 95.0001p|95.00004p 95p
            MIN(99p,50ms) MIN(99p,50ms)|min(50ms,99p) MIN(99p,50ms)|Max(1ms,2p) MAX(2p,1ms)|MIN(99percentile,5.5ms) MIN(99p,5ms)";
        for case in table.lines().skip(1).flat_map(|line| line.trim().split('|')) {
            let (text, printed) = case.split_once(' ').unwrap();
            assert_eq!(retry_policy(text).unwrap(), printed, "{text}");
        }
        for spaced in ["MIN(99p ,50ms)", "MIN(99p,  50ms)"] {
            assert_eq!(retry_policy(spaced).unwrap(), "MIN(99p,50ms)");
        }
    }

    #[test]
    fn what_cassandra_refuses_is_refused_in_its_words() {
        for text in [
            " 50ms ",
            "50 ms",
            "-5ms",
            "+5ms",
            "1e3ms",
            "1.2.3ms",
            "infms",
            "NaNms",
            ".ms",
            "-1p",
            "99 p",
            "1e1p",
            "infp",
            "..p",
            "5",
            "",
            "MAX( 99p , 50ms )",
            "MIN(99p)",
            "MIN(99p,50ms,10ms)",
            "MIN(ALWAYS,50ms)",
            "MIN(0p,50ms)",
            "MIN(50ms,100p)",
            "MIN(5x,5p)",
            "min (99p,50ms)",
            "custom",
            "99percentiles",
        ] {
            let error = retry_policy(text).unwrap_err().to_string();
            assert!(error.ends_with(&format!("Invalid value {text} for option 'speculative_retry'")), "{error}");
        }
        for (text, end) in [
            ("0p", "for PERCENTILE option 'speculative_retry': must be between (0.0 and 100.0)"),
            ("100p", "for PERCENTILE option 'speculative_retry': must be between (0.0 and 100.0)"),
            ("MIN(5ms,50ms)", "MIN()/MAX() arguments should be of different types, but both are of type FIXED"),
            ("MIN(99p,98p)", "MIN()/MAX() arguments should be of different types, but both are of type PERCENTILE"),
        ] {
            let error = retry_policy(text).unwrap_err().to_string();
            assert!(error.contains(&format!("Invalid value {text}")) && error.ends_with(end), "{error}");
        }
    }
}
