//! `speculative_retry` of a table, as reads obey it.

use crate::TableOptions;
use std::time::Duration;

/// The default of the option.
const DEFAULT_TEXT: &str = "99p";

/// When a read by partition key asks one replica more than its level needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeculativeRetry {
    /// Never for a silent replica; one that has failed is replaced.
    Never,
    /// From the beginning.
    Always,
    /// When the level has not been met for this long.
    After(Duration),
    /// When a replica has not answered in the time in which it answers this share of its requests.
    Percentile(Percentile),
    /// After the percentile or the time, whichever is less.
    Min(Percentile, Duration),
    /// After the percentile or the time, whichever is more.
    Max(Percentile, Duration),
}

/// A share of all requests, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percentile(pub u32);

impl Percentile {
    /// 99 of 100.
    pub const P99: Percentile = Percentile(990_000);
}

impl Default for SpeculativeRetry {
    fn default() -> Self {
        SpeculativeRetry::Percentile(Percentile::P99)
    }
}

impl TableOptions {
    /// The policy that reads of the table obey.
    pub fn speculation(&self) -> SpeculativeRetry {
        let text = self.speculative_retry.as_str();
        // Most tables have the default, which each read asks for.
        if text == DEFAULT_TEXT {
            return SpeculativeRetry::default();
        }
        match text {
            "NEVER" => SpeculativeRetry::Never,
            "ALWAYS" => SpeculativeRetry::Always,
            // Statements are checked; only the metadata of another release can hold what is not known here.
            other => parse_delay(other).unwrap_or_default(),
        }
    }

    /// False if a read leaves replicas that differ as they are (`read_repair = 'NONE'`).
    pub fn repairs_reads(&self) -> bool {
        self.read_repair != "NONE"
    }
}

/// A percentile, milliseconds, or MIN or MAX of one of each.
fn parse_delay(text: &str) -> Option<SpeculativeRetry> {
    for (function, policy) in [
        ("MIN(", SpeculativeRetry::Min as fn(Percentile, Duration) -> SpeculativeRetry),
        ("MAX(", SpeculativeRetry::Max),
    ] {
        if let Some(arguments) = text.strip_prefix(function) {
            let (first, second) = arguments.strip_suffix(')')?.split_once(',')?;
            return Some(policy(percentile(first)?, milliseconds(second)?));
        }
    }
    percentile(text).map(SpeculativeRetry::Percentile).or_else(|| milliseconds(text).map(SpeculativeRetry::After))
}

fn percentile(text: &str) -> Option<Percentile> {
    let number: f64 = text.strip_suffix('p')?.parse().ok()?;
    // The cast saturates. More than all requests is no share.
    (number > 0.0).then(|| Percentile(((number * 10_000.0).round() as u32).min(1_000_000)))
}

fn milliseconds(text: &str) -> Option<Duration> {
    let number: f64 = text.strip_suffix("ms")?.parse().ok()?;
    Duration::try_from_secs_f64(number / 1_000.0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read_from_what_is_kept_of_a_table() {
        use SpeculativeRetry::{After, Always, Max, Min, Never};
        let ms = Duration::from_millis;
        for (text, policy) in [
            ("NEVER", Never),
            ("ALWAYS", Always),
            ("50ms", After(ms(50))),
            ("0ms", After(ms(0))),
            ("2.5ms", After(Duration::from_micros(2_500))),
            ("99p", SpeculativeRetry::Percentile(Percentile(990_000))),
            ("99.9p", SpeculativeRetry::Percentile(Percentile(999_000))),
            ("0.0001p", SpeculativeRetry::Percentile(Percentile(1))),
            ("100p", SpeculativeRetry::Percentile(Percentile(1_000_000))),
            ("MIN(99p,50ms)", Min(Percentile(990_000), ms(50))),
            ("MAX(95.5p,1ms)", Max(Percentile(955_000), ms(1))),
            ("1e300ms", SpeculativeRetry::default()),
            ("soon", SpeculativeRetry::default()),
        ] {
            let options = TableOptions { speculative_retry: text.to_owned(), ..TableOptions::default() };
            assert_eq!(options.speculation(), policy, "{text}");
        }
        assert_eq!(TableOptions::default().speculative_retry, DEFAULT_TEXT);
    }

    #[test]
    fn only_none_leaves_replicas_as_they_are() {
        let of = |text: &str| TableOptions { read_repair: text.to_owned(), ..TableOptions::default() }.repairs_reads();
        assert!(of("BLOCKING") && !of("NONE"));
    }
}
