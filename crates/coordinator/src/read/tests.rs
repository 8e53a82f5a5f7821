mod short_reads;
mod speculation;

use super::*;
use crate::fake::{DEADLINE, Does, Fake, all, deleted_row, encode, key, one, probing, settle, value};
use crate::{Event, ReadPolicy, Refusal, can_read_locally};
use henge_base::Bytes;
use henge_model::{ReadCommand, Row, Token};
use speculation::speculating;

fn read_at(
    fake: &Fake,
    replication: &str,
    consistency: Consistency,
    command: ReadCommand,
) -> Result<RowBlock, ReadError> {
    read_under(fake, replication, consistency, command, ReadPolicy::default())
}

fn read_under(
    fake: &Fake,
    replication: &str,
    consistency: Consistency,
    command: ReadCommand,
    policy: ReadPolicy,
) -> Result<RowBlock, ReadError> {
    let placed = fake.keyspace(replication);
    settle(read(fake, Read { placed, command: command.into(), consistency, deadline: DEADLINE, policy }))
}

fn quorum(fake: &Fake, command: ReadCommand) -> Result<RowBlock, ReadError> {
    read_at(fake, "3", Consistency::Quorum, command)
}

fn rows(rows: &[(Bytes, Row)]) -> Vec<(Bytes, Bytes)> {
    rows.iter().map(|(key, row)| (key.clone(), encode(key, row))).collect()
}

fn show(outcome: &Result<RowBlock, ReadError>) -> String {
    let data = |present: &bool| if *present { " data" } else { "" };
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(ReadError::Unavailable { required, alive, .. }) => format!("unavailable {alive}/{required}"),
        Err(ReadError::Timeout { received, block_for, data_present, .. }) => {
            format!("timeout {received}/{block_for}{}", data(data_present))
        }
        Err(ReadError::Failure { received, block_for, failures, data_present, .. }) => {
            format!("failure {received}/{block_for} by {}{}", failures.len(), data(data_present))
        }
        Err(ReadError::Invalid(_)) => "invalid".to_owned(),
    }
}

#[test]
fn who_is_asked_and_what_becomes_of_it() {
    // Level, replication, nodes (see `Fake::new`): outcome | what was sent.
    let table = "
        ONE          3    ooo: ok | rows1
        ONE          3    doo: ok | rows2
        ONE          3    roo: ok | rows1 rows2
        ONE          3    nlo: ok | rows1 rows2 rows3
        ONE          3    rrr: failure 0/1 by 3 | rows1 rows2 rows3
        ONE          3    soo: ok | rows1 rows2
        ONE          3    sss: timeout 0/1 | rows1 rows2 rows3
        ONE          3    nnn: unavailable 0/1 | rows1 rows2 rows3 rows1 rows2
        ONE          3    ddd: unavailable 0/1 |
        ANY          3    ooo: invalid |
        SERIAL       3    ooo: ok | prepare1 prepare2 prepare3
        LOCAL_SERIAL a3b3 ooo/ooo: ok | prepare1 prepare2 prepare3
        SERIAL       3    odd: unavailable 1/2 |
        TWO          3    ooo: ok | rows1 digest2
        THREE        3    ooo: ok | rows1 digest2 digest3
        QUORUM       1    o: ok | rows1
        QUORUM       3    ooo: ok | rows1 digest2
        QUORUM       3    doo: ok | rows2 digest3
        QUORUM       3    odd: unavailable 1/2 |
        QUORUM       3    roo: ok | rows1 digest2 rows3
        QUORUM       3    oro: ok | rows1 digest2 digest3
        QUORUM       3    olo: ok | rows1 digest2 digest3
        QUORUM       3    oso: ok | rows1 digest2 digest3
        QUORUM       3    oss: timeout 1/2 data | rows1 digest2 digest3
        QUORUM       3    osd: timeout 1/2 data | rows1 digest2
        QUORUM       3    soo: ok | rows1 digest2 rows3
        QUORUM       3    ord: failure 1/2 by 1 data | rows1 digest2
        QUORUM       3    rod: failure 0/2 by 1 | rows1 digest2
        QUORUM       3    orr: failure 1/2 by 2 data | rows1 digest2 digest3
        QUORUM       3    orn: unavailable 1/2 | rows1 digest2 digest3 digest3 digest3
        ALL          3    ooo: ok | rows1 digest2 digest3
        ALL          3    ood: unavailable 2/3 |
        LOCAL_ONE    a3b3 doo/ooo: ok | rows2
        LOCAL_ONE    a3b3 ddd/ooo: unavailable 0/1 |
        LOCAL_ONE    a3b3 rrr/ooo: failure 0/1 by 3 | rows1 rows2 rows3
        LOCAL_QUORUM a3b3 oro/ooo: ok | rows1 digest2 digest3
        LOCAL_QUORUM a3b3 odd/ooo: unavailable 1/2 |
        LOCAL_QUORUM 3    o/oo: unavailable 1/2 |
        QUORUM       a3b3 ooo/ooo: ok | rows1 digest2 digest3 digest4
        EACH_QUORUM  a3b3 ooo/ooo: ok | rows1 digest2 digest4 digest5
        EACH_QUORUM  a3b3 ooo/roo: ok | rows1 digest2 digest4 digest5 digest6
        EACH_QUORUM  a3b3 ooo/rrd: failure 2/4 by 1 data | rows1 digest2 digest4 digest5
        EACH_QUORUM  a3b3 ooo/odd: unavailable 1/2 |
        EACH_QUORUM  3    ooo: ok | rows1 digest2
        QUORUM       local o: ok | rows1";
    for line in table.lines().skip(1) {
        let (case, expected) = line.split_once(':').unwrap();
        let [level, replication, nodes] = case.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        let fake = Fake::new(nodes);
        let outcome = read_at(&fake, replication, level.parse().unwrap(), one(&key(1, 1)));
        let got = format!("{} | {}", show(&outcome), fake.log());
        assert_eq!(got.trim(), expected.trim(), "{case}");
    }
}

#[test]
fn replicas_whose_links_broke_are_asked_again_while_time_is_left() {
    for lost in [Does::NotSent, Does::Lost] {
        let (fake, key) = (Fake::new("ooo"), key(1, 1));
        for number in [2, 3] {
            fake.set(number, |node| node.reads = vec![lost, Does::Answers]);
        }
        assert_eq!(show(&quorum(&fake, one(&key))), "ok", "{lost:?}");
        assert_eq!(fake.log(), "rows1 digest2 digest3 digest2", "{lost:?}");
    }
}

#[test]
fn rows_of_two_replicas_that_differ_are_a_difference() {
    let (fake, key) = (Fake::new("oop"), key(1, 1));
    fake.put(2, &key, &value(6, "new"));
    let block = read_under(&fake, "3", Consistency::Quorum, one(&key), speculating("ALWAYS")).unwrap();
    assert_eq!(block.rows, rows(&[(key.clone(), value(6, "new"))]));
    assert_eq!(fake.log(), "rows1 rows2 digest3 rows1 rows2 rows3 mend1");
}

#[test]
fn a_replica_that_was_late_stands_in_when_rows_are_asked_of_all() {
    let (fake, key) = (Fake::new("ooo"), key(1, 1));
    fake.put(3, &key, &value(6, "new"));
    fake.set(2, |node| node.reads = vec![Does::Never, Does::Answers]);
    fake.set(1, |node| node.reads = vec![Does::Answers, Does::NotSent]);
    let block = read_under(&fake, "3", Consistency::Quorum, one(&key), speculating("50ms")).unwrap();
    assert_eq!(block.rows, rows(&[(key.clone(), value(6, "new"))]));
    assert_eq!(fake.log(), "rows1 digest2 digest3 rows1 rows3 rows2 mend2");
}

#[test]
fn a_table_without_read_repair_answers_merged_rows_and_writes_nothing() {
    let policy = ReadPolicy::from(&henge_model::TableOptions { read_repair: "NONE".to_owned(), ..Default::default() });
    for command in [one(&key(1, 1)), all(9, false), probing("new", 9)] {
        let (fake, key) = (Fake::new("ooo"), key(1, 1));
        fake.put(1, &key, &value(5, "old"));
        fake.put(2, &key, &value(6, "new"));
        let block = read_under(&fake, "3", Consistency::Quorum, command.clone(), policy).unwrap();
        assert_eq!(block.rows, rows(&[(key.clone(), value(6, "new"))]), "{command:?}");
        assert_eq!((fake.row(1, &key), fake.row(3, &key)), (Some(value(5, "old")), None), "{command:?}");
        assert!(!fake.log().contains("mend"), "{}", fake.log());
        assert!(!fake.events.lock().unwrap().contains(&Event::ReadRepair));
        assert_eq!(fake.stamp_count(), 0, "{command:?}");
        // So a quorum without the newest replica sees less afterwards.
        fake.set(2, |node| node.alive = false);
        let later = read_under(&fake, "3", Consistency::Quorum, one(&key), policy).unwrap();
        assert_eq!(later.rows, rows(&[(key.clone(), value(5, "old"))]));
    }
}

#[test]
fn a_difference_is_merged_and_mended_before_the_answer() {
    let (fake, key) = (Fake::new("ooo"), key(1, 1));
    fake.put(1, &key, &value(5, "old"));
    fake.put(2, &key, &value(6, "new"));
    let block = quorum(&fake, one(&key)).unwrap();
    assert_eq!(block.rows, rows(&[(key.clone(), value(6, "new"))]));
    assert_eq!(fake.log(), "rows1 digest2 rows1 rows2 mend1");
    assert_eq!(fake.row(1, &key), Some(value(6, "new")));
    assert_eq!(*fake.events.lock().unwrap(), [Event::DigestMismatch, Event::ReadRepair]);
    // What one quorum saw every later quorum sees, without further repair.
    fake.log.lock().unwrap().clear();
    fake.set(2, |node| node.alive = false);
    assert_eq!(quorum(&fake, one(&key)).unwrap().rows, block.rows);
}

#[test]
fn a_row_that_only_one_replica_has_reaches_the_others() {
    let (fake, key) = (Fake::new("ooo"), key(1, 1));
    fake.put(2, &key, &value(6, "new"));
    assert_eq!(quorum(&fake, one(&key)).unwrap().rows, rows(&[(key.clone(), value(6, "new"))]));
    assert_eq!(fake.row(1, &key), Some(value(6, "new")));
    assert_eq!(fake.row(3, &key), None);
}

#[test]
fn cells_of_both_are_joined_and_both_are_mended() {
    let (fake, key) = (Fake::new("oo"), key(1, 1));
    let other = |timestamp| {
        let mut row = value(timestamp, "y");
        row.cells[0].column = henge_model::ColumnId(2);
        row
    };
    fake.put(1, &key, &value(5, "x"));
    fake.put(2, &key, &other(6));
    let block = read_at(&fake, "2", Consistency::All, one(&key)).unwrap();
    let joined = henge_model::merge_rows(&value(5, "x"), &other(6));
    assert_eq!(block.rows, rows(&[(key.clone(), joined.clone())]));
    assert_eq!([fake.row(1, &key), fake.row(2, &key)], [Some(joined.clone()), Some(joined)]);
}

#[test]
fn a_deletion_wins_over_an_older_value_wherever_it_is() {
    for gone in [1, 2] {
        let (fake, key) = (Fake::new("ood"), key(1, 1));
        fake.put(3 - gone, &key, &value(5, "x"));
        fake.put(gone, &key, &deleted_row(6));
        let block = quorum(&fake, one(&key)).unwrap();
        assert_eq!(block.rows, rows(&[(key.clone(), deleted_row(6))]));
        assert_eq!(fake.row(3 - gone, &key), Some(deleted_row(6)));
    }
}

#[test]
fn an_answer_waits_for_its_repairs() {
    for mends in [Does::Silent, Does::NotSent, Does::Refuses(Refusal::Stalled)] {
        let (fake, key) = (Fake::new("ood"), key(1, 1));
        fake.put(2, &key, &value(6, "new"));
        fake.set(1, |node| node.mends = mends);
        assert_eq!(show(&quorum(&fake, one(&key))), "timeout 1/2 data");
    }
}

#[test]
fn another_replica_stands_in_when_one_fails_in_the_second_round() {
    let (fake, key) = (Fake::new("ooo"), key(1, 1));
    fake.put(2, &key, &value(6, "new"));
    fake.put(3, &key, &value(7, "newer"));
    fake.set(2, |node| node.reads = vec![Does::Answers, Does::NotSent]);
    assert_eq!(quorum(&fake, one(&key)).unwrap().rows, rows(&[(key.clone(), value(7, "newer"))]));
    assert_eq!(fake.log(), "rows1 digest2 rows1 rows2 rows3 mend1");
}

#[test]
fn damaged_rows_from_elsewhere_never_win() {
    let (fake, key) = (Fake::new("ooo"), key(1, 1));
    (1..=3).for_each(|number| fake.put(number, &key, &value(5, "x")));
    let mut bad = encode(&key, &value(9, "y")).to_vec();
    *bad.last_mut().unwrap() ^= 1;
    fake.set(2, |node| _ = node.rows.insert(key.clone(), bad.into()));
    // Its own digest and strip would fail on the replica; here it is asked for neither.
    fake.set(2, |node| node.reads = vec![Does::Lies, Does::Lies]);
    assert_eq!(quorum(&fake, one(&key)).unwrap().rows, rows(&[(key.clone(), value(5, "x"))]));
    assert!(!fake.log().contains("mend"));
}

#[test]
fn one_row_goes_to_each_partition_in_its_own_mutation() {
    let fake = Fake::new("oo");
    for partition in 1..=3 {
        fake.put(2, &key(partition, 1), &value(5, "x"));
    }
    let block = read_at(&fake, "2", Consistency::Quorum, all(100, false)).unwrap();
    assert_eq!(block.rows.len(), 3);
    assert_eq!(fake.log(), "rows1 digest2 rows1 rows2 mend1 mend1 mend1");
}

#[test]
fn a_stale_minority_never_wins_at_any_pair() {
    for stale in 1..=3 {
        for down in 1..=3 {
            let (fake, key) = (Fake::new("ooo"), key(1, 1));
            (1..=3).for_each(|number| fake.put(number, &key, &value(5, "old")));
            (1..=3).filter(|number| *number != stale).for_each(|number| fake.put(number, &key, &value(6, "new")));
            fake.set(down, |node| node.alive = false);
            let block = quorum(&fake, one(&key)).unwrap();
            assert_eq!(block.rows, rows(&[(key.clone(), value(6, "new"))]), "{stale} {down}");
        }
    }
}

#[test]
fn this_node_alone_is_enough_where_one_answer_is() {
    let fake = Fake::new("ooo/oo");
    let local =
        |replication: &str, level: Consistency| can_read_locally(&fake, &fake.keyspace(replication), Token(1), level);
    assert!(local("a3b2", Consistency::One));
    assert!(local("a3b2", Consistency::LocalOne));
    assert!(!local("a3b2", Consistency::LocalQuorum));
    assert!(local("a1b2", Consistency::LocalQuorum));
    assert!(!local("a1b1", Consistency::EachQuorum));
    assert!(local("1", Consistency::Quorum));
    assert!(local("local", Consistency::All));
    assert!(!local("3", Consistency::Serial));
    assert!(!local("3", Consistency::Any));
}
