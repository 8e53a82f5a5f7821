//! The rules.

use super::bench::Bench;
use super::request::Phase;
use super::{Ballots, Cluster, State, bit, each};

/// The promise of an acceptor that has taken one back.
pub(super) const TAKEN_BACK: u8 = u8::MAX;

/// The values that so many acceptors have answered to have accepted in one round, by the rounds in which they were first proposed.
pub(super) fn decided_values(state: &State, bench: &Bench, quorum: usize) -> Ballots {
    let mut decided = 0;
    for (ballot, proposal) in state.proposals.iter().enumerate().filter(|(_, proposal)| **proposal != 0) {
        let accepted = state.acceptors.iter().filter(|acceptor| acceptor.accepted & bit(ballot as u8) != 0);
        if accepted.count() >= quorum {
            decided |= bit(bench.original(*proposal));
        }
    }
    decided & !bit(0)
}

pub(super) fn broken_rule(cluster: &Cluster, state: &State) -> Option<String> {
    if state.acceptors.iter().any(|acceptor| acceptor.promised == TAKEN_BACK) {
        return Some("a promise is taken back".to_owned());
    }
    let decided = decided_values(state, &cluster.bench, cluster.quorum());
    let base = |value: u8| cluster.bench.base(state.proposals[usize::from(value)]);
    for value in each(decided) {
        let is_apart = |other: &u8| base(*other) & bit(value) == 0 && base(value) & bit(*other) == 0;
        if let Some(other) = each(decided).find(|other| *other != value && is_apart(other)) {
            return Some(format!("{value} and {other} were both decided on rows without the other"));
        }
        let lacking =
            state.acceptors.iter().filter(|acceptor| cluster.bench.known_values(acceptor.disk) & bit(value) == 0);
        if lacking.count() > 1 {
            return Some(format!("a quorum knows nothing of {value}, which is decided"));
        }
    }
    (0..2).find_map(|request| broken_promise(cluster, state, request, decided))
}

/// The rule that a request, or its answer, breaks.
fn broken_promise(cluster: &Cluster, state: &State, request: usize, decided: Ballots) -> Option<String> {
    let own = &state.requests[request];
    let value_of = |round: &u8| cluster.bench.original(state.proposals[usize::from(*round)]) == *round;
    let values: Vec<u8> = each(own.rounds & decided).filter(value_of).collect();
    if values.len() > 1 {
        return Some(format!("request {request} writes twice: {values:?}"));
    }
    if own.phase != Phase::Ended {
        return None;
    }
    let written: Vec<u8> = Some(own.written).filter(|written| *written != 0).into_iter().collect();
    if written != values {
        return Some(format!("request {request} answered {written:?}, and {values:?} was decided"));
    }
    if own.known & !own.seen != 0 {
        return Some(format!("request {request} began when {:?} was decided, and saw {:?}", own.known, own.seen));
    }
    let base = |value: u8| cluster.bench.base(state.proposals[usize::from(value)]);
    let odd = each(own.seen).find(|value| decided & bit(*value) == 0 || base(*value) & !own.seen != 0);
    odd.map(|value| format!("request {request} saw {value}, which is not decided, or not what it rests on"))
}
