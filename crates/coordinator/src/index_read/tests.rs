use crate::fake::{DEADLINE, Does, Fake, all, deleted_row, encode, key, probing, settle, value};
use crate::{Read, ReadError, ReadPolicy, read};
use henge_base::Bytes;
use henge_model::{Consistency, ReadCommand, RowBlock};

fn ask(fake: &Fake, consistency: Consistency, command: ReadCommand) -> Result<RowBlock, ReadError> {
    let placed = fake.keyspace("3");
    settle(read(
        fake,
        Read { placed, command: command.into(), consistency, deadline: DEADLINE, policy: ReadPolicy::default() },
    ))
}

fn keys(block: &RowBlock) -> Vec<Bytes> {
    let live = |row: &Bytes| henge_model::RowView::parse_trusted(row).unwrap().is_live(crate::fake::NOW);
    block.rows.iter().filter(|(_, row)| live(row)).map(|(key, _)| key.clone()).collect()
}

#[test]
fn replicas_that_agree_are_asked_once() {
    let fake = Fake::new("ooo");
    for node in 1..=3 {
        fake.put(node, &key(1, 1), &value(1, "a"));
        fake.put(node, &key(1, 2), &value(1, "b"));
    }
    let block = ask(&fake, Consistency::Quorum, probing("a", 9)).unwrap();
    assert_eq!(block.rows, [(key(1, 1), encode(&key(1, 1), &value(1, "a")))]);
    assert_eq!(fake.log(), "rows1 rows2");
}

#[test]
fn a_stale_replica_shows_nothing_that_is_over() {
    let fake = Fake::new("ooo");
    fake.put(1, &key(1, 1), &value(1, "a"));
    for node in 2..=3 {
        fake.put(node, &key(1, 1), &value(2, "b"));
    }
    // What the stale one names is read again; the row that comes of it is not what is looked for, which the filter tells.
    let block = ask(&fake, Consistency::Quorum, probing("a", 9)).unwrap();
    assert_eq!(block.rows, [(key(1, 1), encode(&key(1, 1), &value(2, "b")))]);
    assert_eq!(fake.row(1, &key(1, 1)).unwrap().cells[0].timestamp, 2, "and mended on the way");
}

#[test]
fn what_one_replica_of_a_quorum_has_is_found() {
    let fake = Fake::new("ooo");
    fake.put(1, &key(1, 1), &value(1, "b"));
    fake.put(2, &key(1, 1), &value(2, "a"));
    fake.put(3, &key(1, 1), &value(2, "a"));
    assert_eq!(keys(&ask(&fake, Consistency::Quorum, probing("a", 9)).unwrap()), [key(1, 1)]);
}

#[test]
fn a_deletion_that_one_replica_lacks_holds() {
    let fake = Fake::new("ooo");
    fake.put(1, &key(1, 1), &value(1, "a"));
    fake.put(2, &key(1, 1), &deleted_row(5));
    assert_eq!(keys(&ask(&fake, Consistency::Quorum, probing("a", 9)).unwrap()), Vec::<Bytes>::new());
}

#[test]
fn pages_leave_nothing_out_and_go_on_from_their_last_row() {
    let fake = Fake::new("ooo");
    for row in 0..20 {
        // Each of two replicas lacks every third row.
        for node in 1..=2 {
            if row % 3 != node as u8 {
                fake.put(node, &key(1, row), &value(1, "a"));
            }
        }
    }
    let (mut command, mut found) = (probing("a", 4), Vec::new());
    loop {
        let block = ask(&fake, Consistency::Quorum, command.clone()).unwrap();
        assert!(keys(&block).len() <= 4);
        found.extend(keys(&block));
        let Some((last, _)) = block.rows.last().filter(|_| block.more) else { break };
        command = super::beyond(&command, last, 4).unwrap();
        command.limit = 4;
    }
    let expected: Vec<Bytes> = (0..20).map(|row| key(1, row)).collect();
    assert_eq!(found, expected);
}

#[test]
fn one_answer_is_enough_where_one_is_asked() {
    let fake = Fake::new("roo");
    fake.put(2, &key(1, 1), &value(1, "a"));
    assert_eq!(keys(&ask(&fake, Consistency::One, probing("a", 9)).unwrap()), [key(1, 1)]);
    assert_eq!(fake.log(), "rows1 rows2", "another one for the one that refused");
    fake.set(2, |node| node.reads = vec![Does::Lies]);
    let whole = ReadCommand { probe: probing("a", 9).probe, ..all(9, false) };
    assert!(ask(&fake, Consistency::All, whole).is_err(), "what is no row is no answer");
}
