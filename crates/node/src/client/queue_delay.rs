//! The time that requests wait before they begin: it tells when a core is offered more requests than it can serve.
//!
//! A queue that comes and goes is a burst, and is worked off. In a standing queue even the shortest wait of an interval is long: all
//! requests are late, and work is done for clients who have given up. Then requests that have waited for too long are refused when their
//! turn comes, which costs next to nothing, and the others are served in time (CoDel, Nichols and Jacobson 2012, with the rule for servers
//! of Maurer, "Fail at Scale", 2015).

use henge_base::Mono;
use parking_lot::Mutex;
use std::time::Duration;

/// A request that has waited for longer is refused while there is a standing queue. An eighth of the time that a write may take by default,
/// for it waits in several queues; clients that keep thousands of requests under way, as bulk loads do, wait for less than that.
const WAIT_MAX: Duration = Duration::from_millis(250);
/// The time over which the shortest wait is looked for.
const INTERVAL: Duration = Duration::from_millis(100);
/// The requests that must have come in it: of a few each may have been held up by chance.
const REQUESTS_MIN: u32 = 16;
/// The queue is gone when the shortest wait is this part of [`WAIT_MAX`]: refusing keeps it just below that.
const GONE_PART: u32 = 4;

/// The waits of a core's requests.
#[derive(Debug, Default)]
pub(crate) struct QueueDelay {
    interval: Mutex<Interval>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Interval {
    end: Mono,
    shortest: Duration,
    requests: u32,
    has_standing_queue: bool,
}

impl Interval {
    fn next(self, now: Mono) -> Interval {
        let is_recent = now < self.end + INTERVAL && self.requests >= REQUESTS_MIN;
        let limit = if self.has_standing_queue { WAIT_MAX / GONE_PART } else { WAIT_MAX };
        Interval {
            end: now + INTERVAL,
            shortest: Duration::MAX,
            requests: 0,
            has_standing_queue: is_recent && self.shortest > limit,
        }
    }
}

impl QueueDelay {
    /// Takes in a request that has waited for its turn; false if it is not to begin.
    pub(crate) fn admit(&self, waited: Duration, now: Mono) -> bool {
        let mut interval = self.interval.lock();
        if now >= interval.end {
            *interval = interval.next(now);
        }
        interval.shortest = interval.shortest.min(waited);
        interval.requests += 1;
        !interval.has_standing_queue || waited <= WAIT_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERCENT: Duration = Duration::from_micros(WAIT_MAX.as_micros() as u64 / 100);

    /// Requests every millisecond whose waits, in hundredths of [`WAIT_MAX`], a function of the time gives; the number of refusals.
    fn refusals(delay: &QueueDelay, times: std::ops::Range<u64>, wait: impl Fn(u64) -> u32) -> usize {
        times.filter(|time| !delay.admit(PERCENT * wait(*time), Mono(time * 1_000))).count()
    }

    #[test]
    fn a_burst_is_worked_off() {
        let delay = QueueDelay::default();
        // A wait of up to three times the bound that is gone at the end of each interval.
        assert_eq!(refusals(&delay, 0..5_000, |time| 3 * (100 - time as u32 % 100)), 0);
    }

    #[test]
    fn a_queue_that_stands_refuses_whoever_has_waited_too_long() {
        let delay = QueueDelay::default();
        let half = |time: u64| if time.is_multiple_of(2) { 101 } else { 150 };
        assert!(refusals(&delay, 0..200, half) <= 100);
        assert_eq!(refusals(&delay, 200..1_000, half), 800);
        // Refusing keeps the wait just below the bound: the queue is still there.
        assert_eq!(refusals(&delay, 1_000..2_000, |time| 90 + time as u32 % 20), 450);
        // It goes, and what comes then waits as long as it likes.
        refusals(&delay, 2_000..2_200, |_| 5);
        assert_eq!(refusals(&delay, 2_200..2_290, |_| 300), 0);
    }

    #[test]
    fn a_few_requests_that_were_held_up_are_no_queue() {
        let delay = QueueDelay::default();
        let rare = (0..100).filter(|number| !delay.admit(PERCENT * 500, Mono(number * 10_000))).count();
        assert_eq!(rare, 0);
        // Nothing came for a while: what stood before is gone.
        refusals(&delay, 1_000..1_300, |_| 200);
        assert!(delay.admit(PERCENT * 200, Mono(9_000_000)));
    }
}
