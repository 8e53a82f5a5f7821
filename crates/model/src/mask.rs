//! Masks of columns: functions whose results are shown to roles without UNMASK in place of the values.

use crate::DataType;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A call of a system masking function with the column's value as its first argument. The result has the column's type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnMask {
    /// The function's name without its keyspace, such as `mask_inner`.
    pub function: String,
    /// The arguments after the column's value.
    pub arguments: Vec<MaskArgument>,
}

/// A constant argument of a mask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskArgument {
    /// The argument's type.
    pub data_type: DataType,
    /// The argument's native encoding; `None` is null.
    pub value: Option<Vec<u8>>,
}

impl fmt::Display for ColumnMask {
    /// The form of `MASKED WITH`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system.{}(", self.function)?;
        for (i, argument) in self.arguments.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{argument}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Display for MaskArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => f.write_str(&self.data_type.literal(value)),
            None => f.write_str("null"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_print_as_they_are_written() {
        let of = |data_type, value: Option<&[u8]>| MaskArgument { data_type, value: value.map(<[u8]>::to_vec) };
        let mask = |function: &str, arguments| ColumnMask { function: function.to_owned(), arguments };
        assert_eq!(mask("mask_default", vec![]).to_string(), "system.mask_default()");
        let arguments =
            vec![of(DataType::Int, Some(&[0, 0, 0, 1])), of(DataType::Int, None), of(DataType::Text, Some(b"it's"))];
        assert_eq!(mask("mask_inner", arguments).to_string(), "system.mask_inner(1, null, 'it''s')");
    }
}
