//! The merge operator: rows of one key, in whatever order and grouping RocksDB meets them.

use henge_model::merge_encoded;
use rocksdb::MergeOperands;

/// Its name, which RocksDB records with its files but does not hold us to.
pub(crate) const MERGE_OPERATOR: &str = "henge.rows.1";

/// Everything there is of a key. A row that is alone is what was written, byte for byte.
pub(crate) fn full_merge(key: &[u8], existing: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    match (existing, operands.len()) {
        (None, 1) => operands.iter().next().map(<[u8]>::to_vec),
        _ => Some(merge_encoded(key, existing.into_iter().chain(operands.iter()))),
    }
}

/// Some of a key's operands. Merging is associative and commutative, so any of them may go first.
pub(crate) fn partial_merge(key: &[u8], _existing: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    Some(merge_encoded(key, operands.iter()))
}
