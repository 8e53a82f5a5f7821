//! The leaves of one replica: sums of what it holds of a table in some ranges, kept until they are stale.

use crate::leaf::{Leaf, LeafSum};
use crate::leaf_span::{ancestor, leaves_of, spans};
use crate::limits::{BITS_MAX, BITS_MIN, ROWS_PER_LEAF_MAX, SUMS_MAX};
use henge_model::TokenRange;
use std::collections::{BTreeMap, BTreeSet};

/// Leaves that are read in one go.
const RUN_LEAVES_MAX: u32 = 64;

/// The leading bits of tokens that a table with so many rows should have its leaves by.
pub fn bits_for(rows: u64) -> u8 {
    let leaves = (rows / ROWS_PER_LEAF_MAX).max(1);
    (leaves.ilog2() as u8 + 1).clamp(BITS_MIN, BITS_MAX)
}

/// The leaves. Memory is taken by those that hold rows, and by those that are stale.
#[derive(Debug)]
pub struct Tree {
    bits: u8,
    ranges: Vec<TokenRange>,
    purge_before: i64,
    leaves: BTreeMap<u32, Leaf>,
    stale: BTreeSet<u32>,
    root: LeafSum,
}

impl Tree {
    /// A tree over ranges that are ascending, disjoint and do not wrap. All leaves are stale.
    pub fn new(bits: u8, ranges: Vec<TokenRange>, purge_before: i64) -> Tree {
        let bits = bits.clamp(BITS_MIN, BITS_MAX);
        let stale = leaves_of(&ranges, bits).collect();
        Tree { bits, ranges, purge_before, leaves: BTreeMap::new(), stale, root: LeafSum::default() }
    }

    /// Leading bits that name a leaf.
    pub fn bits(&self) -> u8 {
        self.bits
    }

    /// The ranges.
    pub fn ranges(&self) -> &[TokenRange] {
        &self.ranges
    }

    /// Deletions and expiries from before this time (seconds) are left out.
    pub fn purge_before(&self) -> i64 {
        self.purge_before
    }

    /// Has a leaf read again, if it is one of the tree's.
    pub fn mark_stale(&mut self, leaf: u32) {
        if !spans(&self.ranges, leaf, leaf, self.bits).is_empty() {
            self.stale.insert(leaf);
        }
    }

    /// Leaves out deletions and expiries from before another time. Leaves whose sums this changes are read again.
    pub fn set_purge_before(&mut self, purge_before: i64) {
        if self.purge_before != purge_before {
            self.purge_before = purge_before;
            let changed = self.leaves.iter().filter(|(_, leaf)| !leaf.holds_for(purge_before));
            self.stale.extend(changed.map(|(leaf, _)| *leaf));
        }
    }

    /// The number of leaves to read again.
    pub fn stale_leaves(&self) -> usize {
        self.stale.len()
    }

    /// The first leaves to read again, as a run; they do not count as stale any more. Take the marks of writes before this.
    pub fn take_stale_run(&mut self) -> Option<(u32, u32)> {
        let first = self.stale.pop_first()?;
        let mut last = first;
        while last - first + 1 < RUN_LEAVES_MAX && self.stale.remove(&(last + 1)) {
            last += 1;
        }
        Some((first, last))
    }

    /// True if a leaf has to be read again; it does not count as stale any more.
    pub fn take_stale(&mut self, leaf: u32) -> bool {
        self.stale.remove(&leaf)
    }

    /// Has a run that could not be read counted as stale again.
    pub fn give_back(&mut self, (first, last): (u32, u32)) {
        self.stale.extend(first..=last);
    }

    /// Sets what was read of a run, left out of which are leaves without rows.
    pub fn set_run(&mut self, (first, last): (u32, u32), mut read: BTreeMap<u32, Leaf>) {
        for number in first..=last {
            let leaf = read.remove(&number).unwrap_or_default();
            let before = match leaf.is_empty() {
                true => self.leaves.remove(&number),
                false => self.leaves.insert(number, leaf),
            };
            self.root = self.root.without(before.unwrap_or_default().sum).and(leaf.sum);
        }
    }

    /// The sum over all leaves.
    pub fn root(&self) -> LeafSum {
        self.root
    }

    /// When the oldest deletion or expiry was, or will be, of those that count.
    pub fn oldest_kept(&self) -> i64 {
        self.leaves.values().map(Leaf::oldest_kept).min().unwrap_or(i64::MAX)
    }

    /// When the newest deletion or expiry was of those that are left out and still stored.
    pub fn newest_left_out(&self) -> i64 {
        self.leaves.values().map(Leaf::newest_left_out).max().unwrap_or(i64::MIN)
    }

    /// The sums of the subtrees of `bits` bits that lie in these subtrees of `above` bits, ascending, without those over no rows; at most
    /// [`SUMS_MAX`].
    pub fn sums(&self, parents: &[u32], above: u8, bits: u8) -> Vec<(u32, LeafSum)> {
        let bits = bits.min(self.bits);
        let mut sums: Vec<(u32, LeafSum)> = Vec::new();
        for parent in parents {
            if above > bits || (*parent >> above) != 0 {
                continue;
            }
            let first = u64::from(*parent) << (self.bits - above);
            let last = first + ((1 << (self.bits - above)) - 1);
            for (leaf, found) in self.leaves.range(first as u32..=last as u32) {
                let subtree = ancestor(*leaf, self.bits, bits);
                let count = sums.len();
                match sums.last_mut() {
                    Some((last, sum)) if *last == subtree => *sum = sum.and(found.sum),
                    _ if count < SUMS_MAX => sums.push((subtree, found.sum)),
                    _ => return sums,
                }
            }
        }
        sums.retain(|(_, sum)| *sum != LeafSum::default());
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_model::{StoredRowHash, Token};

    fn leaf(hash: u128, oldest_kept: i64, newest_left_out: i64) -> Leaf {
        let mut leaf = Leaf::default();
        leaf.add(StoredRowHash { hash, oldest_kept, newest_left_out });
        leaf
    }

    fn full() -> Vec<TokenRange> {
        TokenRange::FULL.split_at_wrap().collect()
    }

    fn fill(tree: &mut Tree, mut of: impl FnMut(u32) -> Option<Leaf>) {
        while let Some((first, last)) = tree.take_stale_run() {
            let read = (first..=last).filter_map(|number| Some((number, of(number)?))).collect();
            tree.set_run((first, last), read);
        }
    }

    #[test]
    fn more_rows_get_more_leaves() {
        assert_eq!([0, 64, 4_096, 8_192, 10_000_000, u64::MAX].map(bits_for), [6, 6, 8, 9, 19, 20]);
    }

    #[test]
    fn sums_at_every_level_add_up_to_the_root() {
        let mut tree = Tree::new(12, full(), 0);
        fill(&mut tree, |number| (number % 7 == 0).then(|| leaf(u128::from(number) << 100 | 1, i64::MAX, i64::MIN)));
        assert_eq!((tree.stale_leaves(), tree.root().rows), (0, 4_096 / 7 + 1));
        let add = |sums: Vec<(u32, LeafSum)>| sums.into_iter().fold(LeafSum::default(), |sum, (_, next)| sum.and(next));
        assert_eq!(add(tree.sums(&[0], 0, 8)), tree.root());
        let all: Vec<u32> = (0..256).collect();
        assert_eq!(add(tree.sums(&all, 8, 12)), tree.root());
        assert_eq!(tree.sums(&[1], 8, 12).iter().map(|(leaf, _)| *leaf).collect::<Vec<_>>(), [21, 28]);
        assert_eq!(tree.sums(&[256, 1 << 20], 8, 12), [], "no such subtrees");
    }

    #[test]
    fn only_what_changed_is_read_again() {
        let mut tree = Tree::new(8, vec![TokenRange { start: Token(0), end: Token(i64::MAX) }], 10);
        assert_eq!(tree.stale_leaves(), 128);
        fill(&mut tree, |number| Some(leaf(1, if number == 200 { 30 } else { i64::MAX }, i64::MIN)));
        let before = tree.root();
        tree.mark_stale(3);
        assert_eq!(tree.stale_leaves(), 0, "no leaf of these ranges");
        tree.mark_stale(140);
        tree.set_purge_before(31);
        assert_eq!((tree.oldest_kept(), tree.stale_leaves()), (30, 2));
        fill(&mut tree, |number| (number == 200).then(|| leaf(0, i64::MAX, 30)));
        assert_eq!(tree.root().rows, before.rows - 2);
        assert_eq!((tree.oldest_kept(), tree.newest_left_out()), (i64::MAX, 30));
    }
}
