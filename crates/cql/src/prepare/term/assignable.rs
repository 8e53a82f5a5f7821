//! Assignability between types.

use crate::error::Error;
use henge_model::DataType;

/// Refuses a value of type `from` where `to` is required, unless it is assignable.
pub(crate) fn assignable(from: &DataType, to: &DataType, name: &str) -> Result<(), Error> {
    if is_assignable(from, to) {
        return Ok(());
    }
    Err(Error::invalid(format!("Type error: cannot assign a value of type {from} to {name} of type {to}")))
}

/// True if the bytes of every value of type `from` are also a value of type `to`.
pub(crate) fn is_assignable(from: &DataType, to: &DataType) -> bool {
    match (from.unfrozen(), to.unfrozen()) {
        (a, b) if a == b => true,
        (DataType::Ascii, DataType::Text) | (DataType::Timeuuid, DataType::Uuid) | (_, DataType::Blob) => true,
        (DataType::Int | DataType::Bigint | DataType::Timestamp, DataType::Varint) => true,
        (DataType::Int, DataType::Date) | (DataType::Bigint, DataType::Time) => true,
        (DataType::Timestamp, DataType::Bigint) => true,
        (DataType::Bigint, DataType::Timestamp) => true,
        _ => false,
    }
}
