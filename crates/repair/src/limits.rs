//! Bounds of trees and messages.

/// Leading bits of a token that name a leaf, at least: 64 leaves, so that a bit map of them has a word.
pub const BITS_MIN: u8 = 6;
/// Leading bits of a token that name a leaf, at most: a million leaves.
pub const BITS_MAX: u8 = 20;
/// Rows in a leaf, on the average, before a table's trees get more leaves: what a single write makes to be read again.
pub const ROWS_PER_LEAF_MAX: u64 = 32;
/// Bits by which one step of a descent goes down at most: a subtree is cut into 256 at most.
pub(crate) const FAN_OUT_BITS: u8 = 8;
/// Sums in one answer, some 500 KiB.
pub const SUMS_MAX: usize = 16_384;
/// Rounds in which leaves that differ are asked for again: what was under way between two scans has arrived meanwhile.
pub(crate) const SETTLE_ROUNDS_MAX: u8 = 2;
/// Bytes of one page of a listing.
pub const LIST_BYTES_MAX: usize = 512 << 10;
/// Bytes of rows in one answer; the last row may go beyond.
pub const FETCH_BYTES_MAX: usize = 1 << 20;
/// Rows that are fetched and mended together.
pub(crate) const MEND_ROWS_MAX: usize = 512;
