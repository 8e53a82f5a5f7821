//! A peer: the state known of another host, and its liveness.
//!
//! Heartbeats count whoever relays them, but they alone do not bring a peer up. It must have answered this node, for a
//! peer that only others can reach is of no use here.

use crate::detector::{Detector, PHI_THRESHOLD};
use crate::host_state::{DeltaEffect, HostState};
use crate::{Delta, Event};
use henge_base::{HostId, Mono};

/// Another host, as this node knows it.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) state: HostState,
    detector: Detector,
    /// The time at which the peer, or its current generation, was first heard of.
    since: Mono,
    /// True if the peer has answered since then, and since it was last judged down.
    met: bool,
    pub(crate) up: bool,
    /// True if a later generation was heard of and [`Peer::poll`] has not reported it yet.
    restarted: bool,
}

impl Peer {
    /// A peer first heard of at `now`.
    pub(crate) fn new(now: Mono) -> Peer {
        let state = HostState::default();
        Peer { state, detector: Detector::new(now), since: now, met: false, up: false, restarted: false }
    }

    /// Applies `delta`, which must have been checked.
    pub(crate) fn apply(&mut self, delta: &Delta, now: Mono) {
        let first = self.state.generation == 0;
        match self.state.apply(delta) {
            DeltaEffect::Nothing => {}
            // The first news of a peer may be long out of date.
            DeltaEffect::Restart if first => {}
            DeltaEffect::Heartbeat if self.up => self.detector.record_heartbeat(now),
            // The silence before this is not an interval.
            DeltaEffect::Heartbeat => self.detector.resume(now),
            DeltaEffect::Restart => {
                (self.restarted, self.met, self.since) = (true, false, now);
                self.detector = Detector::new(now);
            }
        }
    }

    /// Records that the peer answered this node at `at`.
    pub(crate) fn record_answer(&mut self, at: Mono) {
        if at >= self.since {
            self.met = true;
            self.detector.record_sign_of_life(at);
        }
    }

    /// Discounts a silence in which this process could hear nothing, up to `now`.
    pub(crate) fn excuse_silence(&mut self, now: Mono) {
        self.detector.resume(now);
    }

    /// True if there is fresh news of the peer but it has not answered this node.
    pub(crate) fn is_unmet(&self, now: Mono) -> bool {
        !self.met && self.detector.phi(now) < PHI_THRESHOLD
    }

    /// Adds the changes since the last poll to `events`.
    pub(crate) fn poll(&mut self, host: HostId, now: Mono, events: &mut Vec<Event>) {
        let silent = self.detector.phi(now) >= PHI_THRESHOLD;
        if silent {
            self.met = false;
        }
        if self.up && (silent || self.restarted) {
            self.up = false;
            events.push(Event::Down(host));
        }
        self.restarted = false;
        if !self.up && self.met {
            self.up = true;
            events.push(Event::Up(host));
        }
    }
}
