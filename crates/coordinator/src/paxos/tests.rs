//! Conditional writes of a register: written if it is as it was thought to be.

use crate::fake::{DEADLINE, Does, Fake, all, encode, key, one, settle, value};
use crate::{
    Conditional, Decision, KeyspacePlacement, Read, ReadError, ReadPolicy, Refusal, SharedRead, WriteError, WriteType,
    conditional, read,
};
use henge_base::{Bytes, Micros};
use henge_model::{CellKindView, Consistency, Mutation, RowBlock, RowView, Token, WriteId};
use henge_paxos::{Ballot, History, Proposal, Scope};
use std::sync::{Arc, Mutex};

/// Three copies; a fourth node is about to hold one.
fn placement_with_joining(fake: &Fake) -> KeyspacePlacement {
    fake.keyspace_with_readers("3", 3)
}

fn request(fake: &Fake, serial: Consistency) -> Conditional {
    let key = key(1, 1);
    Conditional {
        placed: placement_with_joining(fake),
        token: Token(1),
        key: partition(&key),
        reads: vec![one(&key)],
        serial,
        consistency: Consistency::Quorum,
        deadline: DEADLINE,
    }
}

fn partition(key: &Bytes) -> Bytes {
    key.slice(..henge_model::Key::partition(key).unwrap())
}

/// The value of the register.
fn register_value(blocks: &[RowBlock]) -> Option<String> {
    let (key, row) = blocks[0].rows.first()?;
    let view = RowView::parse(key, row).unwrap();
    let cell = view.cells().next()?;
    let CellKindView::Live { value } = cell.kind else { return None };
    Some(String::from_utf8(value.to_vec()).unwrap())
}

fn write(stamp: Micros, text: &'static str) -> Bytes {
    let key = key(1, 1);
    Mutation::single(WriteId::of_repair(stamp), key.clone(), encode(&key, &value(stamp, text))).encode()
}

/// Writes `to` if the register is `from`; gives whether it was, and what it is otherwise.
fn swap(fake: &Fake, from: Option<&str>, to: &'static str) -> Result<Result<(), Option<String>>, WriteError> {
    let decide = |blocks: &[RowBlock], stamp: Micros| -> Result<Decision, WriteError> {
        Ok(if register_value(blocks).as_deref() == from { Decision::Write(write(stamp, to)) } else { Decision::Stop })
    };
    let (applied, blocks) = settle(conditional(fake, request(fake, Consistency::Serial), decide))?;
    Ok(if applied { Ok(()) } else { Err(register_value(&blocks)) })
}

fn serial(fake: &Fake) -> Result<Option<String>, ReadError> {
    let (placed, command, deadline) = (placement_with_joining(fake), one(&key(1, 1)).into(), DEADLINE);
    let read_request =
        Read { placed, command, consistency: Consistency::Serial, deadline, policy: ReadPolicy::default() };
    settle(read(fake, read_request)).map(|block| register_value(&[block]))
}

/// A value that one node accepted, of a proposer that is gone.
fn left_behind(fake: &Fake, number: usize, micros: Micros, text: &'static str) {
    let ballot = Ballot { micros, scope: Scope::Global, node: 99 };
    let proposal = Proposal { ballot, original: ballot, update: Some(write(micros, text)), before: History::default() };
    fake.set(number, |node| {
        let acceptor = node.acceptors.entry(partition(&key(1, 1))).or_default();
        acceptor.propose(&proposal).unwrap();
    });
}

#[test]
fn a_write_happens_once() {
    let fake = Fake::new("ooo");
    assert_eq!(swap(&fake, None, "a"), Ok(Ok(())));
    assert_eq!(swap(&fake, None, "b"), Ok(Err(Some("a".to_owned()))));
    assert_eq!(swap(&fake, Some("a"), "b"), Ok(Ok(())));
    assert_eq!(serial(&fake), Ok(Some("b".to_owned())));
}

#[test]
fn an_uncontended_write_takes_two_rounds_and_a_read_one() {
    let fake = Fake::new("ooo");
    swap(&fake, None, "a").unwrap().unwrap();
    let write = "prepare1 prepare2 prepare3 propose1 propose2 propose3 commit1 commit2 commit3";
    assert_eq!(fake.log(), write);
    fake.log.lock().unwrap().clear();
    assert_eq!(serial(&fake), Ok(Some("a".to_owned())));
    assert_eq!(fake.log(), "prepare1 prepare2 prepare3");
}

#[test]
fn a_minority_may_be_gone() {
    let fake = Fake::new("ood");
    swap(&fake, None, "a").unwrap().unwrap();
    assert!(fake.log().ends_with("commit1 commit2 owe3"), "{}", fake.log());
    assert_eq!(serial(&fake), Ok(Some("a".to_owned())));
    let fake = Fake::new("odd");
    let unavailable = WriteError::Unavailable { consistency: Consistency::Quorum, required: 2, alive: 1 };
    assert_eq!(swap(&fake, None, "a"), Err(unavailable));
    assert_eq!(fake.log(), "", "nothing was sent");
}

#[test]
fn a_round_waits_for_no_voter_that_it_does_not_need() {
    // One voter accepts, one refuses, and one is silent: the next round finds out.
    let fake = Fake::new("ooo");
    fake.set(2, |node| node.paxos = vec![Does::Answers, Does::Refuses(Refusal::Stalled)]);
    fake.set(3, |node| node.paxos = vec![Does::Answers, Does::Never]);
    assert_eq!(swap(&fake, None, "a"), Ok(Ok(())));
    // One that lacks the last decision goes silent when it is to be sent it.
    let fake = Fake::new("ooo");
    fake.set(2, |node| node.writes = Does::Never);
    assert_eq!(swap(&fake, None, "a"), Ok(Ok(())));
    fake.set(2, |node| node.paxos = vec![Does::Answers, Does::Never]);
    fake.log.lock().unwrap().clear();
    assert_eq!(serial(&fake), Ok(Some("a".to_owned())));
    assert_eq!(fake.log(), "prepare1 prepare2 prepare3 commit2 prepare1 prepare2 prepare3");
}

#[test]
fn a_serial_read_of_several_partitions_is_one_of_a_quorum() {
    let fake = Fake::new("ood");
    fake.put(1, &key(1, 1), &value(5, "a"));
    fake.put(2, &key(2, 1), &value(5, "b"));
    for consistency in [Consistency::Serial, Consistency::LocalSerial] {
        let read_request = Read {
            placed: fake.keyspace("3"),
            command: all(10, false).into(),
            consistency,
            deadline: DEADLINE,
            policy: ReadPolicy::default(),
        };
        let block = settle(read(&fake, read_request)).unwrap();
        assert_eq!(block.rows.len(), 2, "{consistency:?}");
    }
    assert!(!fake.log().contains("prepare"), "{}", fake.log());
}

#[test]
fn what_another_left_unfinished_is_finished() {
    let fake = Fake::new("ooo");
    left_behind(&fake, 2, 500, "theirs");
    assert_eq!(swap(&fake, None, "mine"), Ok(Err(Some("theirs".to_owned()))));
    assert_eq!(serial(&fake), Ok(Some("theirs".to_owned())));
    let fake = Fake::new("ooo");
    left_behind(&fake, 1, 500, "theirs");
    assert_eq!(serial(&fake), Ok(Some("theirs".to_owned())), "a read finishes it too");
}

/// A hint brings rows of a decision without the state, and perhaps without the decision before.
#[test]
fn rows_that_one_replica_alone_has_are_confirmed_by_a_round() {
    let fake = Fake::new("ooo");
    swap(&fake, None, "a").unwrap().unwrap();
    fake.put(2, &key(1, 1), &value(50_000, "b"));
    fake.log.lock().unwrap().clear();
    assert_eq!(serial(&fake), Ok(Some("b".to_owned())));
    assert_eq!(fake.log(), "prepare1 prepare2 prepare3 propose1 propose2 propose3");
}

/// Three nodes hold the partition and a fourth is about to. It alone was told what the first, the third and itself had accepted.
fn decided_at_a_pending_node(fake: &Fake) {
    let ballot = Ballot { micros: 500, scope: Scope::Global, node: 99 };
    let proposal =
        Proposal { ballot, original: ballot, update: Some(write(500, "theirs")), before: History::default() };
    for number in [1, 3, 4] {
        left_behind(fake, number, 500, "theirs");
    }
    fake.set(4, |node| {
        node.acceptors.entry(partition(&key(1, 1))).or_default().commit(&proposal);
    });
    fake.put(4, &key(1, 1), &value(500, "theirs"));
    fake.set(3, |node| node.alive = false);
}

#[test]
fn a_decision_that_only_a_pending_replica_has_is_read() {
    let fake = Fake::new("oooo");
    decided_at_a_pending_node(&fake);
    assert_eq!(swap(&fake, None, "mine"), Ok(Err(Some("theirs".to_owned()))));
    let fake = Fake::new("oooo");
    decided_at_a_pending_node(&fake);
    assert_eq!(serial(&fake), Ok(Some("theirs".to_owned())));
}

#[test]
fn a_later_promise_is_overtaken() {
    let fake = Fake::new("ooo");
    for number in [1, 2, 3] {
        fake.set(number, |node| {
            let later = Ballot { micros: 50_000, scope: Scope::Global, node: 99 };
            node.acceptors.entry(partition(&key(1, 1))).or_default().prepare(later, true);
        });
    }
    assert_eq!(swap(&fake, None, "a"), Ok(Ok(())));
    assert!(fake.node_row(1).is_some_and(|stamp| stamp > 50_000));
}

#[test]
fn what_is_not_known_is_said_to_be_unknown() {
    let fake = Fake::new("ooo");
    for number in [2, 3] {
        fake.set(number, |node| node.paxos = vec![Does::Answers, Does::Silent]);
    }
    let undecided = WriteError::Undecided { consistency: Consistency::Serial, received: 1, block_for: 2 };
    assert_eq!(swap(&fake, None, "a"), Err(undecided));
}

#[test]
fn full_disks_fail_a_write_before_and_after_its_promise() {
    for before in [vec![], vec![Does::Answers]] {
        let fake = Fake::new("ooo");
        for number in [1, 2, 3] {
            let does = before.iter().copied().chain([Does::Refuses(Refusal::Full)]).collect();
            fake.set(number, |node| node.paxos = does);
        }
        let outcome = swap(&fake, None, "a");
        let Err(WriteError::Failure { failures, received: 0, write_type: WriteType::Cas, .. }) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(failures.len() >= 2 && failures.iter().all(|(_, refusal)| *refusal == Refusal::Full), "{failures:?}");
        assert_eq!(fake.log().matches("commit").count(), 0);
        assert_eq!(serial(&fake), Ok(None));
    }
}

#[test]
fn a_failure_that_may_have_come_halfway_is_found_out_by_the_next_round() {
    let fake = Fake::new("ooo");
    for number in [1, 2, 3] {
        fake.set(number, |node| node.paxos = vec![Does::Answers, Does::Refuses(Refusal::Other)]);
    }
    assert_eq!(swap(&fake, None, "a"), Ok(Ok(())));
    assert_eq!(fake.log().matches("commit").count(), 3, "{}", fake.log());
}

#[test]
fn a_value_that_one_voter_accepted_is_finished_by_the_next_round_and_was_this_write() {
    for gone in [Does::NotSent, Does::Refuses(Refusal::Other)] {
        let fake = Fake::new("ooo");
        for number in [2, 3] {
            fake.set(number, |node| node.paxos = vec![Does::Answers, gone]);
        }
        // As a write of one's own that is met again would be: there is a value, so the condition holds no more.
        assert_eq!(swap(&fake, None, "a"), Ok(Ok(())));
        assert_eq!(serial(&fake), Ok(Some("a".to_owned())));
    }
}

#[test]
fn a_write_in_doubt_whose_condition_holds_no_more_is_not_made_later() {
    let fake = Fake::new("ooo");
    for number in [1, 2] {
        fake.set(number, |node| node.paxos = vec![Does::Answers, Does::NotSent]);
    }
    // Only the third voter accepts; it is gone then, and another's value is there.
    fake.set(3, |node| node.paxos = vec![Does::Answers, Does::Answers, Does::NotSent, Does::NotSent]);
    let mut calls = 0;
    let decide = |_: &[RowBlock], stamp: Micros| -> Result<Decision, WriteError> {
        calls += 1;
        Ok(if calls == 1 { Decision::Write(write(stamp, "mine")) } else { Decision::Stop })
    };
    let applied = settle(conditional(&fake, request(&fake, Consistency::Serial), decide)).map(|(applied, _)| applied);
    assert_eq!(applied, Ok(false));
    assert_eq!(serial(&fake), Ok(None), "the third voter's value is dead");
}

#[test]
fn refused_commits_leave_the_decision_standing() {
    let fake = Fake::new("ooo");
    for number in [2, 3] {
        fake.set(number, |node| node.writes = Does::Refuses(Refusal::Full));
    }
    assert!(matches!(swap(&fake, None, "a"), Err(WriteError::Timeout { received: 1, .. })));
    for number in [2, 3] {
        fake.set(number, |node| node.writes = Does::Answers);
    }
    assert_eq!(serial(&fake), Ok(Some("a".to_owned())));
}

/// A replica goes down between the round and its commit: the others are told all the same, and it is owed.
#[test]
fn a_decision_is_sent_however_few_replicas_are_left() {
    let fake = Fake::new("ooo");
    let decide = |_: &[RowBlock], stamp: Micros| -> Result<Decision, WriteError> {
        fake.set(3, |node| node.alive = false);
        Ok(Decision::Write(write(stamp, "a")))
    };
    let request = Conditional { consistency: Consistency::All, ..request(&fake, Consistency::Serial) };
    let (consistency, write_type) = (Consistency::All, WriteType::Cas);
    let unknown = WriteError::Timeout { consistency, received: 0, block_for: 3, write_type };
    assert_eq!(settle(conditional(&fake, request, decide)).err(), Some(unknown));
    assert!(fake.log().ends_with("commit1 commit2 owe3"), "{}", fake.log());
    assert_eq!(serial(&fake), Ok(Some("a".to_owned())));
}

#[test]
fn nonsense_is_no_vote() {
    let fake = Fake::new("loo");
    assert_eq!(swap(&fake, None, "a"), Ok(Ok(())));
}

#[test]
fn a_local_electorate_votes_alone() {
    let fake = Fake::new("ooo/ddd");
    let local = Conditional {
        placed: fake.keyspace("a3b3"),
        consistency: Consistency::LocalQuorum,
        ..request(&fake, Consistency::LocalSerial)
    };
    let decide = |_: &[RowBlock], stamp| -> Result<Decision, WriteError> { Ok(Decision::Write(write(stamp, "a"))) };
    assert!(settle(conditional(&fake, local, decide)).unwrap().0);
    assert_eq!(fake.log().matches("prepare").count(), 3);
    assert_eq!(fake.log().matches("owe").count(), 3);
}

#[test]
fn serial_reads_that_wait_share_a_round() {
    let fake = Fake::new("ooo");
    fake.put(1, &key(1, 1), &value(5, "a"));
    fake.put(2, &key(1, 1), &value(5, "a"));
    fake.put(3, &key(1, 1), &value(5, "a"));
    let answered = Arc::new(Mutex::new(Vec::new()));
    for row in [1, 2, 1] {
        let (answered, command) = (Arc::clone(&answered), Arc::new(one(&key(1, row))));
        let answer = move |block: RowBlock| answered.lock().unwrap().push((row, block.rows.len()));
        fake.sharing.lock().unwrap().push(SharedRead::new(command, answer));
    }
    assert_eq!(serial(&fake), Ok(Some("a".to_owned())));
    assert_eq!(fake.log(), "prepare1 prepare2 prepare3");
    assert_eq!(*answered.lock().unwrap(), [(1, 1), (2, 0), (1, 1)]);
}

#[test]
fn a_write_whose_condition_a_decision_has_broken_meanwhile_needs_no_round() {
    let fake = Fake::new("ooo");
    let row = |text| {
        let key = key(1, 1);
        vec![RowBlock { rows: vec![(key.clone(), encode(&key, &value(5, text)))], ..RowBlock::default() }]
    };
    fake.published.lock().unwrap().push(row("b"));
    assert_eq!(swap(&fake, Some("a"), "c"), Ok(Err(Some("b".to_owned()))));
    assert_eq!(fake.log(), "");
    // Where it holds, only a round can tell.
    fake.published.lock().unwrap().push(row("a"));
    assert_eq!(swap(&fake, Some("a"), "c"), Ok(Err(None)));
    assert_eq!(fake.log(), "prepare1 prepare2 prepare3");
}
