//! The largest sizes allowed.

/// Bytes of the longest partition key and of the longest clustering value, as in Cassandra, where a length has 16 bits.
pub const COMPONENT_BYTES_MAX: usize = u16::MAX as usize;

/// The most rows in one mutation; a longer one does not decode.
pub const MUTATION_ROWS_MAX: usize = 1 << 20;

/// Bytes of the longest varint or unscaled decimal that is turned into decimal digits (for keys, comparisons and
/// literals): the work grows with the square of the length. Longer ones are stored, but printed as blobs; a longer
/// decimal cannot be part of a key.
pub(crate) const NUMBER_BYTES_MAX: usize = 4096;
