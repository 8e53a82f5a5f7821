use super::*;
use crate::{Ballot, Scope};
use henge_base::Bytes;

fn ballot(micros: i64) -> Ballot {
    Ballot { micros, scope: Scope::Global, node: 1 }
}

fn proposal(micros: i64, original: i64, update: Option<&'static str>) -> Proposal {
    let update = update.map(|text| Bytes::from_static(text.as_bytes()));
    Proposal { ballot: ballot(micros), original: ballot(original), update }
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
