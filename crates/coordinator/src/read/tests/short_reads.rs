//! Answers that end at a limit, of rows or of bytes.

use super::{quorum, read_at};
use crate::Event;
use crate::fake::{Does, Fake, all, deleted_row, key, value};
use henge_base::Bytes;
use henge_model::{Consistency, RowBlock, RowView};

/// The numbers of a block's rows, dead ones in brackets.
fn numbers(block: &RowBlock) -> String {
    let shown = |(key, row): &(Bytes, Bytes)| {
        let live = RowView::parse(key, row).unwrap().is_live(crate::fake::NOW);
        if live { key[13].to_string() } else { format!("({})", key[13]) }
    };
    let mut shown: Vec<String> = block.rows.iter().map(shown).collect();
    shown.extend(block.more.then(|| "more".to_owned()));
    shown.join(" ")
}

/// Node 1 has rows that node 2 knows to be deleted, and node 2 has more live ones beyond.
fn short(fake: &Fake, stale: impl IntoIterator<Item = u8>, fresh: impl IntoIterator<Item = u8>) {
    for number in stale {
        fake.put(1, &key(1, number), &value(5, "x"));
        fake.put(2, &key(1, number), &deleted_row(6));
    }
    for number in fresh {
        fake.put(1, &key(1, number), &value(5, "x"));
        fake.put(2, &key(1, number), &value(5, "x"));
    }
}

#[test]
fn a_short_answer_is_read_on_until_the_limit_is_met() {
    let fake = Fake::new("ood");
    short(&fake, 1..=3, 4..=9);
    assert_eq!(numbers(&quorum(&fake, all(3, false)).unwrap()), "(1) (2) (3) 4 5 6 more");
    assert!(fake.events.lock().unwrap().contains(&Event::ShortRead));
    // Only what the answer says was mended.
    assert_eq!(fake.row(1, &key(1, 3)), Some(deleted_row(6)));
}

#[test]
fn a_short_answer_against_the_order() {
    let fake = Fake::new("ood");
    short(&fake, 7..=9, 1..=6);
    assert_eq!(numbers(&quorum(&fake, all(3, true)).unwrap()), "(9) (8) (7) 6 5 4 more");
    assert_eq!(numbers(&quorum(&fake, all(100, true)).unwrap()), "(9) (8) (7) 6 5 4 3 2 1");
}

#[test]
fn a_whole_table_of_deleted_rows_ends() {
    let fake = Fake::new("ood");
    short(&fake, 1..=40, []);
    let block = quorum(&fake, all(2, false)).unwrap();
    assert_eq!((block.rows.len(), block.more), (40, false));
}

#[test]
fn an_answer_ends_where_reading_on_fails() {
    let fake = Fake::new("ood");
    short(&fake, 1..=3, 4..=9);
    fake.set(1, |node| node.reads = vec![Does::Answers, Does::Answers, Does::NotSent]);
    assert_eq!(numbers(&quorum(&fake, all(3, false)).unwrap()), "(1) (2) (3) more");
}

#[test]
fn truncated_blocks_never_hide_or_resurrect_rows() {
    for (first, second) in [(2, 3), (3, 1), (1, 1), (2, 100)] {
        let fake = Fake::new("ood");
        short(&fake, 1..=4, 5..=9);
        fake.put(2, &key(2, 1), &value(5, "y"));
        fake.set(1, |node| node.block_rows = first);
        fake.set(2, |node| node.block_rows = second);
        let shown = numbers(&quorum(&fake, all(100, false)).unwrap());
        assert_eq!(shown, "(1) (2) (3) (4) 5 6 7 8 9 1", "{first} {second}");
    }
}

#[test]
fn truncated_rows_of_equal_replicas_are_no_difference() {
    let fake = Fake::new("oo");
    short(&fake, [], 1..=9);
    (1..=2).for_each(|number| fake.set(number, |node| node.block_rows = 4));
    assert_eq!(numbers(&read_at(&fake, "2", Consistency::All, all(6, false)).unwrap()), "1 2 3 4 5 6 more");
    assert!(!fake.events.lock().unwrap().contains(&Event::DigestMismatch));
    assert!(!fake.log().contains("mend"));
}

#[test]
fn an_agreed_answer_at_its_limit_says_that_more_may_follow() {
    let fake = Fake::new("ood");
    short(&fake, [], 1..=3);
    fake.put(2, &key(1, 4), &value(5, "beyond"));
    assert_eq!(numbers(&quorum(&fake, all(3, false)).unwrap()), "1 2 3 more");
    assert_eq!(numbers(&quorum(&fake, all(4, false)).unwrap()), "1 2 3 4 more");
}
