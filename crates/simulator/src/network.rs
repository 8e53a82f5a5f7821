//! Messages between machines: each has its own delay, so they overtake each other; links break one way or both; some are lost.

use henge_base::Random;
use std::collections::BTreeSet;

/// How the network behaves now.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    /// One way, in microseconds: at least, at most.
    pub(crate) delay: (u64, u64),
    /// Messages out of a thousand that are lost.
    pub(crate) loss: u64,
    /// Links that carry nothing, from and to.
    pub(crate) cut: BTreeSet<(usize, usize)>,
}

impl Weather {
    /// A good network: half a millisecond to two.
    pub(crate) fn fair() -> Weather {
        Weather { delay: (500, 2_000), loss: 0, cut: BTreeSet::new() }
    }

    /// What becomes of a message sent now: its delay, or `None` if it never arrives.
    pub(crate) fn fate(&self, from: usize, to: usize, random: &mut Random) -> Option<u64> {
        let delay = random.between(self.delay.0, self.delay.1);
        let lost = random.chance(self.loss, 1_000);
        (!lost && !self.cut.contains(&(from, to))).then_some(delay)
    }

    /// Cuts a set of machines off from the rest, in one direction or both.
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
