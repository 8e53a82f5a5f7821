use super::*;
use crate::fake::{DEADLINE, Does, Fake, encode, key, settle, value};
use crate::{Faults, PlacedKeyspace, WriteType};
use henge_model::{Mutation, SharedMutation, WriteId};
use henge_ring::Placement;
use std::sync::Arc;

fn mutation() -> SharedMutation {
    let key = key(1, 1);
    Mutation::single(WriteId::of_repair(5), key.clone(), encode(&key, &value(5, "x"))).into()
}

fn run(fake: &Fake, placed: KeyspacePlacement, consistency: Consistency) -> Result<(), WriteError> {
    let write_type = WriteType::Simple;
    let write = Write {
        placed,
        token: Token(1),
        mutation: mutation(),
        consistency,
        deadline: DEADLINE,
        write_type,
        applied: None,
    };
    settle(super::write(fake, write))
}

fn show(outcome: &Result<(), WriteError>) -> String {
    match outcome {
        Ok(()) => "ok".to_owned(),
        Err(WriteError::Unavailable { required, alive, .. }) => format!("unavailable {alive}/{required}"),
        Err(WriteError::Timeout { received, block_for, .. }) => format!("timeout {received}/{block_for}"),
        Err(WriteError::Failure { received, block_for, failures, .. }) => {
            format!("failure {received}/{block_for} by {}", failures.len())
        }
        Err(WriteError::Undecided { .. }) => "undecided".to_owned(),
        Err(WriteError::Invalid(_)) => "invalid".to_owned(),
    }
}

/// Level, replication, nodes (see [`Fake::new`]); what becomes of it.
fn check(table: &str) {
    for line in table.lines().filter(|line| !line.trim().is_empty()) {
        let (case, expected) = line.split_once(':').unwrap();
        let [level, replication, nodes] = case.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        let fake = Fake::new(nodes);
        let outcome = run(&fake, fake.keyspace(replication), level.parse().unwrap());
        assert_eq!(show(&outcome), expected.trim(), "{case}");
        if matches!(outcome, Err(WriteError::Unavailable { .. } | WriteError::Invalid(_))) {
            assert_eq!(fake.log(), "", "{case}");
        } else {
            let down = nodes.matches('d').count();
            let sent = nodes.replace('/', "").len() - down;
            let repeats = if nodes.contains('n') { 2 } else { 0 };
            let log = fake.log();
            assert_eq!((log.matches("write").count(), log.matches("owe").count()), (sent + repeats, down), "{case}");
        }
    }
}

#[test]
fn a_write_whose_links_broke_is_sent_again_while_time_is_left() {
    for lost in [Does::NotSent, Does::Lost] {
        let fake = Fake::new("ooo");
        for number in [2, 3] {
            fake.set(number, |node| node.first_write = Some(lost));
        }
        assert_eq!(show(&run(&fake, fake.keyspace("3"), Consistency::Quorum)), "ok", "{lost:?}");
        assert_eq!(fake.log(), "write1 write2 write3 write2", "{lost:?}");
    }
}

#[test]
fn at_any_a_hint_on_disk_is_enough_and_only_there() {
    let run_with = |level: Consistency, nodes: &str, hints| {
        let mut fake = Fake::new(nodes);
        fake.hints = hints;
        (show(&run(&fake, fake.keyspace("3"), level)), fake.log().matches("owe").count())
    };
    let at_any = |nodes, hints| run_with(Consistency::Any, nodes, hints);
    assert_eq!(at_any("ddd", Some(true)), ("ok".to_owned(), 3));
    assert_eq!(at_any("ddd", Some(false)), ("timeout 0/1".to_owned(), 3));
    assert_eq!(at_any("ddd", None), ("unavailable 0/1".to_owned(), 0));
    assert_eq!(at_any("rdd", Some(true)), ("ok".to_owned(), 2));
    assert_eq!(at_any("nnn", Some(true)), ("ok".to_owned(), 1), "one that could not be sent it is owed it");
    assert_eq!(at_any("sss", Some(true)), ("timeout 0/1".to_owned(), 0));
    assert_eq!(at_any("rrr", Some(true)).0, "failure 0/1 by 3", "what refuses a write is no reason to call it written");
    assert_eq!(run_with(Consistency::One, "ddd", Some(true)).0, "unavailable 0/1");
    assert_eq!(run_with(Consistency::One, "sss", Some(true)).0, "timeout 0/1");
}

#[test]
fn one_datacentre() {
    check(
        "
        ANY    3 ddd: unavailable 0/1
        ANY    3 odd: ok
        ANY    3 sdd: timeout 0/1
        ONE    3 opp: ok
        ONE    3 rro: ok
        ONE    3 rrr: failure 0/1 by 3
        ONE    3 rrs: timeout 0/1
        ONE    3 nnn: timeout 0/1
        TWO    3 oop: ok
        TWO    3 odd: unavailable 1/2
        THREE  3 ooo: ok
        THREE  3 oor: failure 2/3 by 1
        THREE  2 oo: unavailable 2/3
        QUORUM 3 oop: ok
        QUORUM 3 ood: ok
        QUORUM 3 odd: unavailable 1/2
        QUORUM 3 o: unavailable 1/2
        QUORUM 3 ors: timeout 1/2
        QUORUM 3 orr: failure 1/2 by 2
        QUORUM 3 ord: failure 1/2 by 1
        QUORUM 3 osd: timeout 1/2
        QUORUM 5 ooopp: ok
        QUORUM 5 ooorr: ok
        QUORUM 5 oorrr: failure 2/3 by 3
        QUORUM 5 oorss: timeout 2/3
        ALL    3 ooo: ok
        ALL    3 ood: unavailable 2/3
        ALL    3 oos: timeout 2/3
        ALL    1 o: ok
        QUORUM local o: ok
        EACH_QUORUM 3 oop: ok
        SERIAL 3 ooo: invalid
        LOCAL_SERIAL 3 ooo: invalid
        ",
    );
}

#[test]
fn two_datacentres() {
    check(
        "
        ONE          a3b3 ddd/opp: ok
        LOCAL_ONE    a3b3 ddd/ooo: unavailable 0/1
        LOCAL_ONE    a3b3 odd/ppp: ok
        LOCAL_ONE    a3b3 rrr/ooo: failure 0/1 by 3
        LOCAL_QUORUM a3b3 oop/ppp: ok
        LOCAL_QUORUM a3b3 ood/ddd: ok
        LOCAL_QUORUM a3b3 odd/ooo: unavailable 1/2
        LOCAL_QUORUM a3b3 oss/ooo: timeout 1/2
        LOCAL_QUORUM 3    oo/o: ok
        LOCAL_QUORUM 3    o/oo: unavailable 1/2
        QUORUM       a3b3 oop/oop: ok
        QUORUM       a3b3 odd/ooo: ok
        QUORUM       a3b3 odd/ood: unavailable 3/4
        EACH_QUORUM  a3b3 oop/oop: ok
        EACH_QUORUM  a3b3 ooo/odd: unavailable 1/2
        EACH_QUORUM  a3b3 odd/ooo: unavailable 1/2
        EACH_QUORUM  a3b3 ooo/oss: timeout 3/4
        EACH_QUORUM  a3b3 ooo/rrr: failure 2/4 by 2
        EACH_QUORUM  a3b3 ooo: unavailable 0/2
        ALL          a3b3 ooo/ood: unavailable 5/6
        ALL          a3b3 ooo/ooo: ok
        ",
    );
}

#[test]
fn every_replica_gets_the_write_even_where_fewer_are_awaited() {
    let fake = Fake::new("oo/oo");
    run(&fake, fake.keyspace("a2b2"), Consistency::LocalOne).unwrap();
    assert_eq!(fake.log(), "write1 write2 write4 write3<4");
    assert!((1..=4).all(|number| fake.row(number, &key(1, 1)) == Some(value(5, "x"))));
}

#[test]
fn a_write_travels_once_to_each_other_datacentre() {
    for (replication, nodes, expected) in [
        ("a3b3", "ooo/ooo", "write1 write2 write3 write5 write4<5 write6<5"),
        // One that is down is owed a hint by this node.
        ("a3b3", "ooo/odo", "write1 write2 write3 write6 write4<6 owe5"),
        ("a3b3", "ooo/odd", "write1 write2 write3 write4 owe5 owe6"),
        ("a1b2c2", "o/oo/oo", "write1 write3 write2<3 write5 write4<5"),
        ("3", "o/o/o", "write1 write2 write3"),
    ] {
        let fake = Fake::new(nodes);
        run(&fake, fake.keyspace(replication), Consistency::One).unwrap();
        assert_eq!(fake.log(), expected, "{nodes}");
    }
}

#[test]
fn a_replica_that_is_silent_forwards_nothing_while_another_can() {
    for (silent, expected) in [("5", "write4<6"), ("456", "write4<5")] {
        let fake = Fake::new("ooo/ooo");
        for number in silent.chars() {
            let number = number.to_digit(10).unwrap() as usize;
            fake.set(number, |node| node.standing.is_silent = true);
        }
        run(&fake, fake.keyspace("a3b3"), Consistency::One).unwrap();
        assert!(fake.log().contains(expected), "{silent}: {}", fake.log());
    }
}

#[test]
fn a_replica_about_to_own_the_range_is_written_and_counted() {
    let pending = |nodes| {
        let fake = Fake::new(nodes);
        show(&run(&fake, fake.keyspace_with_readers("3", 3), Consistency::Quorum))
    };
    assert_eq!(pending("ooop"), "ok");
    assert_eq!(pending("oodd"), "unavailable 2/3");
    assert_eq!(pending("oosd"), "timeout 2/3");
}

#[test]
fn the_check_alone_sends_nothing() {
    let fake = Fake::new("odd");
    let check = |level| check_write(&fake, &fake.keyspace("3"), Token(1), level);
    assert_eq!(check(Consistency::One), Ok(()));
    let unavailable = WriteError::Unavailable { consistency: Consistency::Quorum, required: 2, alive: 1 };
    assert_eq!(check(Consistency::Quorum), Err(unavailable));
    assert_eq!(fake.log(), "");
}

#[test]
fn no_placement_is_no_replica() {
    let fake = Fake::new("o");
    let placed = PlacedKeyspace { placement: Arc::new(Placement::default()), ..(*fake.keyspace("1")).clone() };
    assert_eq!(show(&run(&fake, placed.into(), Consistency::One)), "unavailable 0/1");
}

#[test]
fn the_deliberate_fault_acknowledges_too_early() {
    let mut fake = Fake::new("odd");
    fake.faults = Faults { quorum_off_by_one: true, ..Faults::default() };
    assert_eq!(show(&run(&fake, fake.keyspace("3"), Consistency::Quorum)), "ok");
}
