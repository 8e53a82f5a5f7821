//! The options of WITH. Each is taken by name; those left over are unknown.

use crate::error::{Error, nearest};
use crate::literal::text_of;
use crate::statement::{Constant, Property, PropertyValue};
use std::collections::BTreeMap;
use std::str::FromStr;

/// The options that have not been taken yet.
pub(crate) struct Properties<'a> {
    left: Vec<&'a Property>,
    /// The names taken so far, for suggestions in error messages.
    known: Vec<&'static str>,
}

/// The names of all options of a statement.
pub(crate) fn names(all: &[Property]) -> Vec<String> {
    all.iter().map(|property| property.name.text.clone()).collect()
}

impl<'a> Properties<'a> {
    /// All options of a statement. A duplicate is refused.
    pub(crate) fn new(all: &'a [Property]) -> Result<Self, Error> {
        for (i, property) in all.iter().enumerate() {
            if all[..i].iter().any(|earlier| earlier.name.text == property.name.text) {
                let message = format!("Multiple definition for property '{}'", property.name.text);
                return Err(Error::syntax(property.name.position, message));
            }
        }
        Ok(Properties { left: all.iter().collect(), known: Vec::new() })
    }

    fn take(&mut self, name: &'static str) -> Option<&'a Property> {
        self.known.push(name);
        let place = self.left.iter().position(|p| p.name.text == name)?;
        Some(self.left.remove(place))
    }

    /// Takes a map of literals, with keys and values as text.
    pub(crate) fn map(&mut self, name: &'static str) -> Result<Option<BTreeMap<String, String>>, Error> {
        let Some(property) = self.take(name) else {
            return Ok(None);
        };
        let PropertyValue::Map(entries) = &property.value else {
            return Err(wrong(property, "It should be a map."));
        };
        Ok(Some(entries.iter().map(|(k, v)| (text_of(k), text_of(v))).collect()))
    }

    /// Takes a map, with its entries as literals.
    pub(crate) fn entries(&mut self, name: &'static str) -> Result<Option<&'a [(Constant, Constant)]>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Property { value: PropertyValue::Map(entries), .. }) => Ok(Some(entries)),
            Some(property) => Err(wrong(property, "It should be a map.")),
        }
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Property { value: PropertyValue::Constant(constant), .. }) => Ok(Some(text_of(constant))),
            Some(property) => Err(wrong(property, "It should be a string.")),
        }
    }

    /// Takes a number or a boolean.
    pub(crate) fn take_parsed<T: FromStr>(&mut self, name: &'static str, expected: &str) -> Result<Option<T>, Error> {
        let Some(property) = self.take(name) else {
            return Ok(None);
        };
        let text = match &property.value {
            PropertyValue::Constant(constant) => text_of(constant).to_ascii_lowercase(),
            PropertyValue::Map(_) => return Err(wrong(property, &format!("It should be {expected}."))),
        };
        text.parse().map(Some).map_err(|_| wrong(property, &format!("It should be {expected}, not '{text}'.")))
    }

    /// Refuses options that were not taken.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let Some(property) = self.left.first() else {
            return Ok(());
        };
        let message = format!("Unknown property '{}'", property.name.text);
        Err(Error::syntax(property.name.position, message).with_hint(nearest(&property.name.text, self.known)))
    }
}

fn wrong(property: &Property, expected: &str) -> Error {
    let message = format!("Invalid value for property '{}'. {expected}", property.name.text);
    Error::syntax(property.name.position, message)
}
