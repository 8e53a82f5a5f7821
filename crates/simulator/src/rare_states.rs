//! Rare states that storms have to reach: rules that are kept where nothing of the kind happens prove little. A node counts most of them
//! itself, in its metrics; they are taken when its process ends.

use henge_coordinator::Event;
use henge_node::Metrics;
use std::collections::BTreeMap;

/// The number of seeds over which every state has to be reached.
pub(crate) const SEEDS_MIN: u64 = 200;

/// A rare state, as it is printed, and its number in the metrics of a process.
struct NodeState(&'static str, fn(&Metrics) -> u64);

/// States that every kind of storm reaches.
const IN_STORMS: [NodeState; 13] = [
    NodeState("a read mended a replica", |metrics| metrics.events_of(Event::ReadRepair)),
    NodeState("an answer ran out before its limit", |metrics| metrics.events_of(Event::ShortRead)),
    NodeState("another replica was asked for a silent one", |metrics| metrics.events_of(Event::SilentReplica)),
    NodeState("a Paxos round gave way", |metrics| metrics.events_of(Event::Superseded)),
    NodeState("a Paxos round finished another's value", |metrics| metrics.events_of(Event::Finished)),
    NodeState("an acceptor was settled", |metrics| metrics.partitions_settled.get()),
    NodeState("a write was forwarded to another datacentre", |metrics| metrics.events_of(Event::Forward)),
    NodeState("a forwarded write was late", |metrics| metrics.events_of(Event::LateForward)),
    NodeState("a hint was replayed after a restart", older_hints),
    NodeState("a hint was planned anew", |metrics| metrics.hints_replanned.get()),
    NodeState("a batch was replayed from the log", |metrics| metrics.batches_replayed.get()),
    NodeState("a comparison mended a row", |metrics| metrics.repair_rows_mended.get()),
    NodeState("a clock was too far ahead to follow", |metrics| metrics.clock_refusals.get()),
];
/// States that only clusters reach whose members come and go.
const IN_MOVES: [NodeState; 1] =
    [NodeState("a range was streamed to a new replica", |metrics| metrics.stream_bytes_received.get())];
/// The state that clients see.
pub(crate) const PAGE_RESUMED: &str = "a page was resumed by another coordinator";
/// Another one that clients see.
pub(crate) const TWINS_PARTED: &str = "a page ended between two partitions of one token";
/// The state that a client brings about by going away.
pub(crate) const CLIENT_LEFT: &str = "a client went away while its request waited";
/// The state that whoever takes a plan back sees.
pub(crate) const PLAN_TAKEN_BACK: &str = "a plan was taken back";
/// The state that the next change of members meets.
pub(crate) const JOINED_TOGETHER: &str = "several nodes were about to join together";

/// Hints that a process delivered and had not made itself, nor planned anew.
fn older_hints(metrics: &Metrics) -> u64 {
    metrics.hints_delivered.get().saturating_sub(metrics.hints_created.get() + metrics.hints_replanned.get())
}

/// The states that storms have to reach.
pub(crate) fn required_states(members_move: bool) -> Vec<&'static str> {
    let names = |states: &[NodeState]| states.iter().map(|state| state.0).collect::<Vec<_>>();
    let in_moves =
        if members_move { [names(&IN_MOVES), vec![PLAN_TAKEN_BACK, JOINED_TOGETHER]].concat() } else { Vec::new() };
    [names(&IN_STORMS), vec![PAGE_RESUMED, TWINS_PARTED, CLIENT_LEFT], in_moves].concat()
}

/// Rare states by name, each with the number of times that it was reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RareStates(pub(crate) BTreeMap<&'static str, u64>);

impl RareStates {
    /// Counts a state.
    pub(crate) fn add(&mut self, name: &'static str, times: u64) {
        if times > 0 {
            *self.0.entry(name).or_default() += times;
        }
    }

    /// Counts the states of a process that ends.
    pub(crate) fn add_process(&mut self, metrics: &Metrics) {
        for NodeState(name, count) in IN_STORMS.iter().chain(&IN_MOVES) {
            self.add(name, count(metrics));
        }
    }

    /// Counts those of another part of a run.
    pub(crate) fn add_all(&mut self, other: &RareStates) {
        other.0.iter().for_each(|(name, times)| self.add(name, *times));
    }
}
