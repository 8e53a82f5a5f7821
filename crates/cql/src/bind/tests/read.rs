//! Tests of the keys, key ranges and token ranges that a SELECT reads.

use super::*;
use crate::context::BoundValue;

#[test]
fn a_full_key_is_one_row_and_has_a_fast_path() {
    let plan = select("SELECT v FROM wide WHERE a = ? AND b = 'x' AND c = ? AND d = 4");
    let (a, c) = (int(1), int(3));
    let values = [BoundValue::Value(&a), BoundValue::Value(&c)];
    assert_eq!(plan.single_row_key(&values), Some(wide(1, "x", 3, 4)));
    assert_eq!(plan.single_row_key(&values[..1]), None);
    assert_eq!(plan.single_row_key(&[BoundValue::Null, values[1]]), None);
    assert_eq!(plan.single_row_key(&[BoundValue::Value(b"x"), values[1]]), None);
    let BoundSelect { reads: Reads::Partitions(reads), limit, .. } = plan.bind(&context(&values)).unwrap() else {
        panic!("one partition")
    };
    assert_eq!((&reads[0].keys, limit), (&KeyRange::One(wide(1, "x", 3, 4)), u32::MAX));
    assert_eq!(reads[0].token, reads[0].partition.token());
    assert_eq!(select("SELECT count(*) FROM kv WHERE k = 'a'").single_row_key(&[]), None);
    assert!(select("SELECT * FROM kv WHERE k = 'a' LIMIT 1").single_row_key(&[]).is_some());
    let limited = select("SELECT * FROM kv WHERE k = 'a' LIMIT ?");
    assert_eq!(limited.single_row_key(&[BoundValue::Value(&int(0))]), None);
    assert_eq!(select("SELECT * FROM wide WHERE a = 1 AND b = 'x'").single_row_key(&[]), None);
}

/// The rows that a WHERE clause reads, out of a few rows of one partition of `wide`.
fn rows_read(restriction: &str) -> Vec<(i32, i32)> {
    let reads = partitions(&format!("SELECT v FROM wide WHERE a = 1 AND b = 'x' AND {restriction}"), &[]);
    let mut rows = Vec::new();
    for read in &reads {
        let mut here: Vec<(Key, (i32, i32))> = Vec::new();
        for c in -1..3 {
            for d in 0..3 {
                here.push((wide(1, "x", c, d), (c, d)));
            }
        }
        here.sort_by(|a, b| a.0.bytes().cmp(b.0.bytes()));
        let inside = |key: &Key| match &read.keys {
            KeyRange::One(one) => one == key,
            KeyRange::Many(_) => false,
            KeyRange::Run { start, end, .. } => key.bytes() >= &start[..] && key.bytes() < &end[..],
        };
        rows.extend(here.into_iter().filter(|(key, _)| inside(key)).map(|(_, row)| row));
    }
    rows
}

#[test]
fn slices_bound_the_run_in_either_order() {
    assert_eq!(rows_read("c > 1"), [(2, 2), (2, 1), (2, 0)]);
    assert_eq!(rows_read("c >= 0 AND c < 1"), [(0, 2), (0, 1), (0, 0)]);
    assert_eq!(rows_read("c = 1 AND d > 0"), [(1, 2), (1, 1)]);
    assert_eq!(rows_read("c = 1 AND d >= 1"), [(1, 2), (1, 1)]);
    assert_eq!(rows_read("c = 1 AND d < 2 AND d > 0"), [(1, 1)]);
    assert_eq!(rows_read("c = 1 AND d <= 1"), [(1, 1), (1, 0)]);
    assert_eq!(rows_read("c IN (2, -1) AND d = 1"), [(-1, 1), (2, 1)]);
    assert_eq!(rows_read("c IN (2, -1, 2) AND d < 1"), [(-1, 0), (2, 0)]);
    assert_eq!(rows_read("c = 1 AND d IN (0, 2)"), [(1, 2), (1, 0)]);
    assert_eq!(rows_read("(c, d) = (1, 2)"), [(1, 2)]);
    assert_eq!(rows_read("(c, d) IN ((2, 0), (0, 1))"), [(0, 1), (2, 0)]);
    assert_eq!(rows_read("(c) < (0)"), [(-1, 2), (-1, 1), (-1, 0)]);
    assert_eq!(rows_read("c > 1 AND c < 1"), []);
    assert_eq!(rows_read("c IN ()"), []);
}

#[test]
fn order_by_reads_backwards() {
    let text = "SELECT v FROM wide WHERE a = 1 AND b = 'x' AND c IN (1, 2) ORDER BY c DESC";
    let bound = select(text).bind(&context(&[])).unwrap();
    assert!(bound.reversed);
    let Reads::Partitions(reads) = bound.reads else { panic!("partitions") };
    assert_eq!(reads.len(), 2);
    let start = |read: &PartitionRead| match &read.keys {
        KeyRange::Run { start, reversed: true, .. } => start.clone(),
        other => panic!("{other:?}"),
    };
    assert!(start(&reads[0]) > start(&reads[1]));
    assert!(
        !select("SELECT v FROM wide WHERE a = 1 AND b = 'x' ORDER BY c, d DESC").bind(&context(&[])).unwrap().reversed
    );
    assert!(
        select("SELECT v FROM wide WHERE a = 1 AND b = 'x' AND c = 1 ORDER BY d ASC")
            .bind(&context(&[]))
            .unwrap()
            .reversed
    );
}

#[test]
fn partitions_of_in_come_once_in_the_order_of_their_values() {
    let keys = |reads: Vec<PartitionRead>| reads.iter().map(|r| r.partition.bytes().to_vec()).collect::<Vec<_>>();
    assert_eq!(keys(partitions("SELECT * FROM kv WHERE k IN ('c', 'a', 'c')", &[])), [b"a", b"c"]);
    let list = [0, 0, 0, 2, 0, 0, 0, 1, b'z', 0, 0, 0, 1, b'y'];
    assert_eq!(keys(partitions("SELECT * FROM kv WHERE k IN ?", &[BoundValue::Value(&list)])), [b"y", b"z"]);
    let plan = select("SELECT * FROM kv WHERE k IN ?");
    assert!(plan.bind(&context(&[BoundValue::Value(&list[..9])])).is_err());
    assert!(plan.bind(&context(&[BoundValue::Null])).is_err());
    let huge = "SELECT * FROM wide WHERE a IN ? AND b IN ?";
    let many: Vec<u8> = int(300).into_iter().chain((0..300).flat_map(|i| [int(4), int(i)].concat())).collect();
    let texts: Vec<u8> = int(300)
        .into_iter()
        .chain((0..300).flat_map(|i| [int(3).to_vec(), format!("{i:03}").into_bytes()].concat()))
        .collect();
    let e = select(huge).bind(&context(&[BoundValue::Value(&many), BoundValue::Value(&texts)])).unwrap_err();
    assert_eq!(e.to_string(), "IN restrictions come to more than 65536 keys");
}

#[test]
fn scans_are_runs_of_tokens() {
    let tokens =
        |restriction: &str| match select(&format!("SELECT k FROM kv {restriction}")).bind(&context(&[])).unwrap().reads
        {
            Reads::Scan { tokens, start_key, end_key } => {
                assert!(start_key < end_key);
                Some((tokens.start.0, tokens.end.0))
            }
            Reads::Partitions(none) => {
                assert!(none.is_empty());
                None
            }
        };
    assert_eq!(tokens(""), Some((i64::MIN, i64::MAX)));
    assert_eq!(tokens("WHERE token(k) > 5 AND token(k) <= 10"), Some((5, 10)));
    assert_eq!(tokens("WHERE token(k) >= 5 AND token(k) < 10"), Some((4, 9)));
    assert_eq!(tokens("WHERE token(k) = 5"), Some((4, 5)));
    assert_eq!(tokens("WHERE token(k) > 5 AND token(k) <= 5"), None);
    assert_eq!(tokens("WHERE token(k) > 10 AND token(k) <= 5"), None);
    assert_eq!(tokens("WHERE token(k) > 10 AND token(k) <= -9223372036854775808"), Some((10, i64::MAX)));
    assert_eq!(tokens("WHERE token(k) <= token('a')").unwrap().1, Token::from_key(b"a").0);
}

#[test]
fn limits_are_checked() {
    for (text, what) in [("LIMIT 0", "LIMIT"), ("LIMIT -1", "LIMIT"), ("PER PARTITION LIMIT 0", "PER PARTITION LIMIT")]
    {
        let plan = select(&format!("SELECT * FROM kv {text}"));
        assert_eq!(plan.bind(&context(&[])).unwrap_err().message, format!("{what} must be strictly positive"));
        let plan = select(&format!("SELECT * FROM kv WHERE k = 'a' {text}"));
        assert!(plan.single_row_key(&[]).is_none(), "{text}");
    }
    let plan = select("SELECT * FROM kv LIMIT ?");
    let limit = |value: BoundValue<'_>| plan.bind(&context(&[value])).map(|b| b.limit).map_err(|e| e.to_string());
    assert_eq!(limit(BoundValue::Value(&int(3))), Ok(3));
    assert_eq!(limit(BoundValue::Unset), Ok(u32::MAX));
    assert_eq!(limit(BoundValue::Value(&int(0))), Err("LIMIT must be strictly positive".to_owned()));
    assert_eq!(limit(BoundValue::Null), Err("Invalid null value of limit".to_owned()));
    assert_eq!(select("SELECT count(*) FROM kv LIMIT 1").bind(&context(&[])).unwrap().limit, u32::MAX);
}
