//! The merge operator: rows of one key, in whatever order and grouping RocksDB meets them.

use henge_model::merge_encoded;
use rocksdb::MergeOperands;
use std::cell::Cell;

/// Its name, which RocksDB records with its files but does not hold us to.
pub(crate) const MERGE_OPERATOR: &str = "henge.rows.1";

thread_local! {
    /// Operands of the largest merge on this thread since it was last cleared.
    static OPERANDS: Cell<usize> = const { Cell::new(0) };
}

/// Runs a read of one key and says how many operands it had to merge.
pub(crate) fn counting<T>(read: impl FnOnce() -> T) -> (T, usize) {
    OPERANDS.set(0);
    let result = read();
    (result, OPERANDS.get())
}

/// Everything there is of a key. A row that is alone is what was written, byte for byte.
pub(crate) fn full_merge(key: &[u8], existing: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    OPERANDS.set(OPERANDS.get().max(operands.len()));
    match (existing, operands.len()) {
        (None, 1) => operands.iter().next().map(<[u8]>::to_vec),
        _ => Some(merge_encoded(key, existing.into_iter().chain(operands.iter()))),
    }
}

/// Some of a key's operands. Merging is associative and commutative, so any of them may go first.
pub(crate) fn partial_merge(key: &[u8], _existing: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    Some(merge_encoded(key, operands.iter()))
}
