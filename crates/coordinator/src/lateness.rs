//! The time after which a replica is late, so that another is asked.

use crate::{Replicas, Work};
use henge_base::{HostId, Mono};
use henge_model::{Percentile, SpeculativeRetry};
use std::time::Duration;

/// The shortest measured delay: below it asking another replica gains nothing, and noise would decide.
const MEASURED_DELAY_MIN: Duration = Duration::from_millis(2);
/// The delay for a replica of which too little is known.
const UNMEASURED_DELAY: Duration = Duration::from_millis(50);
/// The longest measured delay.
const MEASURED_DELAY_MAX: Duration = Duration::from_secs(1);

/// The time after which one more replica is asked while some have not answered; `None` for never. `measured` gives the time in which
/// the slowest of those answers a share of its requests, if that is known.
pub(crate) fn retry_delay(
    policy: SpeculativeRetry,
    measured: impl Fn(Percentile) -> Option<Duration>,
) -> Option<Duration> {
    let measured = |share| measured(share).map_or(UNMEASURED_DELAY, limit_measured);
    match policy {
        SpeculativeRetry::Never | SpeculativeRetry::Always => None,
        SpeculativeRetry::After(delay) => Some(delay),
        SpeculativeRetry::Percentile(share) => Some(measured(share)),
        SpeculativeRetry::Min(share, delay) => Some(measured(share).min(delay)),
        SpeculativeRetry::Max(share, delay) => Some(measured(share).max(delay)),
    }
}

fn limit_measured(measured: Duration) -> Duration {
    measured.clamp(MEASURED_DELAY_MIN, MEASURED_DELAY_MAX)
}

/// The time after which replicas that do some work are late, whatever the table says; no longer than half of the time that is left.
pub(crate) fn patience<R: Replicas>(
    replicas: &R,
    hosts: impl Iterator<Item = HostId>,
    work: Work,
    deadline: Mono,
) -> Duration {
    let measured =
        hosts.map(|host| replicas.answer_time(host, work, Percentile::P99).map_or(UNMEASURED_DELAY, limit_measured));
    let half = deadline.since(replicas.mono()) / 2;
    // Writes and votes wait for disks, whose pauses are no sign of anything.
    let delay = measured.max().unwrap_or(UNMEASURED_DELAY).max(UNMEASURED_DELAY);
    delay.min(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_is_what_the_policy_says_of_what_was_measured() {
        let (ms, share) = (Duration::from_millis, Percentile::P99);
        // Policy, milliseconds measured: delay.
        for (policy, measured, delay) in [
            (SpeculativeRetry::Never, Some(7), None),
            (SpeculativeRetry::Always, Some(7), None),
            (SpeculativeRetry::After(ms(0)), Some(7), Some(0)),
            (SpeculativeRetry::After(ms(9_000)), Some(7), Some(9_000)),
            (SpeculativeRetry::Percentile(share), Some(7), Some(7)),
            (SpeculativeRetry::Percentile(share), Some(0), Some(2)),
            (SpeculativeRetry::Percentile(share), Some(5_000), Some(1_000)),
            (SpeculativeRetry::Percentile(share), None, Some(50)),
            (SpeculativeRetry::Min(share, ms(5)), Some(7), Some(5)),
            (SpeculativeRetry::Min(share, ms(9)), Some(7), Some(7)),
            (SpeculativeRetry::Max(share, ms(5)), Some(7), Some(7)),
            (SpeculativeRetry::Max(share, ms(9)), Some(7), Some(9)),
        ] {
            let got = retry_delay(policy, |asked| {
                assert_eq!(asked, share);
                measured.map(ms)
            });
            assert_eq!(got, delay.map(ms), "{policy:?} of {measured:?}");
        }
    }
}
