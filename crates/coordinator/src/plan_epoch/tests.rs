//! A range changes hands while requests are under way.

use crate::fake::{DEADLINE, Fake, all, encode, key, one, settle, value};
use crate::{
    Conditional, Count, Decision, KeyspacePlacement, Read, ReadError, ReadPolicy, Refusal, Write, WriteError,
    WriteType, conditional, count, read, write,
};
use henge_base::Micros;
use henge_model::{Consistency, Mutation, ReadCommand, RowBlock, Token, WriteId};
use std::future::{Future, poll_fn};

/// Four nodes, of which the fourth is about to hold what the first three do, as this node has yet to hear.
fn behind() -> Fake {
    let fake = Fake::new("oooo");
    let newer = fake.at_epoch(5, fake.keyspace_with_readers("3", 3));
    *fake.ahead.lock().unwrap() = Some(newer);
    *fake.newest.lock().unwrap() = Some(old());
    fake
}

/// The same, when this node has heard of it.
fn aware() -> Fake {
    let fake = behind();
    let newer = fake.ahead.lock().unwrap().take();
    *fake.newest.lock().unwrap() = newer;
    fake
}

/// The placement before: three replicas.
fn old() -> KeyspacePlacement {
    Fake::new("ooo").keyspace("3")
}

fn read_old(fake: &Fake, command: ReadCommand) -> Result<RowBlock, ReadError> {
    let (placed, command, policy) = (old(), command.into(), ReadPolicy::default());
    settle(read(fake, Read { placed, command, consistency: Consistency::Quorum, deadline: DEADLINE, policy }))
}

fn write_old(fake: &Fake) -> Result<(), WriteError> {
    let key = key(1, 1);
    let mutation = Mutation::single(WriteId::of_repair(5), key.clone(), encode(&key, &value(5, "a"))).into();
    let (placed, token, write_type, applied) = (old(), Token(1), WriteType::Simple, None);
    let consistency = Consistency::Quorum;
    settle(write(fake, Write { placed, token, mutation, consistency, deadline: DEADLINE, write_type, applied }))
}

fn swap_old(fake: &Fake) -> Result<bool, WriteError> {
    let key = key(1, 1);
    let decide = |_: &[RowBlock], stamp: Micros| -> Result<Decision, WriteError> {
        Ok(Decision::Write(
            Mutation::single(WriteId::of_repair(stamp), key.clone(), encode(&key, &value(stamp, "a"))).encode(),
        ))
    };
    let request = Conditional {
        placed: old(),
        token: Token(1),
        key: key.slice(..henge_model::Key::partition(&key).unwrap()),
        reads: vec![one(&key)],
        serial: Consistency::Serial,
        consistency: Consistency::Quorum,
        deadline: DEADLINE,
    };
    settle(conditional(fake, request, decide)).map(|(applied, _)| applied)
}

#[test]
fn nothing_is_sent_by_a_placement_that_is_known_to_be_old() {
    let fake = aware();
    assert_eq!(write_old(&fake), Ok(()));
    assert_eq!(fake.log(), "write1 write2 write3 write4");
    let fake = aware();
    assert!(read_old(&fake, one(&key(1, 1))).is_ok());
    assert_eq!(fake.log(), "rows1 digest2");
    let fake = aware();
    assert_eq!(swap_old(&fake), Ok(true));
    let log = "prepare1 prepare2 prepare3 prepare4 propose1 propose2 propose3 propose4 commit1 commit2 commit3 commit4";
    assert_eq!(fake.log(), log);
}

#[test]
fn a_refused_read_and_a_refused_write_are_planned_again() {
    let fake = behind();
    assert!(read_old(&fake, one(&key(1, 1))).is_ok());
    assert_eq!(fake.log(), "rows1 digest2 rows3 catch-up rows1 digest2");
    // This node hears of nothing newer.
    let fake = behind();
    fake.ahead.lock().unwrap().take();
    assert!(read_old(&fake, one(&key(1, 1))).unwrap_err().is_of_stale_plan());
    assert_eq!(fake.log(), "rows1 digest2 rows3 catch-up");
    // What is newer has changed again.
    let fake = behind();
    fake.at_epoch(6, old());
    assert!(read_old(&fake, one(&key(1, 1))).unwrap_err().is_of_stale_plan());
    assert_eq!(fake.log(), "rows1 digest2 rows3 catch-up rows1 digest2 rows3 catch-up");
    let fake = behind();
    assert_eq!(write_old(&fake), Ok(()));
    assert_eq!(fake.log(), "write1 write2 write3 catch-up write1 write2 write3 write4");
    let fake = behind();
    fake.ahead.lock().unwrap().take();
    let Err(WriteError::Failure { failures, .. }) = write_old(&fake) else { panic!("two replicas refuse") };
    assert!(failures.iter().all(|(_, refusal)| *refusal == Refusal::StaleEpoch));
    assert_eq!(fake.log(), "write1 write2 write3 catch-up");
    let fake = behind();
    fake.at_epoch(6, old());
    let outcome = write_old(&fake);
    assert!(matches!(outcome, Err(WriteError::Timeout { received: 0, .. })), "{outcome:?}");
    assert_eq!(fake.log(), "write1 write2 write3 catch-up write1 write2 write3 write4 catch-up");
}

#[test]
fn a_conditional_write_begins_again_with_the_voters_of_the_newer_epoch() {
    let fake = behind();
    assert_eq!(swap_old(&fake), Ok(true));
    let log = "prepare1 prepare2 prepare3 catch-up prepare1 prepare2 prepare3 prepare4 \
               propose1 propose2 propose3 propose4 commit1 commit2 commit3 commit4";
    assert_eq!(fake.log(), log);
    // Where nothing newer is known, nothing was proposed.
    let fake = behind();
    fake.ahead.lock().unwrap().take();
    let outcome = swap_old(&fake);
    assert!(matches!(outcome, Err(WriteError::Failure { received: 0, .. })), "{outcome:?}");
    assert_eq!(fake.log(), "prepare1 prepare2 prepare3 catch-up");
}

#[test]
fn a_scan_that_was_cut_by_an_old_placement_is_not_sent() {
    let fake = aware();
    let outcome = read_old(&fake, all(10, false));
    assert!(outcome.unwrap_err().is_of_stale_plan());
    assert_eq!(fake.log(), "");
}

#[test]
fn a_write_whose_plan_is_old_when_it_ends_is_sent_again() {
    for changes in 1..=5 {
        write_through_changes(changes);
    }
}

/// Replicas serve the old epoch still; this node hears of newer ones meanwhile.
fn write_through_changes(changes: usize) {
    let fake = behind();
    fake.nodes.lock().unwrap().values_mut().for_each(|node| node.since = 0);
    let newer = fake.ahead.lock().unwrap().take();
    let key = key(1, 1);
    let mutation = Mutation::single(WriteId::of_repair(5), key.clone(), encode(&key, &value(5, "a"))).into();
    let (placed, token, write_type, applied) = (old(), Token(1), WriteType::Simple, None);
    let (consistency, deadline) = (Consistency::Quorum, DEADLINE);
    let outcome = settle(async {
        let written = write(&fake, Write { placed, token, mutation, consistency, deadline, write_type, applied });
        let (mut written, mut polls) = (Box::pin(written), 0);
        poll_fn(|context| {
            polls += 1;
            if polls == 2 {
                fake.newest.lock().unwrap().clone_from(&newer);
            }
            if polls > 2 && polls <= changes + 1 {
                let mut newest = fake.newest.lock().unwrap();
                let mut later = (**newest.as_ref().unwrap()).clone();
                later.epoch.index += 1;
                *newest = Some(later.into());
            }
            written.as_mut().poll(context)
        })
        .await
    });
    let again = " catch-up write1 write2 write3 write4".repeat(changes.min(3));
    assert_eq!(fake.log(), format!("write1 write2 write3{again}"));
    let (received, block_for) = (1, 2);
    let unknown = Err(WriteError::Timeout { consistency, received, block_for, write_type });
    assert_eq!(outcome, if changes <= 3 { Ok(()) } else { unknown });
}

#[test]
fn counters_are_led_by_the_newest_placement() {
    let fake = aware();
    let additions = Mutation::single(WriteId::of_repair(5), key(1, 1), encode(&key(1, 1), &value(5, "a"))).encode();
    let (placed, token, consistency, deadline) = (old(), Token(1), Consistency::Quorum, DEADLINE);
    assert_eq!(settle(count(&fake, Count { placed, token, additions, consistency, deadline })), Ok(()));
    assert_eq!(fake.log(), "count1");
}
