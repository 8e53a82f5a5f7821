//! Placements that Cassandra 5.0.6 printed with `nodetool describering`, on four nodes in two datacentres and two
//! racks.

use super::{format_placement, members, simple, topology};
use crate::Ring;
use henge_model::Replication;

/// Parses `simple 2`, or `topology dc1 2 dc2 1`.
fn replication(line: &str) -> Replication {
    let words: Vec<&str> = line.split(' ').collect();
    match words[0] {
        "simple" => simple(words[1].parse().unwrap()),
        _ => topology(&words[1..].chunks(2).map(|pair| (pair[0], pair[1].parse().unwrap())).collect::<Vec<_>>()),
    }
}

#[test]
fn placements_are_those_of_cassandra() {
    let recorded = include_str!("recorded.txt");
    let (table, cases) = recorded.strip_prefix("members\n").unwrap().split_once("simple 1\n").unwrap();
    let ring = Ring::new(&members(table));
    let cases: Vec<&str> = std::iter::once("simple 1").chain(cases.lines()).collect();
    assert_eq!(cases.len(), 14);
    for case in cases.chunks(2) {
        assert_eq!(format_placement(&ring.place(&replication(case[0]))), case[1], "{}", case[0]);
    }
}
