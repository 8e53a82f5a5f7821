//! Statements about user types.

use super::Parser;
use crate::error::Error;
use crate::lexer::Kind;
use crate::statement::{AlterType, AlterTypeChange, CreateType, DropType, Name, TypeName};
use henge_model::DataType;

/// What Cassandra keeps for types of its own that it does not have.
const RESERVED: [&str; 6] = ["bitstring", "byte", "complex", "enum", "interval", "macaddr"];

impl Parser<'_> {
    /// Behind `CREATE TYPE`.
    pub(super) fn create_type(&mut self) -> Result<CreateType, Error> {
        let if_not_exists = self.if_not_exists()?;
        let quoted = self.names_in_quotes();
        let name = self.qualified_name("a type name")?;
        if !quoted && RESERVED.contains(&name.name.text.as_str()) {
            let message = format!("{} is kept for later and names no type; quote it to use it", name.name.text);
            return Err(Error::syntax(name.name.position, message));
        }
        if DataType::native(&name.name.text).is_some() {
            let message = format!("{} is a native type and names no other", name.name.text);
            return Err(Error::syntax(name.name.position, message));
        }
        self.expect_symbol("(")?;
        let mut fields = vec![self.field()?];
        while self.take_symbol(",") {
            // A comma with nothing behind it is none.
            if !self.at_symbol(",") && !self.at_symbol(")") {
                fields.push(self.field()?);
            }
        }
        self.expect_symbol(")")?;
        Ok(CreateType { name, if_not_exists, fields })
    }

    /// Whether the name that follows, behind its keyspace, stands in quotes.
    fn names_in_quotes(&self) -> bool {
        let mut ahead = *self;
        if ahead.following.is_symbol(".") {
            ahead.advance();
            ahead.advance();
        }
        ahead.token.kind == Kind::QuotedName
    }

    fn field(&mut self) -> Result<(Name, TypeName), Error> {
        Ok((self.name("a field")?, self.type_name()?))
    }

    /// Behind `ALTER TYPE`.
    pub(super) fn alter_type(&mut self) -> Result<AlterType, Error> {
        let if_exists = self.if_exists()?;
        let name = self.qualified_name("a type name")?;
        let position = self.position();
        Ok(AlterType { name, if_exists, position, change: self.type_change()? })
    }

    fn type_change(&mut self) -> Result<AlterTypeChange, Error> {
        if self.take_word("ADD") {
            let if_not_exists = self.if_not_exists()?;
            let (field, data_type) = self.field()?;
            Ok(AlterTypeChange::Add { if_not_exists, field, data_type })
        } else if self.take_word("RENAME") {
            let (if_exists, names) = self.renames("a field")?;
            Ok(AlterTypeChange::Rename { if_exists, names })
        } else if self.take_word("ALTER") {
            self.name("a field")?;
            self.expect_word("TYPE")?;
            self.type_name()?;
            Ok(AlterTypeChange::Retype)
        } else {
            Err(self.unexpected("ADD, RENAME or ALTER"))
        }
    }

    /// Behind `DROP TYPE`.
    pub(super) fn drop_type(&mut self) -> Result<DropType, Error> {
        Ok(DropType { if_exists: self.if_exists()?, name: self.qualified_name("a type name")? })
    }
}
