//! Preferences of a person for the whole session: forms of values, colours, waits.

use crate::cqlshrc::{Cqlshrc, CqlshrcError};
use crate::options::ShellOptions;
use crate::timestamp::TimestampView;
use crate::value::{DIGITS, ValueView};
use jiff::tz::TimeZone;
use std::path::PathBuf;
use std::time::Duration;

/// The environment variable with the form of timestamps, as in cqlsh; the file wins over it.
const TIMESTAMP_FORMAT_VARIABLE: &str = "CQLSH_DEFAULT_TIMESTAMP_FORMAT";
/// The environment variable with the time zone, which wins over the file.
const ZONE_VARIABLE: &str = "TZ";
/// The most digits of a floating point number; no double has more.
const DIGITS_MAX: usize = 800;
/// A trace is complete some time after its request was answered. It is waited for so long, as in cqlsh.
const TRACE_SECONDS: f64 = 10.0;

/// Preferences of a person.
#[derive(Clone, Debug)]
pub(crate) struct Preferences {
    pub(crate) values: ValueView,
    /// The form of timestamps, as `strftime` has it; `None` for the default.
    pub(crate) timestamp_format: Option<String>,
    /// True or false if colours are asked for or not wanted.
    pub(crate) is_coloured: Option<bool>,
    /// The longest wait for a trace.
    pub(crate) trace_timeout: Duration,
    /// True if lines that are typed are kept for the next session.
    pub(crate) keeps_history: bool,
    /// The keyspace to begin in.
    pub(crate) keyspace: Option<String>,
    /// The file with sections of COPY.
    pub(crate) cqlshrc: Option<PathBuf>,
}

impl Preferences {
    /// Takes what the options say and, where they say nothing, the file. Adds to the warnings.
    pub(crate) fn find(options: &ShellOptions, rc: &mut Cqlshrc) -> Result<Preferences, CqlshrcError> {
        let digits = "a number of digits, such as 5";
        let mut values = ValueView::default();
        values.numbers.float_digits = rc.number("ui", "float_precision", digits, 0)?.unwrap_or(DIGITS).min(DIGITS_MAX);
        values.numbers.double_digits =
            rc.number("ui", "double_precision", digits, 0)?.unwrap_or(DIGITS).min(DIGITS_MAX);
        let timestamp_format;
        (timestamp_format, values.timestamps) = find_timestamps(rc)?;
        values.timestamps.zone = find_zone(rc);
        let asked = (options.color || options.no_color).then_some(options.color);
        let seconds = "a number of seconds, such as 10";
        let trace = rc.number("tracing", "max_trace_wait", seconds, 0.0)?.unwrap_or(TRACE_SECONDS);
        let is_history_disabled = rc.flag("history", "disabled")?.unwrap_or(false);
        Ok(Preferences {
            values,
            timestamp_format,
            is_coloured: asked.or(rc.flag("ui", "color")?),
            trace_timeout: Duration::try_from_secs_f64(trace).unwrap_or(Duration::MAX),
            keeps_history: !options.disable_history && !is_history_disabled,
            keyspace: options.keyspace.clone().or_else(|| rc.text("authentication", "keyspace").map(str::to_owned)),
            cqlshrc: rc.path.clone(),
        })
    }
}

/// The form of timestamps of the file or the environment, as it is written and as a view.
fn find_timestamps(rc: &mut Cqlshrc) -> Result<(Option<String>, TimestampView), CqlshrcError> {
    let expected = "a format of strftime, such as %Y-%m-%d %H:%M:%S%z";
    if let Some(view) = rc.parse_value("ui", "time_format", expected, |text| TimestampView::parse(text).ok())? {
        return Ok((rc.text("ui", "time_format").map(str::to_owned), view));
    }
    let Some(format) = std::env::var(TIMESTAMP_FORMAT_VARIABLE).ok().filter(|format| !format.is_empty()) else {
        return Ok((None, TimestampView::default()));
    };
    match TimestampView::parse(&format) {
        Ok(view) => Ok((Some(format), view)),
        Err(_) => {
            rc.warnings.push(format!("{format:?}, the value of {TIMESTAMP_FORMAT_VARIABLE}, is not {expected}."));
            Ok((None, TimestampView::default()))
        }
    }
}

/// The time zone of the environment, of the file, or UTC. One that is not known is told.
fn find_zone(rc: &mut Cqlshrc) -> TimeZone {
    let known = |name: &str| TimeZone::get(name).ok();
    let mut zone = None;
    if let Some(name) = rc.text("ui", "timezone").map(str::to_owned) {
        zone = known(&name);
        if zone.is_none() {
            rc.warnings.push(format!("{name:?}, the timezone in [ui] of cqlshrc, is not known to this machine."));
        }
    }
    if let Ok(name) = std::env::var(ZONE_VARIABLE) {
        match known(&name) {
            Some(found) => zone = Some(found),
            None => {
                rc.warnings.push(format!("{name:?}, the time zone in {ZONE_VARIABLE}, is not known to this machine."))
            }
        }
    }
    zone.unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, options: &ShellOptions) -> Result<(Preferences, Vec<String>), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cqlshrc");
        std::fs::write(&path, text).unwrap();
        let mut rc = Cqlshrc::find(Some(&path)).unwrap();
        let found = Preferences::find(options, &mut rc).map_err(|error| error.to_string())?;
        Ok((found, rc.warnings))
    }

    #[test]
    fn the_file_sets_what_the_command_line_leaves_open() {
        let text = "[ui]\ncolor = false\nfloat_precision = 3\ndouble_precision = 9\n[tracing]\nmax_trace_wait = 0.5\n\
                    [history]\ndisabled = yes\n[authentication]\nkeyspace = k\n";
        let (found, warnings) = find(text, &ShellOptions::default()).unwrap();
        assert_eq!((found.values.numbers.float_digits, found.values.numbers.double_digits), (3, 9));
        assert_eq!(
            (found.is_coloured, found.keeps_history, found.keyspace.as_deref()),
            (Some(false), false, Some("k"))
        );
        assert_eq!((found.trace_timeout, warnings.len()), (Duration::from_millis(500), 0));
        let given = ShellOptions { color: true, keyspace: Some("other".to_owned()), ..ShellOptions::default() };
        let (found, _) = find(text, &given).unwrap();
        assert_eq!((found.is_coloured, found.keyspace.as_deref()), (Some(true), Some("other")));
        let (found, _) = find("", &ShellOptions::default()).unwrap();
        assert_eq!((found.is_coloured, found.keeps_history, found.timestamp_format), (None, true, None));
    }

    #[test]
    fn zones_that_are_not_known_are_told_and_bad_forms_refused() {
        let (_, warnings) = find("[ui]\ntimezone = Middle/Earth\n", &ShellOptions::default()).unwrap();
        assert!(warnings[0].contains("\"Middle/Earth\""), "{warnings:?}");
        let (found, _) = find("[ui]\ntime_format = %Y\n", &ShellOptions::default()).unwrap();
        assert_eq!(
            (found.values.timestamps.format(0).as_str(), found.timestamp_format.as_deref()),
            ("1970", Some("%Y"))
        );
        let error = find("[ui]\ntime_format = %9\n", &ShellOptions::default()).unwrap_err();
        assert!(error.contains("time_format in [ui] cannot be \"%9\": expected a format of strftime"), "{error}");
    }
}
