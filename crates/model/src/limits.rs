//! How large things may be.

/// The longest partition key and the longest clustering value, in bytes.
pub const MAX_COMPONENT: usize = u16::MAX as usize;

/// The most rows in one mutation.
pub const MAX_MUTATION_ROWS: usize = 1 << 20;

/// The longest varint or unscaled decimal that is turned into decimal digits (for keys, comparisons and literals), in bytes: the work
/// grows with the square of the length. Longer ones are stored, but printed as blobs; a longer decimal cannot stand in a key.
pub(crate) const MAX_NUMBER_BYTES: usize = 4096;
