//! Types of values: how a text is read as one, and which of them a setting takes.

use crate::InvalidValue;
use crate::secret::{Secrecy, Secret};
use crate::units::{parse_duration, parse_size};
use std::net::{IpAddr, ToSocketAddrs};
use std::ops::{Bound, RangeBounds, RangeInclusive};
use std::path::PathBuf;
use std::time::Duration;

type Parse<V> = Box<dyn Fn(&str) -> Result<V, InvalidValue> + Send + Sync>;

/// A type of values with a default.
pub struct Kind<V> {
    pub(crate) default: String,
    pub(crate) values: String,
    pub(crate) secrecy: Secrecy,
    pub(crate) cassandra: Option<&'static str>,
    pub(crate) parse: Parse<V>,
}

impl<V> std::fmt::Debug for Kind<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kind({})", self.values)
    }
}

impl<V: 'static> Kind<V> {
    /// A type of its own; `values` says which values there are.
    pub fn new(
        default: impl Into<String>,
        values: impl Into<String>,
        parse: impl Fn(&str) -> Result<V, InvalidValue> + Send + Sync + 'static,
    ) -> Kind<V> {
        let (default, values) = (default.into(), values.into());
        Kind { default, values, secrecy: Secrecy::Public, cassandra: None, parse: Box::new(parse) }
    }

    /// The value of a text.
    pub fn parse(&self, text: &str) -> Result<V, InvalidValue> {
        (self.parse)(text)
    }

    /// The value of the default.
    ///
    /// # Panics
    /// If the declaration is wrong: the default is no value of this kind.
    pub fn default_value(&self) -> V {
        self.parse(&self.default).expect("the default of a setting is one of its values")
    }

    /// A word stands for no value.
    pub fn or(self, word: &'static str) -> Kind<Option<V>> {
        let Kind { default, values, secrecy, cassandra, parse } = self;
        let values = match word {
            "" => format!("{values}; or empty"),
            word => format!("{word}, or {values}"),
        };
        // A null in YAML has become an empty text, one in the environment has not.
        let is_none = move |text: &str| text == word || (word.is_empty() && text == "null");
        let parse: Parse<Option<V>> =
            Box::new(move |text| if is_none(text) { Ok(None) } else { parse(text).map(Some) });
        Kind { default, values, secrecy, cassandra, parse }
    }

    /// Its name in Cassandra is another one.
    pub fn cassandra(self, name: &'static str) -> Kind<V> {
        Kind { cassandra: Some(name), ..self }
    }

    /// Clients do not see it.
    pub fn hidden_from_clients(self) -> Kind<V> {
        Kind { secrecy: Secrecy::HiddenFromClients, ..self }
    }
}

/// A text that is not empty.
pub fn text(default: &str) -> Kind<String> {
    Kind::new(default, "text", |text| match text.trim() {
        "" => Err(InvalidValue::Empty),
        text => Ok(text.to_owned()),
    })
}

/// A text that nobody is shown.
pub fn secret() -> Kind<Secret> {
    Kind { secrecy: Secrecy::Secret, ..Kind::new("", "text", |text| Ok(Secret::new(text))) }
}

/// A path.
pub fn path(default: &str) -> Kind<PathBuf> {
    Kind::new(default, "a path", |text| match text.trim() {
        "" => Err(InvalidValue::Empty),
        text => Ok(PathBuf::from(text)),
    })
}

/// Several texts, separated by commas.
pub fn list(values: &str) -> Kind<Vec<String>> {
    Kind::new("", values, |text| Ok(items(text).map(str::to_owned).collect()))
}

/// Several values of which each is read by a function.
pub fn list_of<C: FromIterator<V> + 'static, V: 'static>(
    values: &str,
    parse: fn(&str) -> Result<V, InvalidValue>,
) -> Kind<C> {
    Kind::new("", values, move |text| items(text).map(parse).collect())
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// `true` or `false`.
pub fn flag(default: bool) -> Kind<bool> {
    choice(if default { "true" } else { "false" }, [("true", true), ("false", false)])
}

/// One of several words.
pub fn choice<V: Clone + Send + Sync + 'static, const N: usize>(
    default: &str,
    words: [(&'static str, V); N],
) -> Kind<V> {
    let among: Vec<&'static str> = words.iter().map(|(word, _)| *word).collect();
    Kind::new(default, among.join(", "), move |text| {
        let found = words.iter().find(|(word, _)| *word == text);
        found
            .map(|(_, value)| value.clone())
            .ok_or_else(|| InvalidValue::Choice { given: text.to_owned(), among: among.clone() })
    })
}

/// One of Cassandra's classes of authentication, with its package or without.
pub fn class<V: Clone + Send + Sync + 'static, const N: usize>(
    default: &str,
    classes: [(&'static str, V); N],
) -> Kind<V> {
    let Kind { default, values, parse, .. } = choice(default, classes);
    Kind::new(default, values, move |text| parse(text.strip_prefix("org.apache.cassandra.auth.").unwrap_or(text)))
}

/// A number within a range.
pub fn number<N: TryFrom<u64> + 'static>(default: impl std::fmt::Display, range: RangeInclusive<u64>) -> Kind<N> {
    let (low, high) = (*range.start(), *range.end());
    Kind::new(default.to_string(), format!("{low} to {high}"), move |text| {
        let number = text.parse::<u64>().ok().filter(|number| (low..=high).contains(number));
        let number = number.and_then(|number| N::try_from(number).ok());
        number.ok_or_else(|| InvalidValue::Number { given: text.to_owned(), low, high })
    })
}

/// A limit of a guardrail: a positive number, or -1 for none.
pub fn limit(default: i64) -> Kind<Option<u64>> {
    Kind::new(default.to_string(), "a positive number, or -1 for none", |text| match text {
        "-1" => Ok(None),
        _ => {
            let number = text.parse::<u64>().ok().filter(|number| (1..=i64::MAX as u64).contains(number));
            number.map(Some).ok_or_else(|| InvalidValue::Limit { given: text.to_owned() })
        }
    })
}

/// A duration within a range.
pub fn duration(default: &str, range: impl RangeBounds<&'static str>) -> Kind<Duration> {
    let bounds = Bounds::new(&range);
    let (low, high) = bounds.map(|text| parse_duration(text).expect("the range of a setting has durations"));
    Kind::new(default, bounds.describe("a duration such as 10s"), move |text| {
        let value = parse_duration(text)?;
        bounds.check(text, low.is_none_or(|low| value >= low) && high.is_none_or(|high| value <= high))?;
        Ok(value)
    })
}

/// Bytes within a range.
pub fn size<N: TryFrom<u64> + 'static>(default: &str, range: impl RangeBounds<&'static str>) -> Kind<N> {
    let bounds = Bounds::new(&range);
    let (low, high) = bounds.map(|text| parse_size(text).expect("the range of a setting has sizes"));
    Kind::new(default, bounds.describe("a size such as 16MiB"), move |text| {
        let value = parse_size(text)?;
        bounds.check(text, low.is_none_or(|low| value >= low) && high.is_none_or(|high| value <= high))?;
        N::try_from(value).map_err(|_| InvalidValue::Size { given: text.to_owned(), suggestion: String::new() })
    })
}

/// The address of a host, or its name.
pub fn address(default: &str) -> Kind<IpAddr> {
    Kind::new(default, "an address or a host name", |text| {
        let resolved = (text, 0).to_socket_addrs().ok().and_then(|mut found| found.next());
        resolved.map(|address| address.ip()).ok_or_else(|| InvalidValue::Address { given: text.to_owned() })
    })
}

/// The ends of a range as texts.
#[derive(Clone, Copy)]
struct Bounds {
    low: Option<&'static str>,
    high: Option<&'static str>,
}

impl Bounds {
    fn new(range: &impl RangeBounds<&'static str>) -> Bounds {
        let end = |bound: Bound<&&'static str>| match bound {
            Bound::Included(text) | Bound::Excluded(text) => Some(*text),
            Bound::Unbounded => None,
        };
        Bounds { low: end(range.start_bound()), high: end(range.end_bound()) }
    }

    fn map<T>(self, parse: impl Fn(&'static str) -> T) -> (Option<T>, Option<T>) {
        (self.low.map(&parse), self.high.map(&parse))
    }

    fn describe(self, what: &str) -> String {
        match self {
            Bounds { low: Some(low), high: Some(high) } => format!("{low} to {high}"),
            Bounds { low: Some(low), high: None } => format!("{low} or more"),
            Bounds { low: None, .. } => what.to_owned(),
        }
    }

    fn check(self, given: &str, is_within: bool) -> Result<(), InvalidValue> {
        match self {
            _ if is_within => Ok(()),
            Bounds { low: Some(low), high: Some(high) } => {
                Err(InvalidValue::OutOfRange { given: given.to_owned(), low, high })
            }
            Bounds { low, .. } => Err(InvalidValue::TooSmall { given: given.to_owned(), low: low.unwrap_or_default() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_error<V: std::fmt::Debug + 'static>(kind: Kind<V>, text: &str) -> String {
        kind.parse(text).expect_err(text).to_string()
    }

    #[test]
    fn values_are_held_to_their_ranges() {
        assert_eq!(number::<u32>(16, 1..=1_536).default_value(), 16);
        assert_eq!(parse_error(number::<u16>(1, 1..=9), "10"), "must be a number from 1 to 9, not \"10\"");
        assert_eq!(parse_error(duration("2s", "10ms"..="1h"), "0s"), "must be from 10ms to 1h, not 0s");
        assert_eq!(parse_error(size::<u64>("1MiB", "64KiB"..), "1B"), "must be at least 64KiB, not 1B");
        assert_eq!(size::<u64>("1GiB", ..).default_value(), 1 << 30);
        assert_eq!(parse_error(text("x"), " "), "must not be empty");
        assert_eq!(parse_error(limit(-1), "0"), "must be a positive number, or -1 to switch it off, not \"0\"");
        assert_eq!(parse_error(flag(true), "treu"), "must be one of true, false, not \"treu\"; did you mean true?");
    }

    #[test]
    fn a_word_may_stand_for_no_value() {
        let kind = || size::<u64>("auto", "1KiB"..).or("auto");
        assert_eq!((kind().default_value(), kind().parse("2KiB")), (None, Ok(Some(2_048))));
        assert!(parse_error(kind(), "automatic").starts_with("invalid size \"automatic\""));
        let empty = || duration("", ..).or("");
        assert_eq!(["", "null"].map(|text| empty().parse(text)), [Ok(None), Ok(None)]);
    }

    #[test]
    fn classes_are_known_with_their_package_and_without() {
        let kind = || class("AllowAll", [("AllowAll", false), ("Password", true)]);
        assert_eq!(kind().parse("org.apache.cassandra.auth.Password"), Ok(true));
        assert!(parse_error(kind(), "Passwort").ends_with("; did you mean Password?"));
    }

    #[test]
    fn lists_are_separated_by_commas() {
        assert_eq!(list("").parse(" a, b,,").unwrap(), ["a", "b"]);
        let numbers = list_of::<Vec<u8>, u8>("numbers", |text| text.parse().map_err(|_| InvalidValue::Empty));
        assert_eq!(numbers.parse("1,2"), Ok(vec![1, 2]));
    }
}
