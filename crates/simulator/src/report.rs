//! The result of a run.

use std::time::Duration;

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed, which replays the run.
    pub seed: u64,
    /// The number of operations that clients began in the storm.
    pub begun: u64,
    /// The numbers of operations that ended well, with an unknown outcome, and in definite failure.
    pub outcomes: (usize, usize, usize),
    /// The number of messages between nodes.
    pub messages: u64,
    /// The number of crashes.
    pub crashes: u32,
    /// The number of network partitions.
    pub partitions: u32,
    /// The number of kinds that its faults were drawn from.
    pub fault_kinds: usize,
    /// The simulated time.
    pub time: Duration,
    /// The hash of all occurrences.
    pub trace: u64,
    /// The rare states that were reached, with the number of times.
    pub reached: Vec<(&'static str, u64)>,
    /// The last occurrences, those before the first violation if there was one.
    pub recent: Vec<String>,
    /// The broken rules: the rule's name, and what was observed.
    pub violations: Vec<(&'static str, String)>,
}
