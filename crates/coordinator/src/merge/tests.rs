use super::*;
use crate::fake::{all, deleted_row, encode, key, one, value};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn block(rows: &[(u8, i64)], more: bool) -> RowBlock {
    let row = |(number, timestamp): &(u8, i64)| {
        let key = key(1, *number);
        (key.clone(), encode(&key, &value(*timestamp, "x")))
    };
    RowBlock { rows: rows.iter().map(row).collect(), context: Vec::new(), more }
}

/// The numbers of the rows that are merged, with who lacks them; then why it stopped.
fn run(merge: &mut Merge) -> String {
    let mut out = String::new();
    loop {
        match merge.next() {
            Step::Row(merged) => out += &format!("{}{:?} ", merged.key[13], merged.lacking.as_slice()),
            Step::Starved(who) => return out + &format!("starved {:?}", who.as_slice()),
            Step::End => return out + "end",
        }
    }
}

fn merge(command: &ReadCommand, blocks: &[RowBlock]) -> String {
    run(&mut Merge::new(command, blocks.iter().cloned()))
}

#[test]
fn rows_of_all_come_in_order_with_who_lacks_them() {
    let blocks = [block(&[(1, 5), (3, 5)], false), block(&[(1, 4), (2, 5), (3, 5)], false)];
    assert_eq!(merge(&all(100, false), &blocks), "1[1] 2[0] 3[] end");
}

#[test]
fn nothing_is_said_beyond_the_key_where_a_replica_stopped() {
    let blocks = [block(&[(1, 5), (2, 5)], true), block(&[(1, 5), (3, 5), (4, 5)], false)];
    assert_eq!(merge(&all(100, false), &blocks), "1[] 2[1] starved [0]");
    let both = [block(&[(1, 5), (2, 5)], true), block(&[(1, 5), (2, 5)], true)];
    assert_eq!(merge(&all(100, false), &both), "1[] 2[] starved [0, 1]");
}

#[test]
fn against_the_order_the_largest_last_key_is_the_limit() {
    let blocks = [block(&[(9, 5), (5, 5)], true), block(&[(9, 5), (7, 5), (3, 5)], true)];
    assert_eq!(merge(&all(100, true), &blocks), "9[] 7[0] 5[1] starved [0]");
}

#[test]
fn a_replica_at_its_limit_has_stopped_even_if_it_does_not_say_so() {
    let blocks = [block(&[(1, 5), (2, 5)], false), block(&[(3, 5)], false)];
    assert_eq!(merge(&all(2, false), &blocks), "1[1] 2[1] starved [0]");
    let (key, row) = block(&[(1, 5)], true).rows.remove(0);
    let single = RowBlock { rows: vec![(key.clone(), row)], context: Vec::new(), more: true };
    assert_eq!(merge(&one(&key), &[single, RowBlock::default()]), "1[1] end");
}

#[test]
fn what_was_asked_for_beyond_goes_on() {
    let command = all(100, false);
    let blocks = [block(&[(1, 5), (2, 5)], true), block(&[(1, 5), (3, 5), (5, 5)], false)];
    let mut merge = Merge::new(&command, blocks.into_iter());
    assert_eq!(run(&mut merge), "1[] 2[1] starved [0]");
    assert_eq!(merge.last(0), &key(1, 2));
    assert!(merge.has_more());
    merge.feed(0, block(&[(4, 5)], false), 100);
    assert_eq!(run(&mut merge), "3[0] 4[1] 5[0] end");
    assert!(!merge.has_more());
}

#[test]
fn a_deletion_wins_over_what_is_older_and_is_not_live() {
    let key = key(1, 1);
    let old = RowBlock { rows: vec![(key.clone(), encode(&key, &value(5, "x")))], context: Vec::new(), more: false };
    let gone = RowBlock { rows: vec![(key.clone(), encode(&key, &deleted_row(6)))], context: Vec::new(), more: false };
    let mut merge = Merge::new(&one(&key), [old, gone].into_iter());
    let Step::Row(merged) = merge.next() else { panic!("there is a row") };
    assert!(!merged.live);
    assert_eq!(merged.row, encode(&key, &deleted_row(6)));
    assert_eq!(merged.lacking.as_slice(), [0]);
}

proptest! {
    /// However the replicas' answers are cut, feeding them on gives the union of all, in order.
    #[test]
    fn cut_answers_merge_to_the_union(
        replicas in prop::collection::vec(prop::collection::btree_map(0u8..12, 1i64..4, 0..8), 1..4),
        most in 1usize..5,
        reversed: bool,
    ) {
        let answer = |replica: &BTreeMap<u8, i64>, beyond: Option<u8>| {
            let mut rows: Vec<(u8, i64)> = replica.iter().map(|(number, timestamp)| (*number, *timestamp)).collect();
            if reversed {
                rows.reverse();
            }
            rows.retain(|(number, _)| beyond.is_none_or(|last| if reversed { *number < last } else { *number > last }));
            let more = rows.len() > most;
            rows.truncate(most);
            block(&rows, more)
        };
        let command = all(1_000, reversed);
        let mut merge = Merge::new(&command, replicas.iter().map(|replica| answer(replica, None)));
        let mut merged = Vec::new();
        loop {
            match merge.next() {
                Step::Row(row) => merged.push(row),
                Step::Starved(who) => {
                    for number in who {
                        let last = merge.last(number)[13];
                        merge.feed(number, answer(&replicas[number], Some(last)), 1_000);
                    }
                }
                Step::End => break,
            }
        }
        let mut union: BTreeMap<u8, i64> = BTreeMap::new();
        for (number, timestamp) in replicas.iter().flatten() {
            let newest = union.entry(*number).or_insert(0);
            *newest = (*newest).max(*timestamp);
        }
        let mut expected: Vec<(u8, i64)> = union.into_iter().collect();
        if reversed {
            expected.reverse();
        }
        let rows = |row: &MergedRow| (row.key.clone(), row.row.clone());
        prop_assert_eq!(merged.iter().map(rows).collect::<Vec<_>>(), block(&expected, false).rows);
        for row in &merged {
            let (number, newest) = *expected.iter().find(|(number, _)| *number == row.key[13]).unwrap();
            let lacks = |at: &usize| replicas[*at].get(&number) != Some(&newest);
            prop_assert_eq!(row.lacking.to_vec(), (0..replicas.len()).filter(lacks).collect::<Vec<_>>());
        }
    }
}
