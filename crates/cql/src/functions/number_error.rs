//! Failures of arithmetic on numbers. Cassandra's words are kept where it has any.

use crate::limits::{EXP_ARGUMENT_MAX, EXPONENT_GAP_MAX};
use henge_model::DataType;

/// A number that has no value of the type that is wanted, or an operation that has no result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum NumberError {
    #[error("a {data_type} of {bytes} bytes is more than arithmetic takes")]
    ArgumentTooLong { data_type: DataType, bytes: usize },
    #[error("the result has {bytes} bytes, more than arithmetic gives")]
    ResultTooLong { bytes: usize },
    #[error("A NaN cannot be converted into a decimal")]
    NanToDecimal,
    #[error("An infinite number cannot be converted into a decimal")]
    InfiniteToDecimal,
    #[error("{0} cannot be converted into a decimal")]
    NoDecimal(String),
    #[error("Overflow of the exponent")]
    ExponentOverflow,
    #[error("the exponents of the operands lie more than {EXPONENT_GAP_MAX} apart")]
    ExponentGap,
    /// Division of integers of up to 64 bits.
    #[error("/ by zero")]
    IntegerByZero,
    /// Division of varints and decimals, and the remainder of varints.
    #[error("BigInteger divide by zero")]
    DivisionByZero,
    /// The remainder of decimals.
    #[error("Division by zero")]
    RemainderByZero,
    #[error("the argument of exp is beyond {EXP_ARGUMENT_MAX}")]
    ExpArgument,
    #[error("Natural log of number zero or less")]
    LogArgument,
    #[error("Log10 of number zero or less")]
    Log10Argument,
}
