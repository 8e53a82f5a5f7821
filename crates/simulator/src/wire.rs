//! Rules that hold at every moment, checked on the messages between nodes (I35), and the list of violations.

use henge_base::{Bytes, Micros};

/// The bytes of a message's header that hold the sender's clock, little-endian (see the node's header layout).
const CLOCK_AT: std::ops::Range<usize> = 16..24;
/// The most microseconds that a stamp may be ahead of all wall clocks: the drift bound of the hybrid logical clock.
const DRIFT_US: Micros = 500_000;

/// A violation of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The rule's name: `I1` and so on, or a word.
    pub(crate) rule: &'static str,
    /// The observation that broke it.
    pub(crate) what: String,
}

/// The checks of all messages.
#[derive(Debug)]
pub(crate) struct Watch {
    /// The last clock in a header from each machine, over all its lives.
    clocks: Vec<Micros>,
    /// The latest time that any wall clock has shown. Nodes learn each other's clocks, and wall clocks jump back.
    latest: Micros,
    pub(crate) messages: u64,
    pub(crate) violations: Vec<Violation>,
}

impl Watch {
    pub(crate) fn new(machines: usize) -> Watch {
        Watch { clocks: vec![0; machines], latest: 0, messages: 0, violations: Vec::new() }
    }

    /// Records a violation. Only the first few are kept, which suffice to find the cause.
    pub(crate) fn record_violation(&mut self, rule: &'static str, what: String) {
        if self.violations.len() < 20 {
            self.violations.push(Violation { rule, what });
        }
    }

    /// I35: a node's clock never goes back, not even over a crash, and never runs far ahead of the wall clocks.
    pub(crate) fn record_message(&mut self, machine: usize, wall: Micros, message: &Bytes) {
        self.messages += 1;
        let Some(clock) = message.get(CLOCK_AT).and_then(|b| b.try_into().ok()).map(Micros::from_le_bytes) else {
            return self.record_violation("I35", format!("machine {machine} sent a message without a header"));
        };
        let before = std::mem::replace(&mut self.clocks[machine], clock);
        if clock < before {
            self.record_violation("I35", format!("the clock of machine {machine} went from {before} back to {clock}"));
        }
        self.latest = self.latest.max(wall);
        if clock > self.latest + DRIFT_US {
            self.record_violation(
                "I35",
                format!("the clock of machine {machine} is at {clock}, no wall clock above {}", self.latest),
            );
        }
    }
}
