//! The limits of this crate.

/// Maximum nesting of terms, types and parentheses.
pub(crate) const NESTING_MAX: usize = 64;
/// Maximum bind markers in one statement: the protocol counts them in 16 bits.
pub(crate) const MARKERS_MAX: usize = 65_535;
/// Maximum statements in one batch.
pub(crate) const BATCH_STATEMENTS_MAX: usize = 65_535;
/// Maximum keys or key ranges of one statement, after multiplying its INs.
pub(crate) const READS_MAX: usize = 65_536;
/// Maximum characters of a keyspace's name.
pub(crate) const KEYSPACE_NAME_CHARS_MAX: usize = 48;
/// Maximum characters of a table's name.
pub(crate) const TABLE_NAME_CHARS_MAX: usize = 222;
/// Maximum time to live in seconds: twenty years.
pub(crate) const TTL_SECONDS_MAX: u32 = 630_720_000;
/// Maximum tokens of one statement. The tree takes far more memory than the text, in proportion to the tokens.
pub(crate) const TOKENS_MAX: usize = 2 << 20;
/// Maximum elements of a vector.
pub(crate) const VECTOR_ELEMENTS_MAX: u32 = 8_192;
/// Maximum fields of a user type: paths of cells hold the field's number in two bytes.
pub(crate) const FIELDS_MAX: usize = 32_767;
/// Maximum digits of a decimal or varint literal; in JSON, maximum bytes of a number.
pub(crate) const DIGITS_MAX: usize = 10_000;
/// Maximum digits of a decimal that arithmetic computes; further ones are rounded away, as in Cassandra.
pub(crate) const DECIMAL_DIGITS_MAX: i64 = 10_000;
/// Maximum difference between the exponents of two decimal operands: aligning them writes out that many digits.
pub(crate) const EXPONENT_GAP_MAX: i64 = 40_000;
/// Maximum argument of `exp`, so that the integer part of the result fits the digits of a decimal.
pub(crate) const EXP_ARGUMENT_MAX: u32 = 20_000;
/// Maximum bytes of a varint or decimal operand or result.
pub(crate) const NUMBER_BYTES_MAX: usize = 16_384;
/// Maximum bytes of a text, collection and the like that an expression builds: the default maximum of a frame.
pub(crate) const EXPRESSION_BYTES_MAX: usize = 16 << 20;
/// Maximum height of a term: functions that walk it recurse as deep.
pub(crate) const TERM_HEIGHT_MAX: usize = 100;
