use super::*;
use crate::History;
use crate::Scope;

pub(crate) fn ballot(micros: i64) -> Ballot {
    Ballot { micros, scope: Scope::Global, node: 1 }
}

fn proposal(micros: i64, update: Option<&'static str>) -> Proposal {
    let update = update.map(|text| Bytes::from_static(text.as_bytes()));
    Proposal { ballot: ballot(micros), original: ballot(micros), update, before: History::default() }
}

fn permission(prepared: PrepareOutcome) -> Permission {
    match prepared {
        PrepareOutcome::Permitted(permission) => permission,
        PrepareOutcome::Rejected(by) => panic!("rejected by {by}"),
    }
}

#[test]
fn a_promise_holds_against_earlier_rounds() {
    let mut acceptor = Acceptor::default();
    assert!(permission(acceptor.prepare(ballot(5), true)).stable);
    assert_eq!(acceptor.prepare(ballot(5), true), PrepareOutcome::Rejected(5));
    assert_eq!(acceptor.prepare(ballot(4), false), PrepareOutcome::Rejected(5));
    assert_eq!(acceptor.propose(&proposal(4, Some("x"))), Err(5));
    assert_eq!(acceptor.propose(&proposal(5, Some("x"))), Ok(()));
}

#[test]
fn rounds_of_one_microsecond_do_not_follow_on_each_other() {
    let mut acceptor = Acceptor::default();
    let other = Ballot { node: 2, ..ballot(5) };
    permission(acceptor.prepare(ballot(5), true));
    assert_eq!(acceptor.prepare(other, true), PrepareOutcome::Rejected(5));
    let theirs = Proposal { ballot: other, original: other, update: None, before: History::default() };
    assert_eq!(acceptor.propose(&theirs), Err(5));
}

#[test]
fn reads_do_not_disturb_each_other() {
    let mut acceptor = Acceptor::default();
    permission(acceptor.prepare(ballot(5), false));
    let late = permission(acceptor.prepare(ballot(4), false));
    assert_eq!((late.superseded, late.stable), (ballot(5), true));
    // A write of an earlier round may read, but not propose.
    assert_eq!(permission(acceptor.prepare(ballot(4), true)).superseded, ballot(5));
    assert_eq!(acceptor.propose(&proposal(4, Some("x"))), Err(5));
}

#[test]
fn a_read_is_stable_once_every_promised_write_has_ended() {
    let mut acceptor = Acceptor::default();
    permission(acceptor.prepare(ballot(5), true));
    assert!(!permission(acceptor.prepare(ballot(6), false)).stable, "promised, and perhaps accepted elsewhere");
    acceptor.propose(&proposal(6, None)).unwrap();
    assert!(permission(acceptor.prepare(ballot(7), false)).stable, "nothing older can be decided any more");
    permission(acceptor.prepare(ballot(8), true));
    acceptor.propose(&proposal(8, Some("x"))).unwrap();
    assert!(!permission(acceptor.prepare(ballot(9), false)).stable, "accepted, and perhaps decided");
    acceptor.commit(&proposal(8, Some("x")));
    let permission = permission(acceptor.prepare(ballot(10), false));
    assert!(permission.stable);
    assert_eq!((permission.accepted, permission.committed), (None, Some(proposal(8, Some("x")))));
}

#[test]
fn a_commit_keeps_what_was_accepted_after_it() {
    let mut acceptor = Acceptor::default();
    acceptor.propose(&proposal(5, Some("later"))).unwrap();
    acceptor.commit(&proposal(3, Some("earlier")));
    let permission = permission(acceptor.prepare(ballot(9), true));
    assert_eq!(permission.accepted, Some(proposal(5, Some("later"))));
    // A committed value is accepted again, without any change.
    assert_eq!(acceptor.propose(&proposal(3, Some("earlier"))), Ok(()));
}

#[test]
fn the_state_survives_its_bytes() {
    let mut acceptor = Acceptor::default();
    acceptor.commit(&proposal(3, Some("earlier")));
    permission(acceptor.prepare(ballot(5), true));
    acceptor.propose(&proposal(5, None)).unwrap();
    assert_eq!(Acceptor::decode(&acceptor.encode()), Ok(acceptor));
    assert_eq!(Acceptor::decode(b""), Err(MessageError));
    assert_eq!(Acceptor::decode(b"\x81\xa1p"), Err(MessageError));
}

/// An acceptor with its promise, and the rounds of what it accepted and committed.
fn acceptor(promised: i64, accepted: Option<i64>, committed: Option<i64>) -> Acceptor {
    let mut acceptor = Acceptor::default();
    if let Some(committed) = committed {
        acceptor.commit(&proposal(committed, Some("c")));
    }
    if let Some(accepted) = accepted {
        acceptor.propose(&proposal(accepted, Some("a"))).unwrap();
    }
    acceptor.prepare(ballot(promised), true);
    acceptor
}

#[test]
fn one_that_takes_over_from_another_knows_what_both_knew() {
    let rounds = |acceptor: &Acceptor| {
        let of = |proposal: &Option<Proposal>| proposal.as_ref().map(|proposal| proposal.ballot.micros);
        (acceptor.promised.micros, of(&acceptor.accepted), of(&acceptor.committed))
    };
    let cases = [
        // Own state, the other's, what comes of it, and the round of the decision that was new.
        (acceptor(1, None, None), acceptor(9, Some(8), Some(7)), (9, Some(8), Some(7)), Some(7)),
        (acceptor(9, Some(8), Some(7)), acceptor(1, None, None), (9, Some(8), Some(7)), None),
        // What was accepted is no more than that once a later decision is known.
        (acceptor(5, Some(4), None), acceptor(3, None, Some(6)), (5, None, Some(6)), Some(6)),
        (acceptor(5, None, Some(6)), acceptor(4, Some(3), None), (4, None, Some(6)), None),
        (acceptor(5, Some(4), Some(1)), acceptor(8, Some(7), Some(2)), (8, Some(7), Some(2)), Some(2)),
        (acceptor(8, Some(7), Some(2)), acceptor(5, Some(4), Some(3)), (8, Some(7), Some(3)), Some(3)),
    ];
    for (own, other, expected, lacked) in cases {
        let mut merged = own.clone();
        let new = merged.take_over(&other);
        assert_eq!((rounds(&merged), new.map(|new| new.ballot.micros)), (expected, lacked), "{own:?} {other:?}");
        let again = merged.clone();
        assert_eq!((merged.take_over(&other), merged.take_over(&own)), (None, None), "twice is once");
        assert_eq!(merged, again);
        let mut turned = other.clone();
        turned.take_over(&own);
        assert_eq!(turned, again, "from either side");
    }
}
