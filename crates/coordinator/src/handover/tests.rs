use crate::fake::{DEADLINE, Does, Fake, encode, host, key, one, probing, settle, value};
use crate::{Event, KeyspacePlacement, PlacedKeyspace, Read, ReadError, ReadPolicy, Refusal, can_read_locally, read};
use henge_model::{Consistency, ReadCommand, RowBlock, Token, TokenRange};
use henge_ring::{Epoch, Placement, ReplicaSet};
use std::sync::Arc;

/// A keyspace on all nodes, of which the first `readers` are read. On the other side of the step those of `across` are.
fn moving(fake: &Fake, replication: &str, readers: usize, across: &[u16]) -> KeyspacePlacement {
    let placed = fake.keyspace_with_readers(replication, readers);
    let ids = (1..=fake.nodes.lock().unwrap().len()).map(host).collect();
    let numbers: Vec<u16> = across.iter().map(|number| number - 1).collect();
    let across = Placement::new(ids, [(TokenRange::FULL.end, ReplicaSet::new(&numbers, &[], 0))]);
    PlacedKeyspace { across: (!numbers.is_empty()).then(|| Arc::new(across)), ..(*placed).clone() }.into()
}

fn read_of(
    fake: &Fake,
    placed: KeyspacePlacement,
    consistency: Consistency,
    command: ReadCommand,
) -> Result<RowBlock, ReadError> {
    let policy = ReadPolicy::default();
    settle(read(fake, Read { placed, command: command.into(), consistency, deadline: DEADLINE, policy }))
}

fn show(outcome: &Result<RowBlock, ReadError>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(ReadError::Unavailable { required, alive, .. }) => format!("unavailable {alive}/{required}"),
        Err(ReadError::Timeout { received, block_for, .. }) => format!("timeout {received}/{block_for}"),
        Err(other) => format!("{other:?}"),
    }
}

#[test]
fn rows_go_to_pending_replicas_unless_readers_that_stay_have_them() {
    // Level, replication, the number of readers, those that are read on the other side, nodes (see `Fake::new`), and those that have the
    // newest value, where others have an older one: outcome | what was sent.
    let table = "
        QUORUM       3    3 234   oooo  1234: ok | rows2 digest3
        QUORUM       3    3 234   oood  1234: ok | rows2 digest3
        QUORUM       3    3 234   oodo  1234: ok | rows2 digest1 mend4
        QUORUM       3    3 234   oodo  12: ok | rows2 digest1 mend4
        QUORUM       3    3 234   oodo  2: ok | rows2 digest1 rows2 rows1 mend1 mend4
        QUORUM       3    3 234   oooo  2: ok | rows2 digest3 rows2 rows3 mend3
        QUORUM       3    3 234   ooso  1234: ok | rows2 digest3 digest1 mend4
        QUORUM       3    3 234   oodd  1234: unavailable 2/3 |
        QUORUM       3    3 234   oodn  1234: timeout 1/2 | rows2 digest1 mend4 catch-up
        ONE          3    3 234   oooo  1: ok | rows1
        TWO          3    3 234   oodo  12: ok | rows2 digest1 mend4
        ALL          3    3 234   oooo  123: ok | rows2 digest3 digest1
        ALL          3    3 234   oood  123: ok | rows2 digest3 digest1
        QUORUM       2    2 23    ooo   12: ok | rows2 digest1 mend3
        QUORUM       1    1 2     oo    1: ok | rows1 mend2
        QUORUM       1    1 2     od    1: unavailable 1/2 |
        LOCAL_QUORUM 1    1 2     oo    1: ok | rows1 mend2
        QUORUM       1    1 12    oo    1: ok | rows1
        QUORUM       3    3 -     ooooo 12345: ok | rows1 digest2 mend4 mend5
        QUORUM       3    3 -     ooood 12345: ok | rows1 digest2 mend4 mend3
        QUORUM       3    3 -     oooos 12345: ok | rows1 digest2 mend4 mend5 mend5 mend3
        QUORUM       3    3 -     oodod 12345: unavailable 3/4 |
        QUORUM       3    3 24    oooo  12: ok | rows2 digest1 mend4
        LOCAL_QUORUM a3b1 3 1235  ooo/oo 12: ok | rows1 digest2";
    for line in table.lines().skip(1) {
        let (case, expected) = line.split_once(':').unwrap();
        let words: Vec<&str> = case.split_whitespace().collect();
        let [level, replication, readers, across, nodes, newest] = words[..] else { panic!("{line}") };
        let (fake, key) = (Fake::new(nodes), key(1, 1));
        for number in 1..=nodes.replace('/', "").len() {
            let is_new = newest.contains(&number.to_string());
            fake.put(number, &key, &if is_new { value(6, "new") } else { value(5, "old") });
        }
        let across: Vec<u16> = across.chars().filter_map(|number| Some(number.to_digit(10)? as u16)).collect();
        let placed = moving(&fake, replication, readers.parse().unwrap(), &across);
        let outcome = read_of(&fake, placed, level.parse().unwrap(), one(&key));
        let got = format!("{} | {}", show(&outcome), fake.log());
        assert_eq!(got.trim(), expected.trim(), "{case}");
        if let Ok(block) = outcome {
            assert_eq!(block.rows, [(key.clone(), encode(&key, &value(6, "new")))], "{case}");
        }
    }
}

#[test]
fn what_is_handed_over_is_no_repair_and_is_not_without_read_repair() {
    let (fake, key) = (Fake::new("oo"), key(1, 1));
    fake.put(1, &key, &value(5, "x"));
    let (placed, consistency) = (moving(&fake, "1", 1, &[2]), Consistency::Quorum);
    let policy = ReadPolicy { repairs: false, ..ReadPolicy::default() };
    let as_it_is = Read { placed: placed.clone(), command: one(&key).into(), consistency, deadline: DEADLINE, policy };
    settle(read(&fake, as_it_is)).unwrap();
    assert_eq!((fake.row(2, &key), fake.events.lock().unwrap().len()), (None, 0));
    read_of(&fake, placed, consistency, one(&key)).unwrap();
    assert_eq!(fake.row(2, &key), Some(value(5, "x")));
    assert_eq!(*fake.events.lock().unwrap(), [Event::Handover]);
}

#[test]
fn rows_that_an_index_finds_are_handed_over_too() {
    for (nodes, readers, across, expected) in
        [("oo", 1, &[2][..], "rows1 rows1 mend2"), ("oood", 3, &[2, 3, 4], "rows2 rows3")]
    {
        let (fake, key) = (Fake::new(nodes), key(1, 1));
        (1..=readers).for_each(|number| fake.put(number, &key, &value(5, "x")));
        let placed = moving(&fake, &readers.to_string(), readers, across);
        let block = read_of(&fake, placed, Consistency::Quorum, probing("x", 9)).unwrap();
        assert_eq!((block.rows.len(), fake.log().as_str()), (1, expected), "{nodes}");
    }
}

#[test]
fn a_read_whose_range_changes_hands_meanwhile_is_planned_again() {
    let (fake, key) = (Fake::new("oo"), key(1, 1));
    fake.put(1, &key, &value(5, "x"));
    fake.set(2, |node| node.mends = Does::Refuses(Refusal::StaleEpoch));
    let old = moving(&fake, "1", 1, &[2]);
    let later =
        PlacedKeyspace { epoch: Epoch { lineage: 0, index: 1 }, ..(*fake.keyspace_with_readers("1", 2)).clone() };
    *fake.ahead.lock().unwrap() = Some(later.into());
    assert_eq!(show(&read_of(&fake, old, Consistency::Quorum, one(&key))), "ok");
    assert_eq!(fake.log(), "rows1 mend2 catch-up catch-up rows1");
}

#[test]
fn this_node_alone_answers_no_quorum_read_of_a_range_that_moves() {
    let fake = Fake::new("oo");
    let placed = moving(&fake, "1", 1, &[2]);
    assert!(!can_read_locally(&fake, &placed, Token(1), Consistency::Quorum));
    assert!(can_read_locally(&fake, &placed, Token(1), Consistency::One));
}
