//! `name = value AND ...` after WITH.

use super::Parser;
use crate::error::Error;
use crate::lexer::Kind;
use crate::literal::text_of;
use crate::statement::{Constant, Property, PropertyValue};
use std::collections::BTreeSet;

impl Parser<'_> {
    /// Parses `WITH a = 1 AND ...`.
    pub(super) fn with_properties(&mut self) -> Result<Vec<Property>, Error> {
        self.expect_word("WITH")?;
        let mut all = vec![self.property()?];
        while self.take_word("AND") {
            all.push(self.property()?);
        }
        Ok(all)
    }

    pub(super) fn property(&mut self) -> Result<Property, Error> {
        let name = self.name("an option")?;
        self.expect_symbol("=")?;
        let value = if self.at_symbol("{") {
            PropertyValue::Map(self.constant_map()?)
        } else {
            PropertyValue::Constant(self.property_constant()?)
        };
        Ok(Property { name, value })
    }

    /// Parses a literal, or a bare word as a string.
    fn property_constant(&mut self) -> Result<Constant, Error> {
        if let Some(constant) = self.word_constant() {
            return Ok(constant);
        }
        if self.token.kind == Kind::Word {
            return Ok(Constant::String(self.advance().text.to_ascii_lowercase()));
        }
        if self.at_symbol("?") || self.at_symbol(":") {
            return Err(Error::syntax(self.position(), "bind markers are not allowed here"));
        }
        self.signed_constant()
    }

    /// Parses a map of literals without duplicate keys. Bare words are not allowed.
    fn constant_map(&mut self) -> Result<Vec<(Constant, Constant)>, Error> {
        self.expect_symbol("{")?;
        if self.take_symbol("}") {
            return Ok(Vec::new());
        }
        let mut keys = BTreeSet::new();
        let entries = self.comma_separated(|p| {
            let position = p.position();
            let key = p.map_constant()?;
            if !keys.insert(text_of(&key)) {
                return Err(Error::syntax(position, format!("Multiple definition for property {}", text_of(&key))));
            }
            p.expect_symbol(":")?;
            Ok((key, p.map_constant()?))
        })?;
        self.expect_symbol("}")?;
        Ok(entries)
    }

    fn map_constant(&mut self) -> Result<Constant, Error> {
        match self.word_constant() {
            Some(constant) => Ok(constant),
            None if self.token.kind == Kind::Word => {
                Err(self.unexpected_token("a literal (text stands in single quotes)"))
            }
            None => self.signed_constant(),
        }
    }
}
