//! The network between machines. Each message has its own delay, so that messages overtake each other; links fail in
//! one or both directions; some messages are lost.

use henge_base::Random;
use std::collections::{BTreeMap, BTreeSet};

/// The current behaviour of the network.
#[derive(Clone, Debug)]
pub(crate) struct NetworkState {
    /// The shortest and the longest delay of a message, in microseconds.
    pub(crate) delay: (u64, u64),
    /// Other delays of some links, as (from, to).
    pub(crate) link_delays: BTreeMap<(usize, usize), (u64, u64)>,
    /// The probability that a message is lost, in thousandths.
    pub(crate) loss: u64,
    /// The microseconds after which a request or reply that was lost is sent again, as QUIC does; `None` if it stays lost, as it is when a
    /// connection breaks.
    pub(crate) resend_us: Option<u64>,
    /// The links that carry nothing, as (from, to).
    pub(crate) cut: BTreeSet<(usize, usize)>,
}

impl NetworkState {
    /// A good network, with short delays and no losses.
    pub(crate) fn healthy() -> NetworkState {
        NetworkState {
            delay: (500, 2_000),
            link_delays: BTreeMap::new(),
            loss: 0,
            resend_us: None,
            cut: BTreeSet::new(),
        }
    }

    /// The delay in microseconds of a message sent now; `None` if it never arrives.
    pub(crate) fn message_delay(&self, from: usize, to: usize, random: &mut Random) -> Option<u64> {
        let (shortest, longest) = self.link_delays.get(&(from, to)).copied().unwrap_or(self.delay);
        let delay = random.between(shortest, longest);
        let lost = random.chance(self.loss, 1_000);
        (!lost && !self.cut.contains(&(from, to))).then_some(delay)
    }

    /// The delay in microseconds of a request or a reply.
    pub(crate) fn request_delay(&self, from: usize, to: usize, random: &mut Random) -> Option<u64> {
        let Some(resend_us) = self.resend_us.filter(|_| !self.cut.contains(&(from, to))) else {
            return self.message_delay(from, to, random);
        };
        let mut waited = 0;
        loop {
            match self.message_delay(from, to, random) {
                Some(delay) => return Some(waited + delay),
                None => waited += resend_us,
            }
        }
    }

    /// Cuts the links from a group of machines to all others, and with `both` those to the group too.
    pub(crate) fn isolate(&mut self, group: &BTreeSet<usize>, all: usize, both: bool) {
        for inside in group {
            for outside in (0..all).filter(|m| !group.contains(m)) {
                self.cut.insert((*inside, outside));
                if both {
                    self.cut.insert((outside, *inside));
                }
            }
        }
    }
}
