//! `name = value AND ...` behind WITH.

use super::Parser;
use crate::error::Error;
use crate::lexer::Kind;
use crate::statement::{Constant, Property, PropertyValue};

impl Parser<'_> {
    /// `WITH a = 1 AND ...`.
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

    /// A literal; a bare word stands for itself.
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

    fn constant_map(&mut self) -> Result<Vec<(Constant, Constant)>, Error> {
        self.expect_symbol("{")?;
        if self.take_symbol("}") {
            return Ok(Vec::new());
        }
        let entries = self.comma_separated(|p| {
            let key = p.property_constant()?;
            p.expect_symbol(":")?;
            Ok((key, p.property_constant()?))
        })?;
        self.expect_symbol("}")?;
        Ok(entries)
    }
}
