use super::*;
use crate::{Ballot, Scope};
use henge_base::Bytes;

fn ballot(micros: i64) -> Ballot {
    Ballot { micros, scope: Scope::Global, node: 1 }
}

fn proposal(micros: i64, original: i64, update: Option<&'static str>) -> Proposal {
    let update = update.map(|text| Bytes::from_static(text.as_bytes()));
    Proposal { ballot: ballot(micros), original: ballot(original), update, before: History::default() }
}

fn fresh() -> Permission {
    Permission { stable: true, ..Permission::default() }
}

fn verdict_of(permissions: impl IntoIterator<Item = Permission>) -> Verdict<usize> {
    let mut round = Round::new(2);
    permissions.into_iter().enumerate().for_each(|(from, permission)| round.add(from, Reply::Permitted(permission)));
    round.verdict()
}

fn commit(decided: Proposal, had_by: usize, lacked_by: usize) -> Verdict<usize> {
    Verdict::Commit { decided, had_by: vec![had_by], lacked_by: vec![lacked_by] }
}

const READY: Verdict<usize> = Verdict::Ready;

#[test]
fn a_quorum_of_permissions_is_awaited() {
    assert_eq!(verdict_of([fresh()]), Verdict::Wait);
    assert_eq!(verdict_of([fresh(), fresh()]), READY);
}

#[test]
fn a_rejection_ends_the_round() {
    let mut round = Round::new(2);
    round.add(0, Reply::Permitted(fresh()));
    round.add(1, Reply::Rejected { by: 9 });
    assert_eq!(round.verdict(), Verdict::Superseded(9));
}

#[test]
fn what_may_have_been_decided_is_finished_first() {
    let accepted = Permission { accepted: Some(proposal(5, 5, Some("x"))), stable: false, ..fresh() };
    assert_eq!(verdict_of([accepted.clone(), fresh()]), Verdict::Finish(proposal(5, 5, Some("x"))));
    // It cannot be finished unless every acceptor promised.
    let superseded = Permission { superseded: ballot(7), ..fresh() };
    assert_eq!(verdict_of([accepted.clone(), superseded]), Verdict::Superseded(7));
    // A later commit has replaced it.
    let committed = Permission { committed: Some(proposal(6, 6, Some("y"))), ..fresh() };
    assert_eq!(verdict_of([accepted.clone(), committed.clone()]), commit(proposal(6, 6, Some("y")), 1, 0));
    // The accepted value is the committed one, proposed again by a proposer that finished it.
    let again = Permission { accepted: Some(proposal(8, 6, Some("y"))), committed: committed.committed, ..fresh() };
    assert_eq!(verdict_of([again.clone(), again]), READY);
}

#[test]
fn what_decides_nothing_needs_no_end() {
    let empty = Permission { accepted: Some(proposal(5, 5, None)), ..fresh() };
    assert_eq!(verdict_of([empty, fresh()]), READY);
}

#[test]
fn replicas_that_lack_a_decision_get_it_before_anything_is_concluded() {
    let newest = proposal(6, 6, Some("y"));
    let has = Permission { committed: Some(newest.clone()), ..fresh() };
    let old = Permission { committed: Some(proposal(5, 5, Some("x"))), ..fresh() };
    assert_eq!(verdict_of([has.clone(), old]), commit(newest, 0, 1));
    assert_eq!(verdict_of([has.clone(), has]), READY);
}

#[test]
fn a_read_without_promises_counts_only_if_nothing_can_be_under_way() {
    let superseded = Permission { superseded: ballot(7), ..fresh() };
    let mut round = Round::new(2);
    [superseded.clone(), fresh()].into_iter().for_each(|permission| round.add(0, Reply::Permitted(permission)));
    assert_eq!((round.verdict(), round.promise_summary()), (Verdict::Ready, (true, false, 7)));
    let unstable = Permission { stable: false, ..fresh() };
    assert_eq!(verdict_of([superseded, unstable]), Verdict::Superseded(7));
}

#[test]
fn answers_beyond_the_quorum_change_nothing() {
    let late = Permission { accepted: Some(proposal(5, 5, Some("x"))), ..fresh() };
    assert_eq!(verdict_of([fresh(), fresh(), late]), READY);
}

/// The fate of the value of round 5, by what a quorum of two says.
fn fate_of(permissions: [Permission; 2]) -> Option<Fate> {
    let mut round = Round::new(2);
    permissions.into_iter().enumerate().for_each(|(from, permission)| round.add(from, Reply::Permitted(permission)));
    round.fate(ballot(5), ballot(1_000))
}

/// A value behind others, each decided in the round of its number.
fn behind(micros: i64, others: &[i64]) -> Proposal {
    let mut before = History::default();
    for other in others {
        before = Proposal { before, ..proposal(*other, *other, Some("w")) }.history(ballot(micros));
    }
    Proposal { before, ..proposal(micros, micros, Some("v")) }
}

#[test]
fn the_fate_of_a_value_is_known_behind_those_that_followed() {
    let committed = |proposal: Proposal| Permission { committed: Some(proposal), ..fresh() };
    let accepted = |proposal: Proposal| Permission { accepted: Some(proposal), ..Permission::default() };
    let many: Vec<i64> = (6..90).collect();
    for (one, other, fate) in [
        (fresh(), fresh(), Fate::NotDecided),
        (accepted(proposal(5, 5, Some("v"))), fresh(), Fate::Unfinished),
        (accepted(proposal(7, 5, Some("v"))), fresh(), Fate::Unfinished),
        (committed(proposal(7, 5, Some("v"))), fresh(), Fate::Decided),
        (committed(behind(9, &[3, 5, 7])), fresh(), Fate::Decided),
        (committed(behind(9, &[3, 7])), fresh(), Fate::NotDecided),
        (committed(behind(90, &many)), fresh(), Fate::Forgotten),
        (committed(behind(90, &[&[3][..], &many[..63]].concat())), fresh(), Fate::NotDecided),
        (committed(behind(7, &[3])), accepted(behind(9, &[3, 5, 7])), Fate::Decided),
        (committed(behind(7, &[3])), accepted(behind(9, &[3, 7])), Fate::NotDecided),
        (accepted(proposal(5, 5, Some("v"))), accepted(behind(9, &[])), Fate::NotDecided),
    ] {
        assert_eq!(fate_of([one.clone(), other.clone()]), Some(fate), "{one:?} {other:?}");
    }
    let late = Permission { superseded: ballot(11), ..fresh() };
    assert_eq!(fate_of([late, fresh()]), None, "a round that is not promised learns nothing");
}

#[test]
fn a_history_forgets_what_is_old_and_is_bounded() {
    let old = behind(60_000_000, &[1, 40_000_000]);
    assert_eq!(old.before, proposal(40_000_000, 40_000_000, Some("w")).history(ballot(60_000_000)));
    let many = behind(100, &(1..90).collect::<Vec<_>>());
    assert_eq!(many.before, behind(100, &(26..90).collect::<Vec<_>>()).before);
}
