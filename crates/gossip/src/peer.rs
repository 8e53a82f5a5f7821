//! A peer: the state known of another host, and its liveness.
//!
//! Heartbeats count whoever relays them. In a large cluster they alone bring a peer up; in a small one it must also have
//! answered this node. Whatever others say, a peer is down here while this node's requests to it go unanswered.

use crate::detector::{Detector, PHI_THRESHOLD};
use crate::evidence::{Evidence, Link, LinkReport, Silence};
use crate::host_state::{DeltaEffect, HostState};
use crate::{Delta, Event};
use henge_base::{HostId, Mono};

/// Openings that may go unanswered, each in a second of its own, before the link is taken for cut. Of openings and
/// answers that are lost with a probability of a fifth each, ten in a row fail once in many years.
const OPENINGS_MAX: u32 = 10;

/// Another host, as this node knows it.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) state: HostState,
    detector: Detector,
    evidence: Evidence,
    /// The time at which the peer, or its current generation, was first heard of.
    since: Mono,
    /// True if the peer has answered since then, and since it was last judged down.
    met: bool,
    /// True if its heartbeat has advanced since then: the first news may be long out of date.
    advanced: bool,
    pub(crate) up: bool,
    /// True if a later generation was heard of and [`Peer::poll`] has not reported it yet.
    restarted: bool,
    /// Openings sent since the last answer, and the time of the first of them.
    openings: (u32, Mono),
    /// The generation that said that it shuts down; zero for none. It does not come up again, though it may answer yet.
    shut_down: u64,
}

impl Peer {
    /// A peer first heard of at `now`.
    pub(crate) fn new(now: Mono) -> Peer {
        Peer {
            state: HostState::default(),
            detector: Detector::new(now),
            evidence: Evidence::default(),
            since: now,
            met: false,
            advanced: false,
            up: false,
            restarted: false,
            openings: (0, now),
            shut_down: 0,
        }
    }

    /// Applies `delta`, which must have been checked.
    pub(crate) fn apply(&mut self, delta: &Delta, now: Mono) {
        let first = self.state.generation == 0;
        match self.state.apply(delta) {
            DeltaEffect::Nothing => {}
            // It may be long out of date, so it brings nobody up. One that answered is heard of from now on, at the pace of news.
            DeltaEffect::Restart if first && self.up => self.detector.resume(now),
            DeltaEffect::Restart if first => {}
            DeltaEffect::Heartbeat => {
                if self.up {
                    self.detector.record_heartbeat(now);
                } else {
                    // The silence before this is not an interval.
                    self.detector.resume(now);
                }
                self.advanced = true;
            }
            DeltaEffect::Restart => {
                (self.restarted, self.met, self.advanced, self.since) = (true, false, false, now);
                self.detector = Detector::new(now);
                self.evidence.forget_requests();
                self.openings = (0, now);
            }
        }
    }

    /// Records the requests that ended on a link to the peer since the last report.
    pub(crate) fn report(&mut self, link: Link, report: LinkReport, now: Mono) {
        let is_of_this_run = |at: &Mono| *at >= self.since;
        let answered = report.answered.filter(is_of_this_run);
        let silence = report.silence.filter(|silence| is_of_this_run(&silence.first_sent));
        if let Some(at) = answered {
            self.met = true;
            self.detector.record_sign_of_life(at);
            if link == Link::Control {
                self.openings = (0, at);
            }
        }
        self.evidence.add(link, LinkReport { answered, silence }, now);
    }

    /// Records that an exchange was opened with the peer.
    pub(crate) fn record_opening(&mut self, now: Mono) {
        let (count, first) = self.openings;
        let first = if count == 0 { now } else { first };
        self.openings = (count + 1, first);
        if count + 1 > OPENINGS_MAX {
            let silence = Silence { last_sent: now, ..Silence::of_one(first, now) };
            self.evidence.add(Link::Control, LinkReport { answered: None, silence: Some(silence) }, now);
        }
    }

    /// Discounts a silence in which this process could hear nothing, up to `now`.
    pub(crate) fn excuse_silence(&mut self, now: Mono) {
        self.detector.resume(now);
        self.openings = (0, now);
    }

    /// True if there is fresh news of the peer, from whomever.
    pub(crate) fn is_heard_of(&self, now: Mono) -> bool {
        self.detector.phi(now) < PHI_THRESHOLD
    }

    /// Records that this generation of the peer shuts down.
    pub(crate) fn shut_down(&mut self, generation: u64) {
        self.shut_down = self.shut_down.max(generation);
    }

    /// True if there is fresh news of the peer but it has not answered this node.
    pub(crate) fn is_unmet(&self, now: Mono) -> bool {
        !self.met && !self.is_shut_down() && self.is_heard_of(now)
    }

    /// The links on which the peer may not answer.
    pub(crate) fn suspected_links(&self) -> impl Iterator<Item = Link> {
        self.evidence.suspected_links()
    }

    /// Adds the changes since the last poll to `events`. With `must_meet`, only an answer brings the peer up.
    pub(crate) fn poll(&mut self, host: HostId, now: Mono, must_meet: bool, events: &mut Vec<Event>) {
        let silent = !self.is_heard_of(now);
        if silent {
            (self.met, self.advanced) = (false, false);
        }
        if self.up && (silent || self.restarted || self.is_shut_down() || self.evidence.is_refuted()) {
            self.up = false;
            if !self.restarted && !self.is_shut_down() {
                self.evidence.record_down(now);
            }
            events.push(Event::Down(host));
        }
        self.restarted = false;
        let is_alive = (self.met || self.advanced && !must_meet) && !self.is_shut_down();
        if !self.up && is_alive && self.evidence.allows_up(now) {
            self.up = true;
            events.push(Event::Up(host));
        }
    }

    /// True from the announcement on until a later generation is heard of.
    fn is_shut_down(&self) -> bool {
        self.shut_down > 0 && self.state.generation <= self.shut_down
    }
}
