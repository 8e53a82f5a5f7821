//! The options of COPY.

use super::dialect::Dialect;
use super::request::Direction;
use crate::number::NumberStyle;
use crate::timestamp::TimestampFormat;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

/// The most worker threads, as cqlsh has processes.
const WORKERS_MAX: usize = 16;

/// The most digits of a floating point number; no double has more.
const DIGITS_MAX: usize = 800;

/// An option that has no effect here, and the reason.
const WITHOUT_EFFECT: [(&str, &str); 5] = [
    ("PREPAREDSTATEMENTS", "statements are always prepared"),
    ("MAXINFLIGHTMESSAGES", "a connection has 128 requests under way"),
    ("MAXBACKOFFATTEMPTS", "MAXATTEMPTS bounds all attempts"),
    ("MAXPENDINGCHUNKS", "a worker has one chunk in hand and one that waits"),
    ("CHILDTIMEOUT", "there are no child processes"),
];
const COMMON: [&str; 18] = [
    "DELIMITER",
    "QUOTE",
    "ESCAPE",
    "HEADER",
    "NULL",
    "NULLVAL",
    "DATETIMEFORMAT",
    "ENCODING",
    "DECIMALSEP",
    "THOUSANDSSEP",
    "BOOLSTYLE",
    "NUMPROCESSES",
    "MAXATTEMPTS",
    "REPORTFREQUENCY",
    "RATEFILE",
    "REQUESTTIMEOUT",
    "CONFIGFILE",
    "CONFIGSECTIONS",
];
const OF_TO: [&str; 9] = [
    "EXACT",
    "PAGESIZE",
    "PAGETIMEOUT",
    "BEGINTOKEN",
    "ENDTOKEN",
    "MAXREQUESTS",
    "MAXOUTPUTSIZE",
    "FLOATPRECISION",
    "DOUBLEPRECISION",
];
const OF_FROM: [&str; 13] = [
    "CHUNKSIZE",
    "INGESTRATE",
    "MINBATCHSIZE",
    "MAXBATCHSIZE",
    "MAXROWS",
    "SKIPROWS",
    "SKIPCOLS",
    "MAXPARSEERRORS",
    "MAXINSERTERRORS",
    "ERRFILE",
    "TTL",
    "RESUME",
    "PREPAREDSTATEMENTS",
];

/// The names of the options of COPY TO, or of COPY FROM.
pub(crate) fn option_names(is_export: bool) -> impl Iterator<Item = &'static str> {
    let own: &'static [&'static str] = if is_export { &OF_TO } else { &OF_FROM };
    COMMON.iter().chain(own).copied()
}

/// True of an option that only the other direction has. `name` is in upper case.
pub(crate) fn is_of_other_direction(name: &str, direction: Direction) -> bool {
    let (own, other): (&[&str], &[&str]) =
        if direction == Direction::To { (&OF_TO, &OF_FROM) } else { (&OF_FROM, &OF_TO) };
    other.contains(&name) && !own.contains(&name)
}

/// An option that is not there, or whose value it cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OptionError {
    #[error("COPY {direction} has no option {names}; there are {known}")]
    Unknown { direction: &'static str, names: String, known: String },
    #[error("{name} cannot be {value:?}: it is {allowed}")]
    Value { name: &'static str, value: String, allowed: String },
}

/// The form of values, which both directions share.
#[derive(Clone, Debug)]
pub(crate) struct ValueStyle {
    pub(crate) null: String,
    pub(crate) numbers: NumberStyle,
    /// True and false.
    pub(crate) booleans: [String; 2],
    pub(crate) timestamps: TimestampFormat,
    /// True if texts and numbers are written with nothing left out, which cqlsh cannot.
    pub(crate) is_exact: bool,
}

/// The options of both directions.
#[derive(Clone, Debug)]
pub(crate) struct CopyOptions {
    pub(crate) dialect: Dialect,
    pub(crate) style: ValueStyle,
    pub(crate) has_header: bool,
    pub(crate) workers: usize,
    pub(crate) attempts: u32,
    pub(crate) report_interval: Duration,
    pub(crate) rate_file: Option<String>,
    /// The time to wait for an answer; `None` for that of the session.
    pub(crate) request_timeout: Option<Duration>,
    /// A line for each option that has no effect.
    pub(crate) notes: Vec<String>,
}

/// The options of COPY TO.
#[derive(Clone, Debug)]
pub(crate) struct ExportOptions {
    pub(crate) page_rows: u32,
    pub(crate) page_timeout: Duration,
    /// The tokens after the first up to the second; `None` for the end of the ring.
    pub(crate) tokens: (Option<i64>, Option<i64>),
    /// Requests that a worker has under way.
    pub(crate) requests: usize,
    /// Rows of a file; `None` for all.
    pub(crate) file_rows: Option<u64>,
}

/// The options of COPY FROM.
#[derive(Clone, Debug)]
pub(crate) struct ImportOptions {
    pub(crate) chunk_rows: usize,
    /// Rows in a second; 0 for no bound.
    pub(crate) ingest_rate: u32,
    pub(crate) batches: BatchSizes,
    /// The number of the last row that is read; `None` for all.
    pub(crate) last_row: Option<u64>,
    pub(crate) skipped_rows: u64,
    pub(crate) skipped_columns: Vec<String>,
    /// `None` for no bound.
    pub(crate) parse_errors_max: Option<u64>,
    pub(crate) insert_errors_max: Option<u64>,
    pub(crate) error_file: Option<String>,
    pub(crate) ttl: Option<u32>,
    pub(crate) resumes: bool,
}

/// The most rows of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchSizes {
    /// Of one partition.
    pub(crate) of_one: usize,
    /// Of several partitions.
    pub(crate) of_several: usize,
}

/// The options as they were written, by their names in upper case.
pub(crate) struct WrittenOptions(BTreeMap<String, String>);

impl WrittenOptions {
    /// Fails if there is one that the direction does not have.
    pub(crate) fn new(options: BTreeMap<String, String>, direction: Direction) -> Result<WrittenOptions, OptionError> {
        let own: &[&str] = if direction == Direction::To { &OF_TO } else { &OF_FROM };
        let known: Vec<&str> = COMMON.iter().chain(own).copied().collect();
        let is_known = |name: &str| known.contains(&name) || WITHOUT_EFFECT.iter().any(|(without, _)| *without == name);
        let unknown: Vec<&str> = options.keys().map(String::as_str).filter(|name| !is_known(name)).collect();
        if !unknown.is_empty() {
            let (names, known) = (unknown.join(", "), known.join(", "));
            return Err(OptionError::Unknown { direction: direction.name(), names, known });
        }
        Ok(WrittenOptions(options))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn number<T: FromStr + PartialOrd + Display>(
        &self,
        name: &'static str,
        default: T,
        least: T,
    ) -> Result<T, OptionError> {
        let Some(text) = self.text(name) else { return Ok(default) };
        text.trim().parse().ok().filter(|number| *number >= least).ok_or_else(|| OptionError::Value {
            name,
            value: text.to_owned(),
            allowed: format!("a number from {least} on"),
        })
    }

    /// A bound, for which -1 says that there is none.
    fn maximum(&self, name: &'static str, default: i64) -> Result<Option<u64>, OptionError> {
        Ok(u64::try_from(self.number(name, default, -1)?).ok())
    }

    fn character(&self, name: &'static str, default: char) -> Result<char, OptionError> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let text = if text == "\\t" { "\t" } else { text };
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(only), None) if !matches!(only, '\r' | '\n') => Ok(only),
            _ => Err(OptionError::Value { name, value: text.to_owned(), allowed: "one character".to_owned() }),
        }
    }

    fn flag(&self, name: &'static str) -> Result<bool, OptionError> {
        match self.text(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(value) => {
                Err(OptionError::Value { name, value: value.to_owned(), allowed: "true or false".to_owned() })
            }
        }
    }

    /// The options of both directions.
    pub(crate) fn common(&self) -> Result<CopyOptions, OptionError> {
        self.check_encoding()?;
        let used = WITHOUT_EFFECT.iter().filter(|(name, _)| self.text(name).is_some());
        // What is asked for is how it is.
        let differs = |name: &str| name != "PREPAREDSTATEMENTS" || !matches!(self.flag("PREPAREDSTATEMENTS"), Ok(true));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(CopyOptions {
            dialect: self.dialect()?,
            style: self.style()?,
            has_header: self.flag("HEADER")?,
            workers: self.number("NUMPROCESSES", cores.min(WORKERS_MAX), 1)?.min(WORKERS_MAX),
            attempts: self.number("MAXATTEMPTS", 5, 1)?,
            report_interval: Duration::try_from_secs_f64(self.number("REPORTFREQUENCY", 0.25, 0.0)?)
                .unwrap_or(Duration::MAX),
            rate_file: self.text("RATEFILE").filter(|name| !name.is_empty()).map(str::to_owned),
            request_timeout: match self.number("REQUESTTIMEOUT", 0_u64, 0)? {
                0 => None,
                seconds => Some(Duration::from_secs(seconds)),
            },
            notes: used
                .filter(|(name, _)| differs(name))
                .map(|(name, reason)| format!("{name} has no effect: {reason}."))
                .collect(),
        })
    }

    fn check_encoding(&self) -> Result<(), OptionError> {
        let value = self.text("ENCODING").unwrap_or("utf8");
        match value.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
            "utf8" => Ok(()),
            _ => {
                Err(OptionError::Value { name: "ENCODING", value: value.to_owned(), allowed: "utf8 alone".to_owned() })
            }
        }
    }

    fn dialect(&self) -> Result<Dialect, OptionError> {
        let quote = self.character("QUOTE", '"')?;
        let escape = Some(self.character("ESCAPE", '\\')?).filter(|escape| *escape != quote);
        let delimiter = self.character("DELIMITER", ',')?;
        match delimiter == quote || escape == Some(delimiter) {
            true => Err(OptionError::Value {
                name: "DELIMITER",
                value: delimiter.to_string(),
                allowed: "another character than QUOTE and ESCAPE".to_owned(),
            }),
            false => Ok(Dialect { delimiter, quote, escape }),
        }
    }

    fn style(&self) -> Result<ValueStyle, OptionError> {
        let booleans = self.text("BOOLSTYLE").unwrap_or("True, False");
        let words: Vec<String> = booleans.split(',').map(|word| word.trim().to_owned()).collect();
        let [yes, no] = <[String; 2]>::try_from(words)
            .ok()
            .filter(|[yes, no]| !yes.is_empty() && !no.is_empty() && !yes.eq_ignore_ascii_case(no))
            .ok_or_else(|| OptionError::Value {
                name: "BOOLSTYLE",
                value: booleans.to_owned(),
                allowed: "two words, such as True,False or 1,0".to_owned(),
            })?;
        let timestamps = self.text("DATETIMEFORMAT").map_or(Ok(TimestampFormat::default()), |format| {
            TimestampFormat::parse(format).map_err(|reason| OptionError::Value {
                name: "DATETIMEFORMAT",
                value: format.to_owned(),
                allowed: format!("a format of strftime ({reason})"),
            })
        })?;
        Ok(ValueStyle {
            null: self.text("NULL").or(self.text("NULLVAL")).unwrap_or_default().to_owned(),
            numbers: NumberStyle {
                decimal_separator: self.text("DECIMALSEP").unwrap_or(".").to_owned(),
                thousands_separator: self.text("THOUSANDSSEP").unwrap_or_default().to_owned(),
                float_digits: self.number("FLOATPRECISION", 5, 0)?.min(DIGITS_MAX),
                double_digits: self.number("DOUBLEPRECISION", 12, 0)?.min(DIGITS_MAX),
            },
            booleans: [yes, no],
            timestamps,
            is_exact: self.flag("EXACT")?,
        })
    }

    pub(crate) fn export(&self) -> Result<ExportOptions, OptionError> {
        let page_rows: u32 = self.number("PAGESIZE", 1_000, 1)?;
        // Ten seconds for each thousand rows, as in cqlsh.
        let timeout = (u64::from(page_rows) / 100).max(10);
        let token = |name| match self.text(name) {
            None | Some("") => Ok(None),
            Some(_) => self.number(name, 0, i64::MIN).map(Some),
        };
        let tokens = (token("BEGINTOKEN")?, token("ENDTOKEN")?);
        if let (Some(begin), Some(end)) = tokens
            && begin > end
        {
            let (value, allowed) = (begin.to_string(), format!("at most ENDTOKEN, {end}"));
            return Err(OptionError::Value { name: "BEGINTOKEN", value, allowed });
        }
        Ok(ExportOptions {
            page_rows,
            page_timeout: Duration::from_secs(self.number("PAGETIMEOUT", timeout, 1)?),
            tokens,
            requests: self.number("MAXREQUESTS", 6, 1)?,
            file_rows: self.maximum("MAXOUTPUTSIZE", -1)?.filter(|rows| *rows > 0),
        })
    }

    pub(crate) fn import(&self) -> Result<ImportOptions, OptionError> {
        let least: usize = self.number("MINBATCHSIZE", 10, 1)?;
        let columns = self.text("SKIPCOLS").unwrap_or_default().split(',').map(str::trim);
        Ok(ImportOptions {
            chunk_rows: self.number("CHUNKSIZE", 5_000, 1)?,
            ingest_rate: self.number("INGESTRATE", 100_000, 0)?,
            batches: BatchSizes { of_one: self.number("MAXBATCHSIZE", least.max(20), least)?, of_several: least },
            last_row: self.maximum("MAXROWS", -1)?,
            skipped_rows: self.number("SKIPROWS", 0, 0)?,
            skipped_columns: columns.filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            parse_errors_max: self.maximum("MAXPARSEERRORS", -1)?,
            insert_errors_max: self.maximum("MAXINSERTERRORS", 1_000)?,
            error_file: self.text("ERRFILE").filter(|name| !name.is_empty()).map(str::to_owned),
            ttl: self.maximum("TTL", -1)?.and_then(|ttl| u32::try_from(ttl).ok()),
            resumes: self.flag("RESUME")?,
        })
    }
}
