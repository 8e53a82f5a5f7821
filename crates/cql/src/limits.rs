//! Every limit of the crate.

/// How deep terms, types and parentheses may nest.
pub(crate) const NESTING_MAX: usize = 64;
/// Bind markers in one statement: what the protocol can count.
pub(crate) const MARKERS_MAX: usize = 65_535;
/// Statements in one batch.
pub(crate) const BATCH_STATEMENTS_MAX: usize = 65_535;
/// Keys or runs of keys one statement may come to, after multiplying its INs.
pub(crate) const READS_MAX: usize = 65_536;
/// Characters of a keyspace's name.
pub(crate) const KEYSPACE_NAME_MAX: usize = 48;
/// Characters of a table's name.
pub(crate) const TABLE_NAME_MAX: usize = 222;
/// Longest TTL in seconds: twenty years.
pub(crate) const TTL_MAX: u32 = 630_720_000;
/// Tokens of one statement: the tree of a long text takes far more memory than the text, by the number of its tokens.
pub(crate) const TOKENS_MAX: usize = 2 << 20;
/// Elements of a vector.
pub(crate) const VECTOR_MAX: u32 = 8_192;
/// Fields of a user type: a field is named by its number in two bytes.
pub(crate) const FIELDS_MAX: usize = 32_767;
/// Digits of a decimal or varint literal, exponents included.
pub(crate) const DIGITS_MAX: usize = 10_000;
/// Digits of a decimal that arithmetic comes to; more are rounded away, as in Cassandra.
pub(crate) const DECIMAL_DIGITS_MAX: i64 = 10_000;
/// How far the exponents of decimals that are put together may lie apart: so many digits are written out.
pub(crate) const EXPONENT_GAP_MAX: i64 = 40_000;
/// Bytes of a varint or decimal that arithmetic takes and gives.
pub(crate) const NUMBER_BYTES_MAX: usize = 16_384;
/// Bytes of a text, list or the like that an expression puts together: as many as a frame may have by default.
pub(crate) const BUILT_BYTES_MAX: usize = 16 << 20;
/// Levels of a term: what walks it walks its own stack.
pub(crate) const TERM_HEIGHT_MAX: usize = 100;
