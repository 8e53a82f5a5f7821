//! Errors of JSON input.

use crate::limits;
use crate::literal;
use henge_model::DataType;
use std::borrow::Cow;

/// A text that is not JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JsonSyntaxError {
    #[error("unexpected end, expected {expected}")]
    End { expected: &'static str },
    #[error("unexpected character '{found}' at byte {at}, expected {expected}")]
    Character { found: char, at: usize, expected: &'static str },
    #[error("nested deeper than {} levels", limits::NESTING_MAX)]
    TooDeep,
    #[error("a number of more than {} digits", limits::DIGITS_MAX)]
    NumberTooLong,
}

/// A JSON value that is no value of the type that it is for. The words are Cassandra's; texts of values are cut off.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum JsonValueError {
    /// The JSON within a string.
    #[error("Error decoding JSON string: {0}")]
    Syntax(#[from] JsonSyntaxError),
    #[error("Expected {expected}, but got a {form}: {text}")]
    Form { expected: Cow<'static, str>, form: &'static str, text: String },
    #[error("Invalid null element in {collection}")]
    NullElement { collection: &'static str },
    #[error("Invalid null value in map")]
    NullInMap,
    #[error("List had incorrect size: expected {expected} but given {found}; {text}")]
    VectorSize { expected: u32, found: usize, text: String },
    #[error("Tuple contains extra items (expected {expected}): {text}")]
    TupleTooLong { expected: usize, text: String },
    #[error("Tuple is missing items (expected {expected}): {text}")]
    TupleTooShort { expected: usize, text: String },
    #[error("Unknown field '{field}' in value of user defined type {user_type}")]
    UnknownField { field: String, user_type: String },
    #[error("Value '{text}' is not a valid representation of a {data_type} value")]
    Representation { data_type: DataType, text: String },
    #[error(
        "Value '{text}' is not a valid blob representation: String representation of blob is missing 0x prefix: {text}"
    )]
    BlobPrefix { text: String },
    #[error("Value '{text}' is not a valid blob representation: cannot parse '{digits}' as hex bytes")]
    BlobDigits { text: String, digits: String },
    #[error("Unable to make boolean from '{text}'")]
    Boolean { text: String },
    #[error("Unknown timeuuid representation: {text}")]
    Timeuuid { text: String },
    #[error("'{text}' is not empty")]
    NotEmpty { text: String },
    /// A text that is no literal of the type.
    #[error("{}", literal::no_value(text, data_type))]
    Literal { data_type: DataType, text: String },
    /// Elements that do not make a collection.
    #[error("{0}")]
    Collection(String),
}
