//! Rules that hold at every moment, checked on the messages between nodes (I35), and the list of violations.

use henge_base::{Bytes, Micros};
use std::collections::BTreeMap;

/// The bytes of a message's header that hold the sender's clock, little-endian (see the node's header layout).
const CLOCK_AT: std::ops::Range<usize> = 16..24;
/// The byte of a header that holds the message's kind, and the kind of an encoded mutation, which begins with its stamp.
const KIND_AT: usize = 1;
const WRITE_KIND: u8 = 0;
/// The kinds of messages that carry a mutation: a write, one to forward, and one that was forwarded.
const MUTATION_KINDS: [u8; 3] = [WRITE_KIND, 18, 19];
/// The kind of a request to an acceptor of Paxos.
const PAXOS_KIND: u8 = 6;
/// The bytes of a mutation's stamp behind the header and the mutation's format, big-endian.
const ISSUED_AT: std::ops::Range<usize> = 33..41;
/// The most microseconds that a stamp may be ahead of the true time: a clock that is trusted is off its peers by the drift bound at
/// most, its peers are off the true time by less, and a stamp is ahead of the clock by the bound at most; with room for
/// what a clock does between two comparisons.
const AHEAD_MAX_US: Micros = 2_000_000;

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
    pub(crate) messages: u64,
    /// The bytes of the longest message that there may be.
    pub(crate) bytes_max: usize,
    /// Requests of Paxos.
    pub(crate) paxos_requests: u64,
    /// Messages with a mutation, by sender and receiver.
    pub(crate) mutations: BTreeMap<(usize, usize), u64>,
    pub(crate) violations: Vec<Violation>,
}

impl Watch {
    pub(crate) fn new(machines: usize) -> Watch {
        let (clocks, mutations) = (vec![0; machines], BTreeMap::new());
        Watch { clocks, messages: 0, bytes_max: usize::MAX, paxos_requests: 0, mutations, violations: Vec::new() }
    }

    /// Records a violation. Only the first few are kept, which suffice to find the cause.
    pub(crate) fn record_violation(&mut self, rule: &'static str, what: String) {
        if self.violations.len() < 20 {
            self.violations.push(Violation { rule, what });
        }
    }

    /// Forgets a machine's clock: another disk is in it, of another host or of an earlier time.
    pub(crate) fn forget_clock(&mut self, machine: usize) {
        self.clocks[machine] = 0;
    }

    /// Counts a message if it carries a mutation.
    pub(crate) fn count_mutation(&mut self, from: usize, to: usize, message: &Bytes) {
        if message.get(KIND_AT).is_some_and(|kind| MUTATION_KINDS.contains(kind)) {
            *self.mutations.entry((from, to)).or_default() += 1;
        }
    }

    /// I35: a node's clock never goes back, not even over a crash, and neither it nor a stamp runs far ahead of the true time.
    pub(crate) fn record_message(&mut self, machine: usize, true_time: Micros, message: &Bytes) {
        self.messages += 1;
        if message.len() > self.bytes_max {
            self.record_violation("I44", format!("machine {machine} sent a message of {} bytes", message.len()));
        }
        self.paxos_requests += u64::from(message.get(KIND_AT) == Some(&PAXOS_KIND));
        let Some(clock) = message.get(CLOCK_AT).and_then(|b| b.try_into().ok()).map(Micros::from_le_bytes) else {
            return self.record_violation("I35", format!("machine {machine} sent a message without a header"));
        };
        let before = std::mem::replace(&mut self.clocks[machine], clock);
        if clock < before {
            self.record_violation("I35", format!("the clock of machine {machine} went from {before} back to {clock}"));
        }
        let is_write = message.get(KIND_AT) == Some(&WRITE_KIND);
        let issued = message.get(ISSUED_AT).filter(|_| is_write).and_then(|b| b.try_into().ok());
        for (what, stamp) in [("clock", Some(clock)), ("stamp", issued.map(Micros::from_be_bytes))] {
            if let Some(ahead) = stamp.map(|stamp| stamp - true_time).filter(|ahead| *ahead > AHEAD_MAX_US) {
                self.record_violation("I35", format!("a {what} of machine {machine} is {ahead} us ahead of the time"));
            }
        }
    }
}
