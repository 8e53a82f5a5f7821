use super::*;
use crate::fake::{encoded, key, value};

fn rows(keys: impl Iterator<Item = (u8, u8)>) -> Vec<(Bytes, Bytes)> {
    let row = |key: &Bytes| encoded(key, &value(1, "x"));
    keys.map(|(partition, number)| key(partition, number)).map(|key| (key.clone(), row(&key))).collect()
}

fn decoded(rows: Vec<(Bytes, Bytes)>) -> Vec<Mutation> {
    mutations(rows, 77).map(|bytes| Mutation::decode(bytes).unwrap()).collect()
}

#[test]
fn rows_go_by_partition_and_none_is_lost() {
    let rows = rows([(1, 1), (1, 2), (2, 1), (3, 1), (3, 2)].into_iter());
    let mutations = decoded(rows.clone());
    assert_eq!(mutations.iter().map(|m| m.rows.len()).collect::<Vec<_>>(), [2, 1, 2]);
    assert!(mutations.iter().all(|m| m.issued == 77));
    assert_eq!(mutations.into_iter().flat_map(|m| m.rows).collect::<Vec<_>>(), rows);
}

#[test]
fn a_large_partition_goes_in_several_parts() {
    let large = value(1, Box::leak("x".repeat(MEND_BYTES_MAX / 3).into_boxed_str()));
    let keys = (1..=5).map(|number| key(1, number));
    let rows: Vec<_> = keys.map(|key| (key.clone(), encoded(&key, &large))).collect();
    let mutations = decoded(rows.clone());
    assert_eq!(mutations.iter().map(|m| m.rows.len()).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(mutations.into_iter().flat_map(|m| m.rows).collect::<Vec<_>>(), rows);
}
