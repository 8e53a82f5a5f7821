//! The invariants, by the numbers of docs/invariants.md. Each check looks at a finished run and returns violations.
//!
//! | | |
//! |---|---|
//! | I1 | an acknowledged write, or something newer, is on every replica once the cluster has healed |
//! | I2 | every version that was read or stored was written by an operation that did not definitely fail |
//! | I3 | a read sees every write that ended before it began if their levels overlap (`levels`), as two quorums do; through an index too |
//! | I4 | a read never sees less than an earlier one if their levels overlap, but for tables without read repair |
//! | I5 | conditional writes and SERIAL reads are linearizable, no decision is lost, also in periodic mode (`linear`) |
//! | I10 | all replicas of a register hold the same version |
//! | I12 | deleted rows do not come back, through I1 and I3: purges run during the storm and complete before the end |
//! | I20 | a logged batch is written completely or not at all (`pairs`) |
//! | I21 | a counter is the sum of what was added to it (`counts`) |
//! | I39 | a write that was answered as definitely failed is stored nowhere |
//!
//! I22, I23, I26 to I29 and I40 are checked on the state and the logs of nodes (`run::nodes`), I30 whenever a write is
//! acknowledged (`acknowledged`). I9 is a property test of the row model. I15 and I31 are checked in the quiet phase of a
//! run, I32 by the model disk, I35 on every message.

use crate::history::{Ending, History, Operation, OperationKind, Version, is_quorum};
use crate::registers;
use crate::wire::Violation;
use henge_base::Micros;
use std::ops::Range;

/// The state of one replica of one register at the end: a version, or the timestamp of its deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplicaState {
    pub(crate) machine: usize,
    pub(crate) key: i64,
    pub(crate) version: Option<Version>,
    /// The newest timestamp in the row, deletions included.
    pub(crate) newest: Option<Micros>,
    /// Deletions from before this time may have been purged, with the versions that they cover; `None` if none are.
    pub(crate) purged_before: Option<Micros>,
}

/// Checks the reads of clients (I2, I3, I4, I39). `repaired` is false if reads leave replicas that differ as they are:
/// a later read may see less then.
pub(crate) fn history(history: &History, repaired: bool) -> Vec<Violation> {
    let mut out = Vec::new();
    for (number, operation) in history.operations.iter().enumerate() {
        if let (Ending::Ok, OperationKind::Find(sought), true) =
            (operation.ending, operation.kind, is_quorum(operation.consistency))
        {
            check_query_result(history, operation, sought, &mut out);
        }
        if operation.ending == Ending::Ok
            && let OperationKind::Read(found) = operation.kind
        {
            check_read_version(history, operation, found, &mut out);
            fresh(history, operation, found, &mut out);
            if repaired || !registers::may_be_unrepaired(operation.key) {
                monotonic(history, number, found, &mut out);
            }
        }
    }
    out
}

/// I2, I39: the version found was issued by an operation, and not one that was answered as failed.
fn check_read_version(history: &History, read: &Operation, found: Option<Version>, out: &mut Vec<Violation>) {
    let Some(version) = found else { return };
    let writer = history.changes(read.key).find(|(_, o)| o.kind == OperationKind::Write(version));
    match writer {
        None => out.push(Violation { rule: "I2", what: format!("{read:?} found {version:?}, which nobody wrote") }),
        Some((_, writer)) if writer.ending == Ending::Failed => {
            out.push(Violation { rule: "I39", what: format!("{read:?} found what {writer:?} was told has failed") });
        }
        Some(_) => {}
    }
}

/// I3: the read sees the newest of all changes that ended before it began and whose levels overlap its own, or something newer.
fn fresh(history: &History, read: &Operation, found: Option<Version>, out: &mut Vec<Violation>) {
    let before = history
        .changes(read.key)
        .filter(|(_, o)| o.ending == Ending::Ok && o.ended.is_some_and(|t| t < read.began) && history.overlap(o, read));
    let Some((newest, operation)) = before.max_by_key(|(timestamp, _)| *timestamp) else { return };
    let seen = found.map(|(timestamp, _)| timestamp);
    let wrong = match (operation.kind, seen) {
        (_, Some(seen)) => seen < newest,
        // Nothing was found: then an operation must have issued a deletion at least as new.
        (OperationKind::Write(_), None) => !deleted_since(history, read.key, newest),
        (_, None) => false,
    };
    if wrong {
        out.push(Violation { rule: "I3", what: format!("{read:?} does not see {operation:?}") });
    }
}

/// I3: a query by value finds a version that was written before it began and that no operation may have changed since.
fn check_query_result(history: &History, query: &Operation, sought: Version, out: &mut Vec<Violation>) {
    let mut changes = history.changes(query.key);
    let written = changes.find(|(_, o)| o.kind == OperationKind::Write(sought));
    let Some((_, writer)) = written else { return };
    let is_there =
        writer.ending == Ending::Ok && is_quorum(writer.consistency) && writer.ended.is_some_and(|t| t < query.began);
    let is_over = history.changes(query.key).any(|(timestamp, o)| timestamp > sought.0 && o.ending != Ending::Failed);
    if is_there && !is_over {
        out.push(Violation { rule: "I3", what: format!("{query:?} does not find {writer:?}") });
    }
}

fn deleted_since(history: &History, key: i64, timestamp: Micros) -> bool {
    deleted_within(history, key, timestamp..Micros::MAX)
}

fn deleted_within(history: &History, key: i64, within: Range<Micros>) -> bool {
    let mut changes = history.changes(key).filter(|(timestamp, _)| within.contains(timestamp));
    changes.any(|(_, o)| matches!(o.kind, OperationKind::Delete(_)) && o.ending != Ending::Failed)
}

/// I4: the read of this number sees what an earlier one of an overlapping level saw, or something newer.
fn monotonic(history: &History, number: usize, found: Option<Version>, out: &mut Vec<Violation>) {
    let (earlier, read) = (&history.operations[..number], &history.operations[number]);
    let newest = earlier
        .iter()
        .filter(|o| o.key == read.key && o.ended.is_some_and(|t| t < read.began) && history.overlap(o, read))
        .filter_map(|o| match (o.kind, o.ending) {
            (OperationKind::Read(Some(version)), Ending::Ok) => Some((version, o)),
            _ => None,
        })
        .max_by_key(|(version, _)| *version);
    let (Some((before, other)), Some(seen)) = (newest, found) else { return };
    if seen < before {
        out.push(Violation { rule: "I4", what: format!("{read:?} sees less than {other:?}") });
    }
}

/// Checks the states of replicas once the cluster has healed (I1, I2, I10, I39).
pub(crate) fn check_stored(history: &History, stored: &[ReplicaState]) -> Vec<Violation> {
    let mut out = Vec::new();
    let mut keys: Vec<i64> = stored.iter().map(|s| s.key).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let copies: Vec<&ReplicaState> = stored.iter().filter(|s| s.key == key).collect();
        durable(history, key, &copies, &mut out);
        check_convergence(&copies, &mut out);
        copies.iter().for_each(|copy| check_copy_version(history, copy, &mut out));
    }
    out
}

fn durable(history: &History, key: i64, copies: &[&ReplicaState], out: &mut Vec<Violation>) {
    for (timestamp, operation) in history.changes(key).filter(|(_, o)| o.ending == Ending::Ok) {
        let is_gone = |copy: &ReplicaState| copy.version.is_none() && is_purged(history, copy, timestamp);
        let lacks = |copy: &ReplicaState| copy.newest.is_none_or(|newest| newest < timestamp) && !is_gone(copy);
        for copy in copies.iter().filter(|copy| lacks(copy)) {
            out.push(Violation { rule: "I1", what: format!("{operation:?} is not in {copy:?}") });
        }
    }
}

/// True if a deletion that covers `timestamp` may have been purged.
fn is_purged(history: &History, copy: &ReplicaState, timestamp: Micros) -> bool {
    copy.purged_before.is_some_and(|before| deleted_within(history, copy.key, timestamp..before))
}

/// I10. Each replica purges in its own sweep, so a deletion that may have been purged is not a difference.
fn check_convergence(copies: &[&ReplicaState], out: &mut Vec<Violation>) {
    let is_kept = |copy: &ReplicaState, newest: Micros| copy.purged_before.is_none_or(|before| newest >= before);
    let held = |copy: &ReplicaState| {
        (copy.version, copy.newest.filter(|newest| copy.version.is_some() || is_kept(copy, *newest)))
    };
    for pair in copies.windows(2) {
        if held(pair[0]) != held(pair[1]) {
            out.push(Violation { rule: "I10", what: format!("{:?} and {:?} differ", pair[0], pair[1]) });
        }
    }
}

fn check_copy_version(history: &History, copy: &ReplicaState, out: &mut Vec<Violation>) {
    let Some(version) = copy.version else { return };
    match history.changes(copy.key).find(|(_, o)| o.kind == OperationKind::Write(version)) {
        None => out.push(Violation { rule: "I2", what: format!("nobody wrote {copy:?}") }),
        Some((_, operation)) if operation.ending == Ending::Failed => {
            out.push(Violation { rule: "I39", what: format!("{operation:?} is stored in {copy:?}") });
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COPY: ReplicaState =
        ReplicaState { machine: 0, key: 0, version: None, newest: None, purged_before: Some(100) };

    fn differ(one: ReplicaState, other: ReplicaState) -> bool {
        let mut out = Vec::new();
        check_convergence(&[&one, &other], &mut out);
        !out.is_empty()
    }

    #[test]
    fn a_deletion_that_is_due_for_purging_is_no_difference() {
        let deleted = |timestamp| ReplicaState { newest: Some(timestamp), ..COPY };
        assert!(!differ(COPY, deleted(99)));
        assert!(differ(COPY, deleted(100)), "it must still be there");
        let never = |copy| ReplicaState { purged_before: None, ..copy };
        assert!(differ(never(COPY), never(deleted(99))));
        let written = |newest| ReplicaState { version: Some((50, 7)), newest: Some(newest), ..COPY };
        assert!(differ(COPY, written(50)) && differ(deleted(60), written(50)), "what was deleted is back");
    }
}
