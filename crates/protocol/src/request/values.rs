//! Values for bind markers.

use crate::primitive::{ReadNotation, put_short, put_string, put_value, short_count};
use crate::{ProtocolError, Version};
use henge_base::{Reader, count_steps};
use henge_model::BoundValue;
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// Values in the order of their markers, or by the markers' names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values<'a> {
    /// The values in the order sent.
    pub values: SmallVec<[BoundValue<'a>; 8]>,
    /// The name of each value; empty if values go by position.
    pub names: Vec<&'a str>,
}

impl<'a> Values<'a> {
    /// Values by position.
    pub fn positional(values: impl IntoIterator<Item = BoundValue<'a>>) -> Self {
        Values { values: values.into_iter().collect(), names: Vec::new() }
    }

    /// Values by name.
    pub fn with_names(values: impl IntoIterator<Item = (&'a str, BoundValue<'a>)>) -> Self {
        let (names, values) = values.into_iter().unzip();
        Values { values, names }
    }

    /// The values in the order of the statement's markers. Named values are looked up and surplus ones ignored; a
    /// marker without a value is an Invalid error. Binding checks the number of positional values, not this.
    pub fn order_by_markers<'m>(
        self,
        markers: impl IntoIterator<Item = &'m str>,
    ) -> Result<SmallVec<[BoundValue<'a>; 8]>, ProtocolError> {
        if self.names.is_empty() {
            return Ok(self.values);
        }
        let mut by_name = BTreeMap::new();
        for (name, value) in self.names.iter().zip(&self.values) {
            count_steps(1);
            by_name.entry(*name).or_insert(*value);
        }
        let value_of = |marker: &str| {
            count_steps(1);
            by_name.get(marker).copied()
        };
        let found = markers.into_iter().map(value_of).collect::<Option<SmallVec<_>>>();
        found.ok_or_else(|| ProtocolError::invalid("A bind variable has no value of its name"))
    }

    /// Reads `[short n]` and n values, each after its name if `named`.
    pub(super) fn decode(reader: &mut Reader<'a>, version: Version, named: bool) -> Result<Self, ProtocolError> {
        let mut values = Values::default();
        for _ in 0..reader.u16()? {
            if named {
                values.names.push(reader.string()?);
            }
            values.values.push(reader.value(version)?);
        }
        Ok(values)
    }

    pub(super) fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        put_values(&self.values, &self.names, version, out)
    }
}

/// Appends the values in the form that [`Values::decode`] reads.
pub(super) fn put_values(
    values: &[BoundValue<'_>],
    names: &[&str],
    version: Version,
    out: &mut Vec<u8>,
) -> Result<(), ProtocolError> {
    if version < Version::V4 && values.contains(&BoundValue::Unset) {
        return Err(ProtocolError::new("Protocol version 3 has no unset values"));
    }
    put_short(out, short_count(values.len(), "values")?);
    for (i, value) in values.iter().enumerate() {
        if let Some(name) = names.get(i) {
            put_string(out, name);
        }
        put_value(out, *value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_values_take_the_order_of_the_markers() {
        let (one, two) = (BoundValue::Value(b"1"), BoundValue::Value(b"2"));
        let values = Values::with_names([("b", two), ("a", one), ("surplus", BoundValue::Null)]);
        assert_eq!(values.clone().order_by_markers(["a", "b", "a"]).unwrap().as_slice(), [one, two, one]);
        assert_eq!(values.order_by_markers(["a", "missing"]).unwrap_err().code, crate::ErrorCode::Invalid);
        assert_eq!(Values::positional([two]).order_by_markers(["x"]).unwrap().as_slice(), [two]);
        let twice = Values::with_names([("a", one), ("a", two)]);
        assert_eq!(twice.order_by_markers(["a"]).unwrap().as_slice(), [one]);
    }

    #[test]
    fn values_by_name_take_steps_in_proportion() {
        let steps = |count: usize| {
            let names: Vec<String> = (0..count).map(|i| format!("n{i}")).collect();
            let values = Values::with_names(names.iter().map(|name| (name.as_str(), BoundValue::Null)));
            henge_base::steps_of(|| values.order_by_markers(names.iter().map(String::as_str)).unwrap())
        };
        assert!(steps(800) < 3 * steps(400), "{} {}", steps(400), steps(800));
    }
}
