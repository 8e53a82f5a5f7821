//! The differences between replicas: first the subtrees whose sums differ, then the rows. A subtree is the leaves with the same leading
//! bits, which are its number.

use crate::leaf::LeafSum;
use henge_base::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A row as a replica lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedRow {
    /// The key.
    pub key: Bytes,
    /// The hash of its content.
    pub hash: u128,
}

/// A page of a replica's rows in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPage {
    /// The rows.
    pub rows: Vec<ListedRow>,
    /// The end of the page: the first key that it does not cover; `None` if it covers all keys.
    pub until: Option<Bytes>,
}

/// The subtrees whose sums differ between replicas, of which each gives a list: ascending, without subtrees that hold no rows.
pub(crate) fn different_subtrees(replicas: &[Vec<(u32, LeafSum)>]) -> BTreeSet<u32> {
    let mut subtrees: BTreeMap<u32, (usize, LeafSum, bool)> = BTreeMap::new();
    for (subtree, sum) in replicas.iter().flatten() {
        let (count, first, is_same) = subtrees.entry(*subtree).or_insert((0, *sum, true));
        *count += 1;
        *is_same &= first == sum;
    }
    let differs = |(count, _, is_same): &(usize, LeafSum, bool)| *count != replicas.len() || !is_same;
    subtrees.into_iter().filter(|(_, found)| differs(found)).map(|(subtree, _)| subtree).collect()
}

/// A row that differs between replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DifferentRow {
    pub(crate) key: Bytes,
    /// The hash of the row at each replica; `None` where it is missing.
    pub(crate) hashes: Vec<Option<u128>>,
}

impl DifferentRow {
    /// One replica for each version of the row, from which that version is fetched.
    pub(crate) fn holder_of_each_version(&self) -> Vec<usize> {
        let mut versions = BTreeSet::new();
        let is_new = |(_, hash): &(usize, &Option<u128>)| hash.is_some_and(|hash| versions.insert(hash));
        self.hashes.iter().enumerate().filter(is_new).map(|(replica, _)| replica).collect()
    }
}

/// Compares pages that begin at the same key, as far as all of them reach. Gives the rows that differ, the number of rows compared, and
/// the key to go on from, which is the earliest end of a page.
pub(crate) fn different_rows(pages: Vec<ListPage>) -> (Vec<DifferentRow>, u64, Option<Bytes>) {
    let until = pages.iter().filter_map(|page| page.until.clone()).min();
    let replica_count = pages.len();
    let mut rows: BTreeMap<Bytes, Vec<Option<u128>>> = BTreeMap::new();
    for (replica, page) in pages.into_iter().enumerate() {
        let vouched = page.rows.into_iter().filter(|row| until.as_ref().is_none_or(|until| row.key < *until));
        for row in vouched {
            rows.entry(row.key).or_insert_with(|| vec![None; replica_count])[replica] = Some(row.hash);
        }
    }
    let compared = rows.len() as u64;
    let differs = |hashes: &Vec<Option<u128>>| hashes.iter().any(|hash| *hash != hashes[0]);
    let different = rows.into_iter().filter(|(_, hashes)| differs(hashes));
    (different.map(|(key, hashes)| DifferentRow { key, hashes }).collect(), compared, until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(sum: u128) -> LeafSum {
        LeafSum { sum, rows: 1 }
    }

    fn page(rows: &[(&'static str, u128)], until: Option<&'static str>) -> ListPage {
        let row =
            |(key, hash): &(&'static str, u128)| ListedRow { key: Bytes::from_static(key.as_bytes()), hash: *hash };
        let until = until.map(|key| Bytes::from_static(key.as_bytes()));
        ListPage { rows: rows.iter().map(row).collect(), until }
    }

    #[test]
    fn nodes_differ_by_their_sums_and_where_one_has_nothing() {
        let replicas = [vec![(1, sum(1)), (2, sum(2))], vec![(1, sum(1)), (2, sum(3))], vec![(1, sum(1)), (7, sum(1))]];
        assert_eq!(different_subtrees(&replicas).into_iter().collect::<Vec<_>>(), [2, 7]);
    }

    #[test]
    fn rows_are_compared_as_far_as_all_pages_vouch() {
        let pages = vec![
            page(&[("a", 1), ("b", 1), ("d", 1)], None),
            page(&[("a", 1), ("b", 2)], Some("c")),
            page(&[("a", 1), ("c", 5)], Some("e")),
        ];
        let (rows, compared, until) = different_rows(pages);
        assert_eq!((compared, until), (2, Some(Bytes::from_static(b"c"))));
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].hashes, [Some(1), Some(2), None]);
        assert_eq!(rows[0].holder_of_each_version(), [0, 1]);
    }
}
