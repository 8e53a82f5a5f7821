//! `speculative_retry` of a table, as reads obey it.

use crate::TableOptions;
use std::time::Duration;

/// When a read by partition key asks one replica more than its level needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpeculativeRetry {
    /// When a replica has been silent for half of the time that is left. Stands for percentiles, `MIN` and `MAX`, which Henge does not
    /// measure.
    #[default]
    HalfTime,
    /// Never for a silent replica; one that has failed is replaced.
    Never,
    /// From the beginning.
    Always,
    /// When the level has not been met for this long.
    After(Duration),
}

impl TableOptions {
    /// The policy that reads of the table obey.
    pub fn speculation(&self) -> SpeculativeRetry {
        match self.speculative_retry.as_str() {
            "NEVER" => SpeculativeRetry::Never,
            "ALWAYS" => SpeculativeRetry::Always,
            other => milliseconds(other).map_or(SpeculativeRetry::HalfTime, SpeculativeRetry::After),
        }
    }

    /// False if a read leaves replicas that differ as they are (`read_repair = 'NONE'`).
    pub fn repairs_reads(&self) -> bool {
        self.read_repair != "NONE"
    }
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
        let after = |micros| SpeculativeRetry::After(Duration::from_micros(micros));
        for (text, policy) in [
            ("NEVER", SpeculativeRetry::Never),
            ("ALWAYS", SpeculativeRetry::Always),
            ("50ms", after(50_000)),
            ("0ms", after(0)),
            ("2.5ms", after(2_500)),
            ("99p", SpeculativeRetry::HalfTime),
            ("MIN(99p,50ms)", SpeculativeRetry::HalfTime),
            ("1e300ms", SpeculativeRetry::HalfTime),
        ] {
            let options = TableOptions { speculative_retry: text.to_owned(), ..TableOptions::default() };
            assert_eq!(options.speculation(), policy, "{text}");
        }
    }

    #[test]
    fn only_none_leaves_replicas_as_they_are() {
        let of = |text: &str| TableOptions { read_repair: text.to_owned(), ..TableOptions::default() }.repairs_reads();
        assert!(of("BLOCKING") && !of("NONE"));
    }
}
