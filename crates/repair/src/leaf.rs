//! The sum over the rows of one leaf.

use henge_model::StoredRowHash;
use serde::{Deserialize, Serialize};

/// A sum of row hashes, whatever their order: equal wherever the same rows are, and only by chance elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafSum {
    /// The sum of the hashes, modulo 2^128.
    pub sum: u128,
    /// The number of rows, tombstones among them.
    pub rows: u64,
}

impl LeafSum {
    /// Both together.
    #[must_use]
    pub fn and(self, other: LeafSum) -> LeafSum {
        LeafSum { sum: self.sum.wrapping_add(other.sum), rows: self.rows.wrapping_add(other.rows) }
    }

    /// This one without a part of it.
    #[must_use]
    pub(crate) fn without(self, part: LeafSum) -> LeafSum {
        LeafSum { sum: self.sum.wrapping_sub(part.sum), rows: self.rows.wrapping_sub(part.rows) }
    }
}

/// A leaf's sum, and the times `purge_before` for which it is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The sum.
    pub sum: LeafSum,
    oldest_kept: i64,
    newest_left_out: i64,
}

impl Default for Leaf {
    fn default() -> Self {
        Leaf { sum: LeafSum::default(), oldest_kept: i64::MAX, newest_left_out: i64::MIN }
    }
}

impl Leaf {
    /// Adds a row.
    pub fn add(&mut self, row: StoredRowHash) {
        if row.hash != 0 {
            self.sum = self.sum.and(LeafSum { sum: row.hash, rows: 1 });
        }
        self.oldest_kept = self.oldest_kept.min(row.oldest_kept);
        self.newest_left_out = self.newest_left_out.max(row.newest_left_out);
    }

    /// True if the sum would be the same, had deletions and expiries before `purge_before` been left out.
    pub fn holds_for(&self, purge_before: i64) -> bool {
        self.newest_left_out < purge_before && purge_before <= self.oldest_kept
    }

    /// When the oldest deletion or expiry was, or will be, of those that count; [`i64::MAX`] if there is none.
    pub fn oldest_kept(&self) -> i64 {
        self.oldest_kept
    }

    /// When the newest deletion or expiry was of those that are left out and still stored; [`i64::MIN`] if there is none.
    pub fn newest_left_out(&self) -> i64 {
        self.newest_left_out
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Leaf::default()
    }
}
