//! A round of comparisons: the sets of replicas whose common ranges are compared, each set at its time. In a large cluster a round takes
//! its time, so that a node has few links at once.

use henge_base::{HostId, Mono};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

/// The rest of a round.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// The replicas of ranges that this node leads.
    sets: VecDeque<Vec<HostId>>,
    /// When the first of them is due.
    next: Mono,
    /// The time from one to the next.
    pause: Duration,
}

impl Round {
    /// A round that begins now, and whose sets are spread evenly over a time.
    pub(super) fn new(sets: BTreeSet<Vec<HostId>>, now: Mono, time: Duration) -> Self {
        let pause = time / u32::try_from(sets.len()).unwrap_or(u32::MAX).max(1);
        Round { sets: sets.into_iter().collect(), next: now, pause }
    }

    /// When the next set is due; `None` once none is left.
    pub(super) fn due(&self) -> Option<Mono> {
        (!self.sets.is_empty()).then_some(self.next)
    }

    /// The next set, if it is due. One that is late delays those after it.
    pub(super) fn take(&mut self, now: Mono) -> Option<Vec<HostId>> {
        if now < self.next {
            return None;
        }
        self.next = now + self.pause;
        self.sets.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(count: u128) -> BTreeSet<Vec<HostId>> {
        (0..count).map(|number| vec![HostId(uuid::Uuid::from_u128(number))]).collect()
    }

    #[test]
    fn the_sets_of_a_round_are_spread_over_its_time() {
        let mut round = Round::new(sets(3), Mono(100), Duration::from_micros(30));
        assert!(round.take(Mono(99)).is_none());
        for time in [100, 110, 120] {
            assert_eq!(round.due(), Some(Mono(time)));
            assert!(round.take(Mono(time)).is_some());
            assert!(round.take(Mono(time)).is_none());
        }
        assert_eq!(round.due(), None);
    }

    #[test]
    fn without_a_time_all_are_due_at_once() {
        let mut round = Round::new(sets(3), Mono(100), Duration::ZERO);
        assert_eq!(std::iter::from_fn(|| round.take(Mono(100))).count(), 3);
        assert!(Round::new(sets(0), Mono(100), Duration::from_micros(30)).due().is_none());
    }
}
