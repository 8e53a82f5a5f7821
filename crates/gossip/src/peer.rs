//! Another host: what is known of it, and whether it seems alive.
//!
//! Heartbeats count whoever relays them, but they alone do not bring a peer up: it has to have answered this node, for a
//! peer that only others reach is of no use here.

use crate::detector::{Detector, PHI_THRESHOLD};
use crate::host_state::{HostState, Taken};
use crate::{Delta, Event};
use henge_base::{HostId, Mono};

/// A peer.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) state: HostState,
    detector: Detector,
    /// When its present generation, or the peer itself, was first heard of.
    since: Mono,
    /// Whether it answered since then, or since it was last given up.
    met: bool,
    pub(crate) up: bool,
    /// Whether a later generation was heard of and [`Peer::poll`] has not told yet.
    restarted: bool,
}

impl Peer {
    /// A peer first heard of at `now`.
    pub(crate) fn new(now: Mono) -> Peer {
        let state = HostState::default();
        Peer { state, detector: Detector::new(now), since: now, met: false, up: false, restarted: false }
    }

    /// Takes up `delta`, whose soundness was checked.
    pub(crate) fn take(&mut self, delta: &Delta, now: Mono) {
        let first = self.state.generation == 0;
        match self.state.take(delta) {
            Taken::Nothing => {}
            // First news may be of long ago.
            Taken::Restart if first => {}
            Taken::Heartbeat if self.up => self.detector.heartbeat(now),
            // The silence before is no rhythm.
            Taken::Heartbeat => self.detector.resume(now),
            Taken::Restart => {
                (self.restarted, self.met, self.since) = (true, false, now);
                self.detector = Detector::new(now);
            }
        }
    }

    /// The peer answered this node at `at`.
    pub(crate) fn answered(&mut self, at: Mono) {
        if at >= self.since {
            self.met = true;
            self.detector.sign(at);
        }
    }

    /// Nothing could be heard until `now`.
    pub(crate) fn excuse(&mut self, now: Mono) {
        self.detector.resume(now);
    }

    /// Whether news of it is fresh though it never answered.
    pub(crate) fn is_unmet(&self, now: Mono) -> bool {
        !self.met && self.detector.phi(now) < PHI_THRESHOLD
    }

    /// Adds what changed since the last time.
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
