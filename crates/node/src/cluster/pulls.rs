//! Pulls of metadata that failed: a peer that could not give entries is left alone for a while, and failures are logged at intervals.

use crate::ground::world::To;
use henge_base::Mono;
use std::collections::BTreeMap;
use std::time::Duration;

/// A peer is left alone for so long after its first failure; doubled by each further one.
const DELAY_MIN: Duration = Duration::from_millis(100);
/// A peer is left alone for so long at most: pulls in vain cost a page every five seconds.
const DELAY_MAX: Duration = Duration::from_secs(5);
/// Between two lines of the log.
const LOG_EVERY: Duration = Duration::from_secs(10);
/// Peers remembered; with more, those that may be asked again are forgotten.
const PEERS_MAX: usize = 1_024;

/// The failures of peers, and when they were last logged.
#[derive(Debug, Default)]
pub(crate) struct Pulls {
    failures: BTreeMap<To, Failure>,
    logged: Option<Mono>,
    unlogged: u64,
}

#[derive(Clone, Copy, Debug)]
struct Failure {
    delay: Duration,
    until: Mono,
}

impl Pulls {
    /// True if a peer may be asked now.
    pub(crate) fn may_ask(&self, peer: To, now: Mono) -> bool {
        self.failures.get(&peer).is_none_or(|failure| now >= failure.until)
    }

    /// A peer gave what it was asked for.
    pub(crate) fn record_success(&mut self, peer: To) {
        self.failures.remove(&peer);
    }

    /// A peer did not give what it was asked for.
    pub(crate) fn record_failure(&mut self, peer: To, now: Mono) {
        if self.failures.len() >= PEERS_MAX {
            self.failures.retain(|_, failure| now < failure.until);
        }
        let delay = self.failures.get(&peer).map_or(DELAY_MIN, |failure| DELAY_MAX.min(2 * failure.delay));
        self.failures.insert(peer, Failure { delay, until: now + delay });
    }

    /// The failures that were not logged since the last one that was, if one may be logged now.
    pub(crate) fn may_log(&mut self, now: Mono) -> Option<u64> {
        if self.logged.is_some_and(|logged| now.since(logged) < LOG_EVERY) {
            self.unlogged += 1;
            return None;
        }
        self.logged = Some(now);
        Some(std::mem::take(&mut self.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::HostId;

    const MS: u64 = 1_000;

    fn peer(number: u128) -> To {
        To::Host(HostId(uuid::Uuid::from_u128(number)))
    }

    #[test]
    fn a_peer_that_fails_is_asked_less_and_less_often() {
        let mut pulls = Pulls::default();
        let (mut now, mut delays) = (Mono(0), Vec::new());
        for _ in 0..8 {
            pulls.record_failure(peer(1), now);
            let failed = now;
            while !pulls.may_ask(peer(1), now) {
                now = Mono(now.0 + 100 * MS);
            }
            delays.push(now.since(failed).as_millis());
        }
        assert_eq!(delays, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        pulls.record_failure(peer(1), now);
        assert!(pulls.may_ask(peer(2), now) && !pulls.may_ask(peer(1), now));
        pulls.record_success(peer(1));
        assert!(pulls.may_ask(peer(1), now));
    }

    #[test]
    fn failures_are_logged_every_ten_seconds_and_counted_between() {
        let mut pulls = Pulls::default();
        let at = |seconds: u64| Mono(seconds * 1_000 * MS);
        assert_eq!(pulls.may_log(at(1)), Some(0));
        assert_eq!(pulls.may_log(at(2)), None);
        assert_eq!(pulls.may_log(at(10)), None);
        assert_eq!(pulls.may_log(at(11)), Some(2));
    }

    #[test]
    fn peers_that_may_be_asked_again_are_forgotten_when_there_are_many() {
        let mut pulls = Pulls::default();
        (0..2 * PEERS_MAX as u128)
            .for_each(|number| pulls.record_failure(peer(number), Mono(number as u64 * 1_000 * MS)));
        assert!(pulls.failures.len() <= PEERS_MAX);
    }
}
