//! Direct evidence about one peer: whether it answers requests of this node, link by link. Heartbeats also come by way of other nodes,
//! and say nothing about the links between this node and the peer.
//!
//! A link on which requests go unanswered is first *suspected*, so that a probe is sent; if that goes unanswered too, the peer is
//! *refuted*: it counts as down, whatever its heartbeats say.

use henge_base::Mono;
use std::time::Duration;

/// The links that a node has to a peer. Each may fail by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The cluster's own business, gossip among it.
    Control,
    /// Reads and writes.
    Requests,
    /// Large transfers.
    Bulk,
}

/// All links.
pub const LINKS: [Link; 3] = [Link::Control, Link::Requests, Link::Bulk];

/// A link is suspected if, for this long, requests on it ended without an answer and none was answered. It refutes the peer once another
/// request, sent after the first of them had ended, ends without an answer too.
pub const SUSPECTED_AFTER: Duration = Duration::from_secs(1);
/// A peer that is judged down twice within this time flaps.
const FLAP_WINDOW: Duration = Duration::from_secs(60);
/// A peer that flaps must answer for a second before it is up again, and for twice as long each further time, doubled this often at most.
const HOLD_DOUBLINGS_MAX: u32 = 2;

/// The outcomes of requests on one link, since the last report or, in [`Evidence`], so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkReport {
    /// The last time at which a request was answered.
    pub answered: Option<Mono>,
    /// The requests sent since then that ended without an answer.
    pub silence: Option<Silence>,
}

/// A run of requests that ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The time at which the first of them was sent.
    pub first_sent: Mono,
    /// The earliest time at which one of them ended.
    pub first_ended: Mono,
    /// The time at which the last of them was sent.
    pub last_sent: Mono,
    /// The time at which the last of them ended.
    pub last_ended: Mono,
}

impl Silence {
    /// The silence of one request.
    pub fn of_one(sent: Mono, ended: Mono) -> Silence {
        Silence { first_sent: sent, first_ended: ended, last_sent: sent, last_ended: ended }
    }

    fn is_suspicious(&self) -> bool {
        self.last_ended.since(self.first_sent) >= SUSPECTED_AFTER
    }

    /// True if a request that was sent after the first failure failed as well.
    fn is_confirmed(&self) -> bool {
        self.is_suspicious() && self.last_sent >= self.first_ended
    }

    fn merge(self, other: Silence) -> Silence {
        Silence {
            first_sent: self.first_sent.min(other.first_sent),
            first_ended: self.first_ended.min(other.first_ended),
            last_sent: self.last_sent.max(other.last_sent),
            last_ended: self.last_ended.max(other.last_ended),
        }
    }
}

/// The direct evidence about one peer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    links: [LinkReport; LINKS.len()],
    /// The time at which the peer last ceased to be refuted; `None` if it never was.
    recovered: Option<Mono>,
    /// The last time at which the peer was judged down.
    down: Option<Mono>,
    /// The number of times in a row that it was, each within [`FLAP_WINDOW`] of the one before.
    flaps: u32,
}

impl Evidence {
    /// Adds what happened on a link since the last report.
    pub(crate) fn add(&mut self, link: Link, report: LinkReport, now: Mono) {
        let was_refuted = self.is_refuted();
        let known = &mut self.links[link as usize];
        known.answered = known.answered.max(report.answered);
        // An answer proves nothing about requests that were sent later.
        let answered = known.answered;
        let stands = |silence: &Silence| answered < Some(silence.first_sent);
        let (before, new) = (known.silence.filter(stands), report.silence.filter(stands));
        known.silence = match (before, new) {
            (Some(before), Some(new)) => Some(before.merge(new)),
            (one, other) => one.or(other),
        };
        if was_refuted && !self.is_refuted() {
            self.recovered = Some(now);
        }
    }

    /// The links that are suspected: a request on each finds out.
    pub(crate) fn suspected_links(&self) -> impl Iterator<Item = Link> {
        let is_suspected = |link: &Link| self.links[*link as usize].silence.is_some_and(|s| s.is_suspicious());
        LINKS.into_iter().filter(is_suspected)
    }

    /// True if a link refutes the peer.
    pub(crate) fn is_refuted(&self) -> bool {
        self.links.iter().any(|link| link.silence.is_some_and(|silence| silence.is_confirmed()))
    }

    /// True if the peer may be taken for up: it is not refuted and, if it flapped, has answered for long enough.
    pub(crate) fn allows_up(&self, now: Mono) -> bool {
        let hold = match self.flaps {
            0 | 1 => Duration::ZERO,
            flaps => Duration::from_secs(1 << (flaps - 2).min(HOLD_DOUBLINGS_MAX)),
        };
        let since = self.recovered.max(self.down);
        !self.is_refuted() && since.is_none_or(|since| now.since(since) >= hold)
    }

    /// Records that the peer was judged down.
    pub(crate) fn record_down(&mut self, now: Mono) {
        let is_flap = self.down.is_some_and(|before| now.since(before) < FLAP_WINDOW);
        self.flaps = if is_flap { self.flaps.saturating_add(1) } else { 1 };
        self.down = Some(now);
    }

    /// Forgets requests: they concerned an earlier process of the peer.
    pub(crate) fn forget_requests(&mut self) {
        self.links = Default::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Mono {
        Mono(millis * 1000)
    }

    fn answer_at(millis: u64) -> LinkReport {
        LinkReport { answered: Some(at(millis)), silence: None }
    }

    fn silence_between(sent: u64, ended: u64) -> LinkReport {
        LinkReport { answered: None, silence: Some(Silence::of_one(at(sent), at(ended))) }
    }

    #[test]
    fn silence_that_a_second_request_meets_too_refutes_until_an_answer() {
        let mut evidence = Evidence::default();
        evidence.add(Link::Requests, silence_between(1_000, 1_900), at(2_000));
        assert_eq!(evidence.suspected_links().count(), 0, "a short wait proves nothing");
        evidence.add(Link::Requests, silence_between(1_100, 2_100), at(3_000));
        assert_eq!(evidence.suspected_links().collect::<Vec<_>>(), [Link::Requests]);
        assert!(!evidence.is_refuted(), "both were sent before either failed");
        evidence.add(Link::Requests, silence_between(2_200, 3_100), at(3_200));
        assert!(evidence.is_refuted());
        evidence.add(Link::Control, answer_at(3_500), at(4_000));
        assert!(evidence.is_refuted(), "another link proves nothing");
        evidence.add(Link::Requests, answer_at(4_500), at(5_000));
        assert!(!evidence.is_refuted() && evidence.allows_up(at(5_000)));
        assert_eq!(evidence.suspected_links().count(), 0);
    }

    #[test]
    fn one_request_that_is_lost_is_a_suspicion_only() {
        let mut evidence = Evidence::default();
        evidence.add(Link::Requests, silence_between(1_000, 11_000), at(11_000));
        assert!(!evidence.is_refuted() && evidence.suspected_links().count() == 1);
        evidence.add(Link::Requests, answer_at(11_100), at(12_000));
        assert_eq!(evidence.suspected_links().count(), 0);
        evidence.add(Link::Requests, silence_between(12_000, 14_000), at(14_000));
        evidence.add(Link::Requests, silence_between(14_100, 15_000), at(15_000));
        assert!(evidence.is_refuted());
    }

    #[test]
    fn one_answer_outweighs_the_silence_of_what_was_sent_before() {
        let mut evidence = Evidence::default();
        let silence = Some(Silence { last_sent: at(5_000), ..Silence::of_one(at(1_000), at(6_000)) });
        evidence.add(Link::Requests, LinkReport { answered: Some(at(1_500)), silence }, at(6_000));
        assert!(!evidence.is_refuted() && evidence.suspected_links().count() == 0);
    }

    #[test]
    fn one_that_flaps_must_answer_for_longer_each_time() {
        let mut evidence = Evidence::default();
        let mut now = 0;
        for hold in [0, 1, 2, 4, 4] {
            evidence.add(Link::Requests, silence_between(now + 1, now + 1_001), at(now + 1_001));
            evidence.add(Link::Requests, silence_between(now + 1_001, now + 1_500), at(now + 1_500));
            assert!(evidence.is_refuted());
            evidence.record_down(at(now + 1_500));
            now += 2_000;
            evidence.add(Link::Requests, answer_at(now), at(now));
            assert!(evidence.allows_up(at(now + hold * 1_000)));
            assert!(hold == 0 || !evidence.allows_up(at(now + hold * 1_000 - 1)));
            now += hold * 1_000;
        }
        evidence.record_down(at(now + 61_000));
        assert!(evidence.allows_up(at(now + 61_000)), "what flapped a minute ago is forgiven");
    }
}
