//! The types, and where each may stand: a table with a column of it there is asked for.

use super::{SAMPLES, describe_types, prepare_if_valid, schema};

/// Places of a type in a table, each with a table that has it there.
const PLACES: [(&str, &str); 5] = [
    ("Column", "CREATE TABLE x (k int, c int, v TYPE, PRIMARY KEY (k, c))"),
    ("Static column", "CREATE TABLE x (k int, c int, v TYPE STATIC, PRIMARY KEY (k, c))"),
    ("Partition or clustering key", "CREATE TABLE x (p TYPE, c TYPE, PRIMARY KEY (p, c))"),
    (
        "In a list, a tuple, as a map's value",
        "CREATE TABLE x (k int PRIMARY KEY, l list<TYPE>, t tuple<TYPE>, m map<int, TYPE>)",
    ),
    ("In a set, as a map's key", "CREATE TABLE x (k int PRIMARY KEY, s set<TYPE>, m map<TYPE, int>)"),
];

#[test]
fn types_are_as_the_manual_says() {
    let schema = schema();
    let mut groups: Vec<([bool; 5], Vec<&str>)> = Vec::new();
    for sample in SAMPLES {
        let may = PLACES.map(|(_, text)| prepare_if_valid(&text.replace("TYPE", sample), &schema).is_some());
        match groups.iter_mut().find(|(other, _)| *other == may) {
            Some((_, samples)) => samples.push(sample),
            None => groups.push((may, vec![sample])),
        }
    }
    let lines = groups.iter().map(|(may, samples)| {
        let yes = |i: usize| if may[i] { "yes" } else { "no" }.to_owned();
        [describe_types(samples), yes(0), yes(1), yes(2), yes(3), yes(4)]
    });
    let [a, b, c, d, e] = PLACES.map(|(place, _)| place);
    henge_manual::compatibility("types", &henge_manual::table(["Type", a, b, c, d, e], lines));
}
