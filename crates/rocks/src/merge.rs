//! The merge operator: merges the rows of one key in any order and grouping that RocksDB chooses.

use henge_model::merge_encoded;
use rocksdb::MergeOperands;
use std::cell::Cell;

/// The merge operator's name. RocksDB records it with its files but does not check it.
pub(crate) const MERGE_OPERATOR: &str = "henge.rows.1";

thread_local! {
    /// The number of operands of the largest merge on this thread since it was last reset.
    static OPERANDS: Cell<usize> = const { Cell::new(0) };
}

/// Runs a read of one key and returns the number of operands that it merged.
pub(crate) fn count_operands<T>(read: impl FnOnce() -> T) -> (T, usize) {
    OPERANDS.set(0);
    let result = read();
    (result, OPERANDS.get())
}

/// Merges all operands of a key. A single row is returned as it was written, byte for byte.
pub(crate) fn full_merge(key: &[u8], existing: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    OPERANDS.set(OPERANDS.get().max(operands.len()));
    match (existing, operands.len()) {
        (None, 1) => operands.iter().next().map(<[u8]>::to_vec),
        _ => Some(merge_encoded(key, existing.into_iter().chain(operands.iter()))),
    }
}

/// Merges some operands of a key. Merging is associative and commutative, so any of them may be merged first.
pub(crate) fn partial_merge(key: &[u8], _existing: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    Some(merge_encoded(key, operands.iter()))
}
