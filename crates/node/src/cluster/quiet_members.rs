//! Members that were waited for in vain a moment ago, and that gossip may still take for up: changes of the metadata wait for each once,
//! not once for each change.

use henge_base::{HostId, Mono};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::time::Duration;

/// A member is waited for again after so long, whatever has been heard of it: shorter than gossip takes to notice that it is down.
const QUIET_TIME: Duration = Duration::from_secs(5);

/// Members that were silent lately, with the time at which that was noticed.
#[derive(Debug, Default)]
pub(crate) struct QuietMembers {
    noticed: Mutex<BTreeMap<HostId, Mono>>,
}

impl QuietMembers {
    /// Notes that a member was waited for in vain. One that was noted before keeps its time.
    pub(super) fn note(&self, member: HostId, now: Mono) {
        let mut noticed = self.noticed.lock();
        noticed.retain(|_, since| now.since(*since) < QUIET_TIME);
        noticed.entry(member).or_insert(now);
    }

    /// Notes that a member has answered.
    pub(super) fn clear(&self, member: HostId) {
        self.noticed.lock().remove(&member);
    }

    /// True if a member was waited for in vain lately, and has not answered since.
    pub(super) fn contains(&self, member: HostId, now: Mono) -> bool {
        self.noticed.lock().get(&member).is_some_and(|since| now.since(*since) < QUIET_TIME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_quiet_until_it_answers_or_for_a_while() {
        let (quiet, host) = (QuietMembers::default(), HostId(uuid::Uuid::from_u128(1)));
        let at = |seconds: u64| Mono(seconds * 1_000_000);
        assert!(!quiet.contains(host, at(1)));
        quiet.note(host, at(1));
        quiet.note(host, at(4));
        assert!(quiet.contains(host, at(5)) && !quiet.contains(host, at(6)), "it is tried again in time");
        quiet.note(host, at(7));
        assert!(quiet.contains(host, at(7)));
        quiet.clear(host);
        assert!(!quiet.contains(host, at(7)));
    }
}
