//! Type names.

use super::Parser;
use crate::error::Error;
use crate::lexer::Kind;
use crate::limits;
use crate::statement::{Name, TypeName};

impl Parser<'_> {
    pub(super) fn type_name(&mut self) -> Result<TypeName, Error> {
        self.with_nesting(Self::type_name_inner)
    }

    fn type_name_inner(&mut self) -> Result<TypeName, Error> {
        if self.token.kind == Kind::String {
            let position = self.position();
            return Ok(TypeName::Custom(Name { text: self.string("a type")?, position }));
        }
        if self.following.is_symbol("<") && self.token.kind == Kind::Word {
            return self.parameterised_type();
        }
        let name = self.qualified_name("a type")?;
        Ok(TypeName::Named { keyspace: name.keyspace, name: name.name })
    }

    /// Parses `list<int>` and the like.
    fn parameterised_type(&mut self) -> Result<TypeName, Error> {
        let keyword = self.token.text.to_ascii_lowercase();
        if !["list", "set", "map", "tuple", "vector", "frozen"].contains(&keyword.as_str()) {
            return Err(self.unexpected_token("list, set, map, tuple, vector or frozen"));
        }
        self.advance();
        self.expect_symbol("<")?;
        let first = Box::new(self.type_name()?);
        let made = match keyword.as_str() {
            "list" => TypeName::List(first),
            "set" => TypeName::Set(first),
            "frozen" => TypeName::Frozen(first),
            "map" => {
                self.expect_symbol(",")?;
                TypeName::Map(first, Box::new(self.type_name()?))
            }
            "vector" => {
                self.expect_symbol(",")?;
                TypeName::Vector(first, self.dimension()?)
            }
            _ => {
                let mut fields = vec![*first];
                while self.take_symbol(",") {
                    fields.push(self.type_name()?);
                }
                TypeName::Tuple(fields)
            }
        };
        self.expect_symbol(">")?;
        Ok(made)
    }

    fn dimension(&mut self) -> Result<u32, Error> {
        let position = self.position();
        let negative = self.at_symbol("-") && self.following.kind == Kind::Integer;
        if self.token.kind != Kind::Integer && !negative {
            return Err(self.unexpected_token("the vector's dimension"));
        }
        if negative {
            self.advance();
        }
        let text = self.token.text;
        let dimension = self.advance().text.parse().unwrap_or(u32::MAX);
        if negative || dimension == 0 {
            let sign = if negative { "-" } else { "" };
            let message = format!("vectors may only have positive dimensions; given {sign}{text}");
            return Err(Error::invalid(message).at(position));
        }
        if dimension > limits::VECTOR_ELEMENTS_MAX {
            let message = format!("vectors may have a dimension between 1 and {}", limits::VECTOR_ELEMENTS_MAX);
            return Err(Error::invalid(message).at(position));
        }
        Ok(dimension)
    }
}
