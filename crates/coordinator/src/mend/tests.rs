use super::*;
use crate::fake::{DEADLINE, Does, FIRST_STAMP, Fake, all, encode, key, one, probing, settle, value};
use crate::limits::MEND_BYTES_MAX;
use crate::{Read, ReadError, ReadPolicy, Refusal, read};
use henge_model::{Consistency, ReadCommand, RowBlock, WriteId};
use std::sync::atomic::Ordering;

fn rows(keys: impl Iterator<Item = (u8, u8)>) -> Vec<(Bytes, Bytes)> {
    let row = |key: &Bytes| encode(key, &value(1, "x"));
    keys.map(|(partition, number)| key(partition, number)).map(|key| (key.clone(), row(&key))).collect()
}

fn decode_mutations(rows: Vec<(Bytes, Bytes)>) -> Vec<Mutation> {
    mutations(rows, 77, MEND_BYTES_MAX).map(|bytes| Mutation::decode(bytes).unwrap()).collect()
}

#[test]
fn rows_go_by_partition_and_none_is_lost() {
    let rows = rows([(1, 1), (1, 2), (2, 1), (3, 1), (3, 2)].into_iter());
    let mutations = decode_mutations(rows.clone());
    assert_eq!(mutations.iter().map(|m| m.rows.len()).collect::<Vec<_>>(), [2, 1, 2]);
    assert!(mutations.iter().all(|m| m.id == WriteId::of_repair(77)));
    assert_eq!(mutations.into_iter().flat_map(|m| m.rows).collect::<Vec<_>>(), rows);
}

#[test]
fn a_large_partition_goes_in_several_parts() {
    let large = value(1, Box::leak("x".repeat(MEND_BYTES_MAX / 3).into_boxed_str()));
    let keys = (1..=5).map(|number| key(1, number));
    let rows: Vec<_> = keys.map(|key| (key.clone(), encode(&key, &large))).collect();
    let mutations = decode_mutations(rows.clone());
    assert_eq!(mutations.iter().map(|m| m.rows.len()).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(mutations.into_iter().flat_map(|m| m.rows).collect::<Vec<_>>(), rows);
}

/// Reads at a level of three replicas, each of which has purged: it refuses what was issued before this moment.
fn read_at(fake: &Fake, consistency: Consistency, command: ReadCommand) -> Result<RowBlock, ReadError> {
    (1..=3).for_each(|number| fake.set(number, |node| node.fence = FIRST_STAMP));
    let placed = fake.keyspace("3");
    settle(read(
        fake,
        Read { placed, command: command.into(), consistency, deadline: DEADLINE, policy: ReadPolicy::default() },
    ))
}

#[test]
fn replicas_that_have_purged_are_mended() {
    for command in [one(&key(1, 1)), all(9, false), all(9, true), probing("new", 9)] {
        for consistency in [Consistency::Two, Consistency::Quorum, Consistency::All] {
            let fake = Fake::new("ooo");
            (1..=3).for_each(|number| fake.put(number, &key(1, 1), &value(5, "old")));
            fake.put(2, &key(1, 1), &value(6, "new"));
            let block = read_at(&fake, consistency, command.clone()).unwrap();
            assert_eq!(block.rows, [(key(1, 1), encode(&key(1, 1), &value(6, "new")))], "{consistency} {command:?}");
            assert_eq!(fake.row(1, &key(1, 1)), Some(value(6, "new")), "{consistency} {command:?}");
        }
    }
}

#[test]
fn a_read_takes_a_stamp_only_to_mend() {
    let fake = Fake::new("ooo");
    (1..=3).for_each(|number| fake.put(number, &key(1, 1), &value(5, "x")));
    read_at(&fake, Consistency::All, one(&key(1, 1))).unwrap();
    assert_eq!(fake.stamp_count(), 0);
    fake.put(2, &key(1, 1), &value(6, "new"));
    read_at(&fake, Consistency::All, one(&key(1, 1))).unwrap();
    assert_eq!((fake.stamp_count(), fake.log().matches("mend").count()), (1, 2));
}

#[test]
fn a_mend_waits_for_the_clock_until_its_deadline() {
    for (late, mended) in [(3, true), (u64::MAX, false)] {
        let fake = Fake::new("ooo");
        fake.put(2, &key(1, 1), &value(6, "new"));
        fake.late_stamps.store(late, Ordering::Relaxed);
        let outcome = read_at(&fake, Consistency::Quorum, one(&key(1, 1)));
        let is_timeout = matches!(outcome, Err(ReadError::Timeout { received: 1, block_for: 2, .. }));
        assert_eq!((outcome.is_ok(), is_timeout), (mended, !mended), "{late}");
        assert_eq!(fake.row(1, &key(1, 1)).is_some(), mended, "nothing is sent without a stamp");
    }
}

#[test]
fn another_replica_stands_in_for_one_that_cannot_be_mended() {
    for mends in [Does::NotSent, Does::Refuses(Refusal::Full)] {
        let (fake, key) = (Fake::new("ooo"), key(1, 1));
        fake.put(2, &key, &value(6, "new"));
        fake.set(1, |node| node.mends = mends);
        let block = read_at(&fake, Consistency::Quorum, one(&key)).unwrap();
        assert_eq!(block.rows, [(key.clone(), encode(&key, &value(6, "new")))]);
        assert_eq!(fake.log(), "rows1 digest2 rows1 rows2 mend1 rows2 rows3 mend3");
        assert_eq!(fake.row(3, &key), Some(value(6, "new")), "a later quorum read must not see less");
        let all = read_at(&fake, Consistency::All, one(&key));
        assert!(
            matches!(all, Err(ReadError::Timeout { received: 2, block_for: 3, data_present: true, .. })),
            "{all:?}"
        );
    }
}
