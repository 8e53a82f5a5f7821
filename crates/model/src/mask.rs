//! What a column shows to those who may not see what is in it.

use crate::DataType;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A call of a masking function of the system, with the column's value in front. It gives a value of the column's type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnMask {
    /// The function's name: `mask_inner`.
    pub function: String,
    /// What follows the column's value.
    pub arguments: Vec<MaskArgument>,
}

/// A constant that a mask is called with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskArgument {
    /// Its type.
    pub data_type: DataType,
    /// Its bytes; `None` is null.
    pub value: Option<Vec<u8>>,
}

impl fmt::Display for ColumnMask {
    /// As in `MASKED WITH`.
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
